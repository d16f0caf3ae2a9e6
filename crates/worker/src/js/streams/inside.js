/**
 * The few looks into a stream that the standard allows the platform and not programs. The only file that knows how the
 * vendored package stores its state.
 *
 * @module
 */

import { ReadableStream } from "stated:vendor/web-streams-polyfill";

/**
 * @param {unknown} value
 * @returns {value is ReadableStream<any>}
 */
export function isReadableStream(value) {
  return value instanceof ReadableStream && Object.hasOwn(value, "_readableStreamController");
}

/**
 * Whether anything was ever read from the stream, or it was cancelled.
 *
 * @param {ReadableStream<any>} stream
 * @returns {boolean}
 */
export function isDisturbed(stream) {
  return /** @type {any} */ (stream)._disturbed;
}

/**
 * Locks a stream for good and counts it as read: its content went somewhere else without passing through it.
 *
 * @param {ReadableStream<any>} stream
 */
export function markSpent(stream) {
  stream.getReader();
  /** @type {any} */ (stream)._disturbed = true;
}

/**
 * "readable", "closed", "errored" of a ReadableStream; "writable", "erroring" and the last two of a WritableStream.
 *
 * @param {object} stream
 * @returns {string}
 */
export function stateOf(stream) {
  return /** @type {any} */ (stream)._state;
}
