/**
 * A frame of a stack as an object.
 *
 * Source: https://v8.dev/docs/stack-trace-api
 *
 * @module
 */

/** A frame as `Error.prepareStackTrace` gets it. What only V8 knows of a frame is not there. */
export class CallSite {
  #text;
  #name;
  #file;
  #line;
  #column;
  #async;

  /** @param {string} frame */
  constructor(frame) {
    const [, isAsync, name, file, line, column] = /^ {4}at (async )?(?:(.*) \()?(.*?)(?::(\d+))?(?::(\d+))?\)?$/.exec(frame) ?? [];
    this.#text = frame.slice(7);
    this.#name = name ?? null;
    this.#file = file ?? null;
    this.#line = line === undefined ? null : Number(line);
    this.#column = column === undefined ? null : Number(column);
    this.#async = isAsync !== undefined;
  }

  getThis() {
    return undefined;
  }

  getTypeName() {
    return null;
  }

  getFunction() {
    return undefined;
  }

  getFunctionName() {
    return this.#name;
  }

  getMethodName() {
    return null;
  }

  getFileName() {
    return this.#file;
  }

  getScriptNameOrSourceURL() {
    return this.#file;
  }

  getScriptHash() {
    return "";
  }

  getLineNumber() {
    return this.#line;
  }

  getColumnNumber() {
    return this.#column;
  }

  getEnclosingLineNumber() {
    return this.#line;
  }

  getEnclosingColumnNumber() {
    return this.#column;
  }

  getPosition() {
    return 0;
  }

  getEvalOrigin() {
    return undefined;
  }

  getPromiseIndex() {
    return null;
  }

  isToplevel() {
    return true;
  }

  isEval() {
    return false;
  }

  isNative() {
    return false;
  }

  isConstructor() {
    return false;
  }

  isAsync() {
    return this.#async;
  }

  isPromiseAll() {
    return false;
  }

  toString() {
    return this.#text;
  }
}
