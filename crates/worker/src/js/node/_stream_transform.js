/**
 * `node:_stream_transform`: the old place of stream.Transform.
 *
 * @module
 */

export { Transform, Transform as default } from "stated:node/stream";
