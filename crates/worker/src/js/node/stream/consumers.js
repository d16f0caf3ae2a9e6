/**
 * `node:stream/consumers`: all of a stream at once. Takes Node's streams, the platform's, and any async iterable.
 *
 * @module
 */

import { Blob } from "stated:blob";
import { TextDecoder } from "stated:encoding";
import { Buffer } from "stated:node/buffer";

/** @param {any} stream */
async function bytes(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(typeof chunk === "string" ? Buffer.from(chunk) : viewOf(chunk));
  return Buffer.concat(chunks);
}

/** @param {any} chunk */
function viewOf(chunk) {
  return chunk instanceof ArrayBuffer ? new Uint8Array(chunk) : chunk;
}

/** @param {any} stream @returns {Promise<any>} */
export async function buffer(stream) {
  return bytes(stream);
}

/** @param {any} stream @returns {Promise<ArrayBuffer>} */
export async function arrayBuffer(stream) {
  return new Uint8Array(await bytes(stream)).buffer;
}

/** @param {any} stream */
export async function blob(stream) {
  return new Blob([await bytes(stream)]);
}

/** @param {any} stream @returns {Promise<string>} */
export async function text(stream) {
  const decoder = new TextDecoder();
  let read = "";
  for await (const chunk of stream) read += typeof chunk === "string" ? chunk : decoder.decode(viewOf(chunk), { stream: true });
  return read + decoder.decode();
}

/** @param {any} stream @returns {Promise<any>} */
export async function json(stream) {
  return JSON.parse(await text(stream));
}

export default { arrayBuffer, blob, buffer, json, text };
