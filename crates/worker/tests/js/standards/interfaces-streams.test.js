/**
 * The interfaces of the Streams and Compression standards and of the Encoding standard's streams, as Web IDL defines what
 * their declarations mean.
 *
 * @module
 */

import { ByteLengthQueuingStrategy, CountQueuingStrategy, ReadableByteStreamController, ReadableStream,
  ReadableStreamBYOBReader, ReadableStreamBYOBRequest, ReadableStreamDefaultController, ReadableStreamDefaultReader,
  TextDecoderStream, TextEncoderStream, TransformStream, TransformStreamDefaultController, WritableStream,
  WritableStreamDefaultController, WritableStreamDefaultWriter } from "stated:streams";
import { assert, assertEquals, assertThrows, checksOfInterface, test } from "stated:test";

/** @type {[Function, import("../assertions.js").InterfaceShape][]} */
const interfaces = [
  [ReadableStream, { readonly: ["locked"], statics: { from: 1 }, promises: ["cancel", "pipeTo"],
    methods: { cancel: 0, getReader: 0, pipeThrough: 1, pipeTo: 1, tee: 0, values: 0 } }],
  [ReadableStreamDefaultReader, { length: 1, readonly: ["closed"], methods: { cancel: 0, read: 0, releaseLock: 0 },
    promises: ["closed", "cancel", "read"] }],
  // readAtLeast is of Workers.
  [ReadableStreamBYOBReader, { length: 1, readonly: ["closed"], promises: ["closed", "cancel", "read", "readAtLeast"],
    methods: { cancel: 0, read: 1, releaseLock: 0, readAtLeast: 2 } }],
  [ReadableStreamDefaultController, { readonly: ["desiredSize"], methods: { close: 0, enqueue: 0, error: 0 } }],
  [ReadableByteStreamController, { readonly: ["byobRequest", "desiredSize"], methods: { close: 0, enqueue: 1, error: 0 } }],
  [ReadableStreamBYOBRequest, { readonly: ["view"], methods: { respond: 1, respondWithNewView: 1 } }],
  [WritableStream, { readonly: ["locked"], methods: { abort: 0, close: 0, getWriter: 0 }, promises: ["abort", "close"] }],
  [WritableStreamDefaultWriter, { length: 1, readonly: ["closed", "desiredSize", "ready"],
    methods: { abort: 0, close: 0, releaseLock: 0, write: 0 }, promises: ["closed", "ready", "abort", "close", "write"] }],
  [WritableStreamDefaultController, { readonly: ["signal"], methods: { error: 0 } }],
  [TransformStream, { readonly: ["readable", "writable"] }],
  [TransformStreamDefaultController, { readonly: ["desiredSize"], methods: { enqueue: 0, error: 0, terminate: 0 } }],
  [ByteLengthQueuingStrategy, { length: 1, readonly: ["highWaterMark", "size"] }],
  [CountQueuingStrategy, { length: 1, readonly: ["highWaterMark", "size"] }],
  [TextEncoderStream, { readonly: ["encoding", "readable", "writable"] }],
  [TextDecoderStream, { readonly: ["encoding", "fatal", "ignoreBOM", "readable", "writable"] }],
];

for (const [Class, shape] of interfaces) {
  for (const [name, check] of checksOfInterface(Class, shape)) test(name, check);
}

test("the controllers and the BYOB request cannot be constructed", () => {
  for (const Class of [ReadableStreamDefaultController, ReadableByteStreamController, ReadableStreamBYOBRequest,
    WritableStreamDefaultController, TransformStreamDefaultController]) {
    assertThrows(() => new /** @type {any} */ (Class)(), TypeError);
    assertThrows(() => new /** @type {any} */ (Class)(new ReadableStream()), TypeError);
  }
});

test("readers and writers check what they are made for", () => {
  for (const Class of [ReadableStreamDefaultReader, ReadableStreamBYOBReader, WritableStreamDefaultWriter]) {
    for (const given of [[], [undefined], [null], [{}], [5], ["stream"], [Object.create(ReadableStream.prototype)]]) {
      assertThrows(() => new /** @type {any} */ (Class)(...given), TypeError);
    }
  }
  assertThrows(() => new /** @type {any} */ (ReadableStreamDefaultReader)(new WritableStream()), TypeError);
  assertThrows(() => new /** @type {any} */ (WritableStreamDefaultWriter)(new ReadableStream()), TypeError);
});

test("a readable stream's async iterator is its values method", () => {
  const descriptor = Object.getOwnPropertyDescriptor(ReadableStream.prototype, Symbol.asyncIterator);
  assert(descriptor?.value === ReadableStream.prototype.values);
  assertEquals([descriptor?.writable, descriptor?.enumerable, descriptor?.configurable], [true, false, true]);
});

test("the async iterators have one prototype, with next and return", () => {
  const iterator = new ReadableStream().values();
  const prototype = Object.getPrototypeOf(iterator);
  assert(Object.getPrototypeOf(new ReadableStream()[Symbol.asyncIterator]()) === prototype);
  assertEquals(Object.keys(prototype).sort(), ["next", "return"]);
  for (const [name, length] of /** @type {const} */ ([["next", 0], ["return", 1]])) {
    const { value, writable, enumerable, configurable } = /** @type {PropertyDescriptor} */ (Object.getOwnPropertyDescriptor(prototype, name));
    assertEquals([value.name, value.length, writable, enumerable, configurable], [name, length, true, true, true]);
  }
  assertEquals(Object.hasOwn(prototype, "constructor"), false);
});

test("the size functions of the strategies are the same for all instances and have no prototype", () => {
  const a = new ByteLengthQueuingStrategy({ highWaterMark: 1 });
  const b = new ByteLengthQueuingStrategy({ highWaterMark: 2 });
  assert(a.size === b.size);
  assertEquals([a.size.name, a.size.length, "prototype" in a.size], ["size", 1, false]);
  const c = new CountQueuingStrategy({ highWaterMark: 1 });
  assert(c.size === new CountQueuingStrategy({ highWaterMark: 2 }).size);
  assertEquals([c.size.name, c.size.length, "prototype" in c.size], ["size", 0, false]);
});

test("the size functions do not look at this", () => {
  const { size } = new ByteLengthQueuingStrategy({ highWaterMark: 1 });
  assertEquals([size.call(undefined, /** @type {any} */ ({ byteLength: 7 })), size(/** @type {any} */ ({}))], [7, undefined]);
  assertThrows(() => size(/** @type {any} */ (undefined)), TypeError);
  assertEquals(new CountQueuingStrategy({ highWaterMark: 1 }).size.call(null, "anything"), 1);
});

test("a strategy's highWaterMark is required and converted to a number without a check", () => {
  for (const Class of [ByteLengthQueuingStrategy, CountQueuingStrategy]) {
    for (const given of [[], [undefined], [null], [{}], [true], [{ highWaterMark: Symbol("x") }]]) {
      assertThrows(() => new /** @type {any} */ (Class)(...given), TypeError);
    }
    for (const [value, expected] of /** @type {[any, number][]} */ ([[-1, -1], ["5", 5], [NaN, NaN], [Infinity, Infinity], [null, 0], ["x", NaN]])) {
      assertEquals(new Class({ highWaterMark: value }).highWaterMark, expected);
    }
  }
});

test("a throwing highWaterMark getter comes through", () => {
  const error = new RangeError("from the getter");
  for (const Class of [ByteLengthQueuingStrategy, CountQueuingStrategy]) {
    assert(assertThrows(() => new Class({ get highWaterMark() { throw error; } })) === error);
  }
});
