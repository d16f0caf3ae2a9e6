/**
 * `node:_stream_writable`: the old place of stream.Writable.
 *
 * @module
 */

export { Writable as default } from "stated:node/stream";
