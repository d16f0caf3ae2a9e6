/**
 * What V8 has around `stack` of errors, which libraries read and set: `Error.stackTraceLimit`, `Error.prepareStackTrace`,
 * `Error.captureStackTrace`, and which properties an error has of its own.
 *
 * Source: https://v8.dev/docs/stack-trace-api
 *
 * @module
 */

/** As many frames as V8 shows unless the program says otherwise. */
const FRAMES_SHOWN = 10;

const { apply, getOwnPropertyDescriptor, ownKeys } = Reflect;
const { defineProperty, getOwnPropertyNames } = Object;

/** Whether the program's function runs: what it reads meanwhile is text. */
let preparing = false;

/** @type {(value: unknown) => boolean} */
const isError = /** @type {any} */ (Error).isError ?? ((/** @type {unknown} */ value) => value instanceof Error);

/** What `Error.prepareStackTrace` made of an error's stack. @type {WeakMap<object, unknown>} */
const prepared = new WeakMap();

/**
 * Defines all of it.
 *
 * Differs: the limit counts when a stack is read, not when the error is made; what a frame belongs to is not known.
 */
export function defineStackTraces() {
  const native = getOwnPropertyDescriptor(Error.prototype, "stack");
  // Not where errors have their stacks themselves: there all of this is so already.
  if (native?.get === undefined) return;
  const read = native.get;
  const capture = /** @type {any} */ (Error).captureStackTrace;
  hidden("stackTraceLimit", FRAMES_SHOWN, true);
  hidden("captureStackTrace", {
    /** @param {any} object @param {Function} [above] */
    captureStackTrace(object, above) {
      // The text that an error begins with is the one it was made with.
      const heading = isError(object) ? parts(apply(read, object, []))[0] : `${headingOf(object)}\n`;
      capture(object, above);
      const { value } = /** @type {PropertyDescriptor} */ (getOwnPropertyDescriptor(object, "stack"));
      defineStack(object, shown(object, `${heading}${value}`));
    },
  }.captureStackTrace, false);
  defineProperty(Error.prototype, "stack", {
    /** @this {any} */
    get() {
      const stack = apply(read, this, []);
      if (typeof stack !== "string") return stack;
      if (prepared.has(this)) return prepared.get(this);
      const program = prepares();
      const result = shown(this, stack);
      if (program) prepared.set(this, result);
      return result;
    },
    /** @this {any} @param {unknown} value */
    set(value) {
      if (Object(this) !== this) throw new TypeError("Cannot set the stack of what is no object");
      defineStack(this, value);
    },
    enumerable: false,
    configurable: true,
  });
  replaceOwnKeys();
}

/** @param {string} name @param {unknown} value @param {boolean} enumerable */
function hidden(name, value, enumerable) {
  defineProperty(Error, name, { value, writable: true, enumerable, configurable: true });
}

/** @param {object} object @param {unknown} value */
function defineStack(object, value) {
  defineProperty(object, "stack", { value, writable: true, enumerable: false, configurable: true });
}

/** @param {any} object */
function headingOf(object) {
  const { name, message } = object;
  if (name === undefined && message === undefined) return "Error";
  return apply(Error.prototype.toString, object, []);
}

function prepares() {
  return !preparing && typeof (/** @type {any} */ (Error).prepareStackTrace) === "function";
}

/**
 * What a program sees as a stack.
 *
 * @param {object} error
 * @param {string} stack the engine's
 * @returns {unknown} text, unless the program prepares it
 */
function shown(error, stack) {
  const limit = /** @type {any} */ (Error).stackTraceLimit;
  const [heading, lines] = parts(stack);
  const frames = typeof limit === "number" ? lines.slice(0, Math.max(0, limit)) : lines;
  if (prepares()) {
    preparing = true;
    try {
      return /** @type {any} */ (Error).prepareStackTrace(error, frames.map((frame) => new CallSite(frame)));
    } finally {
      preparing = false;
    }
  }
  return `${heading}${frames.join("\n")}`.trimEnd();
}

/**
 * A stack's text before its frames, and the frames that are the program's.
 *
 * @param {unknown} stack
 * @returns {[string, string[]]}
 */
function parts(stack) {
  if (typeof stack !== "string") return ["", []];
  const start = stack.search(/^ {4}at /m);
  if (start === -1) return [stack === "" || stack.endsWith("\n") ? stack : `${stack}\n`, []];
  const lines = stack.slice(start).split("\n").filter((line) => line !== "" && !/(?: at |\()stated:/.test(line));
  return [stack.slice(0, start), lines.map(named)];
}

/** A frame with the name that V8 has for its function: none where the engine only describes where it was written. @param {string} frame */
function named(frame) {
  const [, begin, name, place] = /^( {4}at (?:async )?)(.*[/<].*) \((.*)\)$/.exec(frame) ?? [];
  if (name === undefined) return frame;
  const last = name.slice(name.lastIndexOf("/") + 1);
  return last === "" || last.includes("<") ? `${begin}${place}` : `${begin}${last} (${place})`;
}

/** A frame as `Error.prepareStackTrace` gets it. What only V8 knows of a frame is not there. */
class CallSite {
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

/** What this engine gives each error of its own. */
const notV8s = new Set(["fileName", "lineNumber", "columnNumber"]);

/**
 * Lets the functions that name an object's own properties say of an error what V8 says: programs copy errors by these
 * names, `JSON.stringify(error, Object.getOwnPropertyNames(error))`.
 */
function replaceOwnKeys() {
  const functions = {
    /** @param {any} object */
    getOwnPropertyNames(object) {
      const names = getOwnPropertyNames(object);
      return isError(object) ? asV8(names) : names;
    },
    /** @param {any} target */
    ownKeys(target) {
      const keys = ownKeys(target);
      return isError(target) ? asV8(keys) : keys;
    },
  };
  defineProperty(Object, "getOwnPropertyNames", { value: functions.getOwnPropertyNames, writable: true, enumerable: false, configurable: true });
  defineProperty(Reflect, "ownKeys", { value: functions.ownKeys, writable: true, enumerable: false, configurable: true });
}

/** @template {string | symbol} K @param {K[]} keys @returns {K[]} */
function asV8(keys) {
  const rest = keys.filter((key) => key !== "stack" && !notV8s.has(/** @type {string} */ (key)));
  return [/** @type {K} */ ("stack"), ...rest];
}
