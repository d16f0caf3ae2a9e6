/**
 * The few looks into a stream that the standard allows the platform and not programs. The only file that knows how the
 * vendored package stores its state.
 *
 * @module
 */

import * as vendored from "stated:vendor/web-streams-polyfill";

const { ReadableStream } = vendored;

/** The keys of the state that is looked at. The package's types do not have them: js/workers-streams.mjs adds them. */
const keys = /** @type {{ state: symbol, disturbed: symbol, readableController: symbol }} */ (/** @type {unknown} */ (vendored));

/**
 * @param {unknown} value
 * @returns {value is import("stated:vendor/web-streams-polyfill").ReadableStream<any>}
 */
export function isReadableStream(value) {
  return value instanceof ReadableStream && Object.hasOwn(value, keys.readableController);
}

/**
 * Whether anything was ever read from the stream, or it was cancelled.
 *
 * @param {import("stated:vendor/web-streams-polyfill").ReadableStream<any>} stream
 * @returns {boolean}
 */
export function isDisturbed(stream) {
  return /** @type {any} */ (stream)[keys.disturbed];
}

/**
 * Locks a stream for good and counts it as read: its content went somewhere else without passing through it.
 *
 * @param {import("stated:vendor/web-streams-polyfill").ReadableStream<any>} stream
 */
export function markSpent(stream) {
  stream.getReader();
  /** @type {any} */ (stream)[keys.disturbed] = true;
}

/**
 * "readable", "closed", "errored" of a ReadableStream; "writable", "erroring" and the last two of a WritableStream.
 *
 * @param {object} stream
 * @returns {string}
 */
export function stateOf(stream) {
  return /** @type {any} */ (stream)[keys.state];
}
