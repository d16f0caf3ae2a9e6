/**
 * `node:_stream_duplex`: the old place of stream.Duplex.
 *
 * @module
 */

export { Duplex, Duplex as default } from "stated:node/stream";
