/**
 * `node:_stream_writable`: the old place of stream.Writable.
 *
 * @module
 */

export { Writable, Writable as default } from "stated:node/stream";
