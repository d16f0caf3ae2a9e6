/**
 * `node:_stream_readable`: the old place of stream.Readable.
 *
 * @module
 */

export { Readable, Readable as default } from "stated:node/stream";
