import { Buffer } from "stated:node/buffer";
import { Readable } from "stated:node/stream";
import { pipeline } from "stated:node/stream/promises";
import { promisify } from "stated:node/util";
import zlib, { constants, crc32, createGunzip, createGzip } from "stated:node/zlib";
import { assert, assertEquals, assertRejects, assertThrows, test } from "stated:test";

const text = "to be or not to be, that is the question. ".repeat(500);
const pairs = [["deflate", "inflate"], ["deflateRaw", "inflateRaw"], ["gzip", "gunzip"], ["gzip", "unzip"], ["deflate", "unzip"],
  ["brotliCompress", "brotliDecompress"]];

/** Everything that a stream gives when these chunks are written and it is ended. */
async function through(stream, ...chunks) {
  const output = [];
  stream.on("data", (piece) => output.push(piece));
  const ended = new Promise((resolve, reject) => {
    stream.on("end", resolve);
    stream.on("error", reject);
  });
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await ended;
  return Buffer.concat(output);
}

/** Name, message, code and number of what a call throws. */
function failure(fn) {
  const error = assertThrows(fn);
  return [error.name, error.message, error.code, error.errno];
}

test("what was compressed comes back: at once, by callback, by promise and as a stream", async () => {
  for (const [compress, decompress] of pairs) {
    const small = zlib[`${compress}Sync`](text);
    assert(small.length < 1000, `${compress} ${small.length}`);
    assert(Buffer.isBuffer(small));
    assertEquals(zlib[`${decompress}Sync`](small).toString(), text, decompress);
    assertEquals((await promisify(zlib[decompress])(await promisify(zlib[compress])(text))).toString(), text, decompress);
    const name = (method) => `create${method[0].toUpperCase()}${method.slice(1)}`;
    const streamed = await through(zlib[name(compress)](), text.slice(0, 7), Buffer.from(text.slice(7)));
    const bytes = Array.from(streamed, (byte) => Buffer.of(byte));
    assertEquals((await through(zlib[name(decompress)](), ...bytes)).toString(), text, decompress);
  }
});

test("the formats are those of RFC 1950, 1951, 1952 and 7932", () => {
  const hex = (method, ...args) => zlib[method](...args).toString("hex");
  assertEquals([hex("deflateRawSync", ""), hex("deflateSync", ""), hex("gzipSync", "").slice(0, 8), hex("gzipSync", "").slice(20)],
    ["0300", "789c030000000001", "1f8b0800", "03000000000000000000"]);
  assertEquals(zlib.brotliDecompressSync(Buffer.from("0b028068656c6c6f03", "hex")).toString(), "hello");
  assertEquals(zlib.inflateRawSync(Buffer.from("cb48cdc9c90700", "hex")).toString(), "hello");
  assertEquals(zlib.gunzipSync(Buffer.from("1f8b0800000000000003cb48cdc9c9070086a6103605000000", "hex")).toString(), "hello");
});

test("input is a string or any buffer", () => {
  const bytes = new Uint8Array([104, 101, 108, 108, 111, 33]);
  for (const input of ["hello!", bytes, bytes.buffer, new DataView(bytes.buffer), new Uint16Array(bytes.buffer)]) {
    assertEquals(zlib.inflateSync(zlib.deflateSync(input)).toString(), "hello!");
  }
  assertEquals(zlib.inflateSync(zlib.deflateSync(bytes.subarray(1, 3))).toString(), "el");
});

test("options shape the result and its effort", () => {
  assertEquals(zlib.deflateSync("hello", { level: 0 }).toString("hex").slice(0, 14), "7801010500faff");
  const sizes = [0, 1, 9].map((level) => zlib.gzipSync(text, { level }).length);
  assert(sizes[0] > sizes[1] && sizes[1] >= sizes[2], sizes.join());
  for (const options of [{ strategy: constants.Z_HUFFMAN_ONLY }, { strategy: constants.Z_FIXED }, { memLevel: 1 }, { windowBits: 9 },
    { strategy: constants.Z_RLE, level: 3 }, { chunkSize: 64 }, { windowBits: 15, memLevel: 9, level: 9 }]) {
    assertEquals(zlib.inflateSync(zlib.deflateSync(text, options), { windowBits: options.windowBits }).toString(), text);
  }
  assertEquals(zlib.inflateRawSync(zlib.deflateRawSync(text, { windowBits: 8 })).toString(), text);
  const { BROTLI_PARAM_QUALITY: quality, BROTLI_PARAM_MODE: mode, BROTLI_PARAM_LGWIN: window, BROTLI_PARAM_SIZE_HINT: hint } = constants;
  for (const params of [{ [quality]: 0 }, { [quality]: 4, [mode]: constants.BROTLI_MODE_TEXT }, { [window]: 10, [hint]: text.length }]) {
    assertEquals(zlib.brotliDecompressSync(zlib.brotliCompressSync(text, { params })).toString(), text);
  }
});

test("a dictionary must be the same on both sides", () => {
  const dictionary = Buffer.from("hello");
  const small = zlib.deflateSync("hello", { dictionary });
  assertEquals(zlib.inflateSync(small, { dictionary }).toString(), "hello");
  assertEquals(zlib.unzipSync(small, { dictionary: new Uint8Array(dictionary).buffer }).toString(), "hello");
  assertEquals(failure(() => zlib.inflateSync(small)), ["Error", "Missing dictionary", "Z_NEED_DICT", 2]);
  assertEquals(failure(() => zlib.inflateSync(small, { dictionary: Buffer.from("other") })), ["Error", "Bad dictionary", "Z_NEED_DICT", 2]);
  assertEquals(zlib.inflateRawSync(zlib.deflateRawSync("hello", { dictionary }), { dictionary }).toString(), "hello");
  assertEquals(zlib.gunzipSync(zlib.gzipSync("hello", { dictionary })).toString(), "hello");
});

test("malformed and incomplete data are errors with zlib's words", () => {
  const data = (message) => ["Error", message, "Z_DATA_ERROR", -3];
  const end = ["Error", "unexpected end of file", "Z_BUF_ERROR", -5];
  assertEquals(failure(() => zlib.gunzipSync("no gzip at all")), data("incorrect header check"));
  assertEquals(failure(() => zlib.inflateSync(Buffer.from("789cff", "hex"))), data("invalid block type"));
  assertEquals(failure(() => zlib.inflateSync(Buffer.from("789c030000000002", "hex"))), data("incorrect data check"));
  assertEquals(failure(() => zlib.inflateRawSync(Buffer.from("0000000000", "hex"))), data("invalid stored block lengths"));
  for (const [compress, decompress] of pairs) {
    const small = zlib[`${compress}Sync`]("some text");
    for (const length of [0, 1, 5, small.length - 1]) {
      assertEquals(failure(() => zlib[`${decompress}Sync`](small.subarray(0, length))), end, `${decompress} ${length}`);
    }
  }
  const [name, message, code] = failure(() => zlib.brotliDecompressSync("garbage"));
  assertEquals([name, message, code], ["Error", "Decompression failed", "ERR__ERROR_FORMAT_PADDING_1"]);
});

test("errors come to callbacks, promises and listeners", async () => {
  const error = await assertRejects(() => promisify(zlib.gunzip)("no gzip"), Error, "incorrect header check");
  assertEquals([error.code, error.errno], ["Z_DATA_ERROR", -3]);
  const stream = createGunzip();
  await assertRejects(() => through(stream, "no gzip"), Error, "incorrect header check");
  assertEquals([stream.destroyed, stream._closed], [true, true]);
});

test("members of gzip follow each other, and what follows other data is ignored", async () => {
  const [one, two] = [zlib.gzipSync("one "), zlib.gzipSync("two")];
  const both = Buffer.concat([one, two]);
  for (const decompress of ["gunzip", "unzip"]) {
    assertEquals(zlib[`${decompress}Sync`](both).toString(), "one two");
    assertEquals(zlib[`${decompress}Sync`](Buffer.concat([one, Buffer.alloc(3)])).toString(), "one ");
    assertEquals(failure(() => zlib[`${decompress}Sync`](Buffer.concat([one, Buffer.from("more")]))).slice(1, 3), ["incorrect header check", "Z_DATA_ERROR"]);
  }
  assertEquals((await through(createGunzip(), ...Array.from(both, (byte) => Buffer.of(byte)))).toString(), "one two");
  for (const [compress, decompress] of [["deflate", "inflate"], ["deflateRaw", "inflateRaw"], ["brotliCompress", "brotliDecompress"]]) {
    const more = Buffer.concat([zlib[`${compress}Sync`]("one"), Buffer.from("more")]);
    assertEquals(zlib[`${decompress}Sync`](more).toString(), "one");
  }
  assertEquals((await through(zlib.createInflate(), Buffer.concat([zlib.deflateSync("one"), Buffer.from("more")]))).toString(), "one");
});

test("finishFlush lets incomplete data pass", () => {
  const small = zlib.deflateSync("hello hello hello").subarray(0, -6);
  assertEquals(zlib.inflateSync(small, { finishFlush: constants.Z_SYNC_FLUSH }).toString().slice(0, 6), "hello ");
});

test("maxOutputLength holds at its value and one below", async () => {
  const small = zlib.gzipSync(Buffer.alloc(100_000));
  assertEquals(zlib.gunzipSync(small, { maxOutputLength: 100_000 }).length, 100_000);
  const expected = ["RangeError", "Cannot create a Buffer larger than 99999 bytes", "ERR_BUFFER_TOO_LARGE", undefined];
  assertEquals(failure(() => zlib.gunzipSync(small, { maxOutputLength: 99_999 })), expected);
  const error = await assertRejects(() => promisify(zlib.gunzip)(small, { maxOutputLength: 99_999 }), RangeError);
  assertEquals([error.message, error.code], expected.slice(1, 3));
  assertEquals((await promisify(zlib.gunzip)(small, { maxOutputLength: 100_000 })).length, 100_000);
});

test("flush gives what was written so far", async () => {
  for (const [create, decompress] of [["createDeflate", "createInflate"], ["createBrotliCompress", "createBrotliDecompress"]]) {
    const stream = zlib[create]();
    const output = [];
    stream.on("data", (piece) => output.push(piece));
    stream.write("first");
    await new Promise((resolve) => { stream.flush(resolve); });
    const reader = zlib[decompress]();
    const seen = new Promise((resolve) => { reader.once("data", resolve); });
    for (const piece of output) reader.write(piece);
    assertEquals(String(await seen), "first");
    stream.end();
    reader.destroy();
  }
});

test("params changes the level in the middle", async () => {
  const stream = zlib.createDeflate({ level: 0 });
  const output = [];
  stream.on("data", (piece) => output.push(piece));
  stream.write(text);
  await new Promise((resolve) => { stream.params(9, constants.Z_DEFAULT_STRATEGY, resolve); });
  assert(Buffer.concat(output).length > text.length);
  const ended = new Promise((resolve) => { stream.on("end", resolve); });
  stream.end(text);
  await ended;
  const all = Buffer.concat(output);
  assert(all.length < text.length + 2000, `${all.length}`);
  assertEquals(zlib.inflateSync(all).toString(), text + text);
  assertEquals(failure(() => zlib.createDeflate().params(10, 0)).slice(1), ["The value of \"level\" is out of range. It must be >= -1 and <= 9. Received 10", "ERR_OUT_OF_RANGE", undefined]);
});

test("reset begins anew", async () => {
  const stream = zlib.createDeflate();
  const output = [];
  stream.on("data", (piece) => output.push(piece));
  await new Promise((resolve) => { stream.write("lost", resolve); });
  stream.reset();
  output.length = 0;
  const ended = new Promise((resolve) => { stream.on("end", resolve); });
  stream.end("kept");
  await ended;
  assertEquals(zlib.inflateSync(Buffer.concat(output)).toString(), "kept");
});

test("a slow reader holds the writer up", async () => {
  const small = zlib.gzipSync(Buffer.alloc(5_000_000));
  const stream = createGunzip();
  stream.end(small);
  await new Promise((resolve) => { stream.once("readable", resolve); });
  assert(stream.readableLength <= 65_536, `${stream.readableLength}`);
  let total = stream.read(100).length;
  assert(stream.readableLength <= 100_000, `${stream.readableLength}`);
  for await (const piece of stream) total += piece.length;
  assertEquals([total, stream.bytesWritten], [5_000_000, small.length]);
});

test("streams are piped", async () => {
  const output = [];
  await pipeline(Readable.from([text, text]), createGzip(), createGunzip(), async function (source) {
    for await (const piece of source) output.push(piece);
  });
  assertEquals(Buffer.concat(output).toString(), text + text);
});

test("close ends a stream, also twice", async () => {
  const stream = createGzip();
  await new Promise((resolve) => { stream.close(resolve); });
  stream.close();
  assertEquals([stream.destroyed, stream._closed], [true, true]);
  assertEquals(failure(() => stream.reset())[2], "ERR_INTERNAL_ASSERTION");
});

test("with info, the result is the buffer and its stream", async () => {
  const { buffer, engine } = zlib.gzipSync("text", { info: true });
  assertEquals([zlib.gunzipSync(buffer).toString(), engine instanceof zlib.Gzip, engine.bytesWritten], ["text", true, 4]);
  const called = await promisify(zlib.inflate)(zlib.deflateSync("text"), { info: true });
  assertEquals([called.buffer.toString(), called.engine instanceof zlib.Inflate], ["text", true]);
});

test("the classes can be called without new and are transforms", () => {
  for (const name of ["Deflate", "Inflate", "Gzip", "Gunzip", "DeflateRaw", "InflateRaw", "Unzip", "BrotliCompress", "BrotliDecompress"]) {
    const stream = zlib[name]();
    assertEquals([stream instanceof zlib[name], stream.constructor.name, typeof stream.pipe, typeof stream.write], [true, name, "function", "function"]);
    stream.close();
  }
});

test("arguments and options are checked in Node's words", () => {
  const range = (name, limits, value) => ["RangeError", `The value of "${name}" is out of range. It must be ${limits}. Received ${value}`, "ERR_OUT_OF_RANGE", undefined];
  const type = (text) => ["TypeError", text, "ERR_INVALID_ARG_TYPE", undefined];
  assertEquals(failure(() => zlib.deflateSync("x", { level: 10 })), range("options.level", ">= -1 and <= 9", 10));
  assertEquals(failure(() => zlib.deflateSync("x", { level: -2 })), range("options.level", ">= -1 and <= 9", -2));
  assertEquals(failure(() => zlib.deflateSync("x", { level: Infinity })), range("options.level", "a finite number", "Infinity"));
  assertEquals(failure(() => zlib.deflateSync("x", { level: "9" })), type("The \"options.level\" property must be of type number. Received type string ('9')"));
  assertEquals(failure(() => zlib.deflateSync("x", { windowBits: 7 })), range("options.windowBits", ">= 8 and <= 15", 7));
  assertEquals(failure(() => zlib.gzipSync("x", { windowBits: 8 })), range("options.windowBits", ">= 9 and <= 15", 8));
  assertEquals(failure(() => zlib.deflateSync("x", { memLevel: 10 })), range("options.memLevel", ">= 1 and <= 9", 10));
  assertEquals(failure(() => zlib.deflateSync("x", { strategy: 5 })), range("options.strategy", ">= 0 and <= 4", 5));
  assertEquals(failure(() => zlib.deflateSync("x", { chunkSize: 63 })), range("options.chunkSize", ">= 64", 63));
  assertEquals(failure(() => zlib.deflateSync("x", { flush: 6 })), range("options.flush", ">= 0 and <= 5", 6));
  assertEquals(failure(() => zlib.inflateSync("x", { finishFlush: 6 })), range("options.finishFlush", ">= 0 and <= 5", 6));
  assertEquals(failure(() => zlib.brotliCompressSync("x", { flush: 4 })), range("options.flush", ">= 0 and <= 3", 4));
  assertEquals(failure(() => zlib.gunzipSync("x", { maxOutputLength: 0 }))[2], "ERR_OUT_OF_RANGE");
  assertEquals(failure(() => zlib.deflateSync("x", { dictionary: 5 })),
    type("The \"options.dictionary\" property must be an instance of Buffer, TypedArray, DataView, or ArrayBuffer. Received type number (5)"));
  assertEquals(failure(() => zlib.deflateSync(5)),
    type("The \"buffer\" argument must be of type string or an instance of Buffer, TypedArray, DataView, or ArrayBuffer. Received type number (5)"));
  assertEquals(failure(() => zlib.deflate("x")), type("The \"callback\" argument must be of type function. Received undefined"));
  assertEquals(failure(() => zlib.brotliCompressSync("x", { params: { 99: 1 } })), ["RangeError", "99 is not a valid Brotli parameter", "ERR_BROTLI_INVALID_PARAM", undefined]);
  assertEquals(failure(() => zlib.brotliCompressSync("x", { params: { 1: "x" } })), type("The \"options.params[key]\" property must be of type number. Received type string ('x')"));
  assertEquals(failure(() => zlib.brotliDecompressSync("x", { params: { 5: 1 } })), ["Error", "Initialization failed", "ERR_ZLIB_INITIALIZATION_FAILED", undefined]);
});

test("crc32 goes on from a value", () => {
  assertEquals([crc32("hello"), crc32(Buffer.from("lo"), crc32("hel")), crc32("")], [907060870, 907060870, 0]);
  assertEquals(failure(() => crc32(5)), ["TypeError",
    "The \"data\" argument must be of type string or an instance of Buffer, TypedArray, or DataView. Received type number (5)", "ERR_INVALID_ARG_TYPE", undefined]);
  assertEquals(failure(() => crc32("x", -1))[2], "ERR_OUT_OF_RANGE");
  assertEquals(failure(() => crc32("x", 2 ** 32))[2], "ERR_OUT_OF_RANGE");
});

test("constants and codes", () => {
  assertEquals([constants.Z_BEST_COMPRESSION, constants.BROTLI_PARAM_LGWIN, zlib.codes.Z_DATA_ERROR, zlib.codes["-3"], zlib.Z_SYNC_FLUSH],
    [9, 2, -3, "Z_DATA_ERROR", 2]);
  assertEquals([Object.isFrozen(zlib.codes), Object.keys(zlib).includes("Z_SYNC_FLUSH")], [true, false]);
});
