/**
 * Values as bytes: what `storage.put`, RPC, `structuredClone` and WebSocket attachments have in common.
 *
 * The format is V8's structured-clone wire format (wire-format.js), so a database written by workerd is read value by
 * value and the other way round. The rules that differ between uses are parameters here; the format itself is in
 * wire-writer.js and wire-reader.js.
 *
 * @module
 */

import { malformed } from "stated:clone-errors";
import { Reader } from "stated:wire-reader";
import { Writer } from "stated:wire-writer";

export { structuredClone } from "stated:structured-clone";

/**
 * The writer and the reader that are reused. They are taken while in use: a getter of the value being written, or a setter
 * that the program put on Object.prototype, may serialize, too.
 *
 * @type {Writer | null}
 */
let idleWriter = new Writer();
/** @type {Reader | null} */
let idleReader = new Reader();

/**
 * Returns the serialized form of a value, header included.
 *
 * Instances of the program's classes lose their prototype. Throws a DataCloneError for what cannot be serialized, and
 * whatever a getter of the value throws.
 *
 * @param {unknown} value
 * @param {{ forStorage?: boolean, forErrors?: boolean, forAttachment?: boolean }} [options] what the bytes are for; `forErrors`
 *   leaves out error stacks
 * @returns {Uint8Array}
 *
 * Source: https://developers.cloudflare.com/workers/runtime-apis/rpc/ and V8's value-serializer.
 */
export function serialize(value, options) {
  const writer = begin();
  writer.plainInstances = true;
  writer.errorStacks = options?.forErrors !== true;
  writer.cloning = options?.forAttachment === true;
  return finish(writer, value);
}

/**
 * Serializes a value that may refer to functions, stubs and streams.
 *
 * @param {unknown} value
 * @param {any} message takes the references
 * @param {(writer: Writer) => void} end writes what follows the value
 * @returns {Uint8Array}
 */
export function serializeMessage(value, message, end) {
  const writer = begin();
  writer.plainInstances = false;
  writer.errorStacks = false;
  writer.message = message;
  return finish(writer, value, end);
}

/**
 * Serializes a value for storage that may hold stubs which can be made again.
 *
 * @param {unknown} value
 * @param {any} message says how they are written
 */
export function serializeForStorage(value, message) {
  const writer = begin();
  writer.plainInstances = true;
  writer.errorStacks = true;
  writer.message = message;
  return finish(writer, value);
}

/**
 * Serializes for a clone within the realm: buffers in `transferred` are written as their position in it. Shared buffers that
 * are found are added to it.
 *
 * @param {unknown} value
 * @param {Map<object, number>} transferred
 */
export function serializeForClone(value, transferred) {
  const writer = begin();
  writer.plainInstances = true;
  writer.errorStacks = true;
  writer.cloning = true;
  writer.transferred = transferred;
  return finish(writer, value);
}

/**
 * Returns the value that `serialize`, or V8, made the bytes from: a fresh copy each time.
 *
 * Throws an Error for bytes that no serializer writes. Bytes after the value are ignored.
 *
 * @param {Uint8Array} bytes
 * @param {readonly ArrayBuffer[]} [transferred] the buffers of `serializeForClone`, in order
 * @returns {any}
 */
export function deserialize(bytes, transferred) {
  return read(bytes, transferred, null);
}

/**
 * Returns the value that `serializeMessage` made the bytes from.
 *
 * @param {Uint8Array} bytes
 * @param {any} message what the references refer to
 * @param {(reader: Reader) => void} [end] reads what follows the value, if anything does
 * @returns {any}
 */
export function deserializeMessage(bytes, message, end = undefined) {
  return read(bytes, undefined, message, end);
}

/**
 * @param {Uint8Array} bytes
 * @param {readonly ArrayBuffer[] | undefined} transferred
 * @param {any} message
 * @param {(reader: Reader) => void} [end]
 */
function read(bytes, transferred, message, end = undefined) {
  const reader = idleReader ?? new Reader();
  idleReader = null;
  try {
    reader.begin(bytes, transferred);
    reader.message = message;
    const value = reader.readValue();
    if (!reader.atEnd) end?.(reader);
    return value;
  } catch (error) {
    throw isStackOverflow(error) ? malformed() : error;
  } finally {
    reader.reset();
    idleReader = reader;
  }
}

/** @returns {Writer} */
function begin() {
  const writer = idleWriter ?? new Writer();
  idleWriter = null;
  return writer;
}

/** @param {Writer} writer @param {unknown} value @param {(writer: Writer) => void} [end] */
function finish(writer, value, end = undefined) {
  try {
    writer.writeValue(value);
    end?.(writer);
    return writer.finish();
  } finally {
    writer.reset();
    idleWriter = writer;
  }
}

/**
 * The depth limit is reached first on a stack that is not already deep; this is for one that is.
 *
 * @param {any} error
 */
function isStackOverflow(error) {
  return error instanceof RangeError && error.message === "Maximum call stack size exceeded";
}
