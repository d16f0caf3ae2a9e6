/**
 * What Workers adds to the standard's stream classes, what the vendored package has beyond it, and how they print.
 *
 * @module
 */

import { stateOf } from "stated:streams/inside";
import { ByteLengthQueuingStrategy, CountQueuingStrategy, ReadableByteStreamController, ReadableStream,
  ReadableStreamBYOBReader, ReadableStreamBYOBRequest, ReadableStreamDefaultController, ReadableStreamDefaultReader,
  TransformStream, TransformStreamDefaultController, WritableStream, WritableStreamDefaultController,
  WritableStreamDefaultWriter } from "stated:vendor/web-streams-polyfill";
import { badArgument, defineInspection } from "stated:webidl";

/** Runs once, when the streams are first imported. */
export function addWorkersExtensions() {
  addReadAtLeast();
  removeExtras();
  /** @type {[object, (self: any) => Record<string, unknown>][]} */
  const printed = [
    [ReadableStream.prototype, (self) => ({ locked: self.locked, "[state]": stateOf(self) })],
    [WritableStream.prototype, (self) => ({ locked: self.locked, "[state]": stateOf(self) })],
    [TransformStream.prototype, (self) => ({ readable: self.readable, writable: self.writable })],
    [ByteLengthQueuingStrategy.prototype, (self) => ({ highWaterMark: self.highWaterMark })],
    [CountQueuingStrategy.prototype, (self) => ({ highWaterMark: self.highWaterMark })],
    [WritableStreamDefaultController.prototype, (self) => ({ signal: self.signal })],
  ];
  for (const Class of [ReadableStreamDefaultController, ReadableByteStreamController, TransformStreamDefaultController]) {
    printed.push([Class.prototype, (self) => ({ desiredSize: self.desiredSize })]);
  }
  for (const Class of [ReadableStreamBYOBReader, ReadableStreamDefaultReader, ReadableStreamBYOBRequest,
    WritableStreamDefaultWriter]) {
    printed.push([Class.prototype, () => ({})]);
  }
  for (const [prototype, fields] of printed) defineInspection(prototype, fields);
}

function addReadAtLeast() {
  const { prototype } = ReadableStreamBYOBReader;
  const methods = {
    /**
     * Reads until at least `minimum` elements are there or the stream ends. What came before the end is read first, the
     * end with the next read.
     *
     * @this {ReadableStreamBYOBReader}
     * @param {number} minimum
     * @param {ArrayBufferView<ArrayBuffer>} view
     */
    async readAtLeast(minimum, view) {
      if (arguments.length < 1) throw badArgument("ReadableStreamBYOBReader", "readAtLeast", 1, "integer");
      if (!ArrayBuffer.isView(view)) throw badArgument("ReadableStreamBYOBReader", "readAtLeast", 2, "ArrayBufferView");
      const result = await this.read(/** @type {Uint8Array<ArrayBuffer>} */ (view), { min: Number(minimum) });
      return result.done && result.value !== undefined && result.value.byteLength > 0 ? { ...result, done: false } : result;
    },
  };
  Object.defineProperty(prototype, "readAtLeast", {
    value: methods.readAtLeast, writable: true, enumerable: true, configurable: true,
  });
}

/** Takes away what the standard does not have: it would show in a `for … in`, and in tests for features. */
function removeExtras() {
  delete (/** @type {any} */ (WritableStreamDefaultController.prototype).abortReason);
}
