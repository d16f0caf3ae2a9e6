/**
 * `node:_stream_passthrough`: the old place of stream.PassThrough.
 *
 * @module
 */

export { PassThrough, PassThrough as default } from "stated:node/stream";
