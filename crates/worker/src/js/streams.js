/**
 * The Streams standard and what Workers adds to it. The standard's classes are a vendored package (js/vendor.sh); the
 * additions are in streams/.
 *
 * @module
 */

import { addWorkersExtensions } from "stated:streams/extensions";

export { ByteLengthQueuingStrategy, CountQueuingStrategy, ReadableByteStreamController, ReadableStream,
  ReadableStreamBYOBReader, ReadableStreamBYOBRequest, ReadableStreamDefaultController, ReadableStreamDefaultReader,
  TransformStream, TransformStreamDefaultController, WritableStream, WritableStreamDefaultController,
  WritableStreamDefaultWriter } from "stated:vendor/web-streams-polyfill";
export { CompressionStream, DecompressionStream } from "stated:streams/compression";
export { FixedLengthStream, IdentityTransformStream, lengthOf } from "stated:streams/identity";
export { isDisturbed, isReadableStream, markSpent } from "stated:streams/inside";
export { TextDecoderStream, TextEncoderStream } from "stated:streams/text";

addWorkersExtensions();
