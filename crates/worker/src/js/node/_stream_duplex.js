/**
 * `node:_stream_duplex`: the old place of stream.Duplex.
 *
 * @module
 */

export { Duplex as default } from "stated:node/stream";
