import { Buffer } from "stated:node/buffer";
import { promisify } from "stated:node/util";
import zlib, { constants } from "stated:node/zlib";
import { assert, assertEquals, assertThrows, test } from "stated:test";

const text = "to be or not to be, that is the question. ".repeat(500);
const failure = (fn) => {
  const error = assertThrows(fn);
  return [error.name, error.message, error.code, error.errno];
};

test("zstd comes back: at once, by callback and as a stream", async () => {
  const small = zlib.zstdCompressSync(text);
  assert(small.length < 200, `${small.length}`);
  assertEquals(zlib.zstdDecompressSync(small).toString(), text);
  assertEquals((await promisify(zlib.zstdDecompress)(await promisify(zlib.zstdCompress)(text))).toString(), text);
  const stream = zlib.createZstdCompress();
  const output = [];
  stream.on("data", (piece) => output.push(piece));
  stream.write(text);
  await new Promise((resolve) => { stream.flush(resolve); });
  assert(output.length > 0);
  stream.end(text);
  await new Promise((resolve) => { stream.on("end", resolve); });
  const reader = zlib.createZstdDecompress({ chunkSize: 100 });
  for (const byte of Buffer.concat(output)) reader.write(Buffer.of(byte));
  reader.end();
  const pieces = [];
  for await (const piece of reader) pieces.push(piece);
  assertEquals(Buffer.concat(pieces).toString(), text + text);
});

test("zstd's format is that of RFC 8878", () => {
  const hello = "28b52ffd20176500003068656c6c6f200100994b11";
  assertEquals(zlib.zstdDecompressSync(Buffer.from(hello, "hex")).toString(), "hello hello hello hello");
  assertEquals(zlib.zstdCompressSync("hello hello hello hello").toString("hex"), hello);
});

test("zstd's parameters, dictionary and pledged size", () => {
  const { ZSTD_c_compressionLevel: level, ZSTD_c_checksumFlag: checksum, ZSTD_c_windowLog: window, ZSTD_c_strategy: strategy } = constants;
  for (const params of [{ [level]: 19 }, { [level]: -5 }, { [checksum]: true }, { [window]: 10 }, { [strategy]: 9 }, { [constants.ZSTD_c_nbWorkers]: 2 }]) {
    assertEquals(zlib.zstdDecompressSync(zlib.zstdCompressSync(text, { params })).toString(), text);
  }
  const dictionary = Buffer.from(text.slice(0, 100));
  const small = zlib.zstdCompressSync(text.slice(0, 42), { dictionary });
  assertEquals(zlib.zstdDecompressSync(small, { dictionary }).toString(), text.slice(0, 42));
  assertEquals(zlib.zstdDecompressSync(zlib.zstdCompressSync("xyz", { pledgedSrcSize: 3 })).toString(), "xyz");
  assertEquals(failure(() => zlib.zstdCompressSync("x", { params: { 5: 1 } })), ["Error", "Setting parameter failed", "ERR_ZLIB_INITIALIZATION_FAILED", undefined]);
  assertEquals(failure(() => zlib.zstdCompressSync("x", { params: { [window]: 28 } }))[1], "Setting parameter failed");
  assertEquals(failure(() => zlib.zstdCompressSync("x", { params: { 9999: 1 } })), ["RangeError", "9999 is not a valid zstd parameter", "ERR_ZSTD_INVALID_PARAM", undefined]);
});

test("zstd's errors", () => {
  const small = zlib.zstdCompressSync("some text, some text");
  assertEquals(failure(() => zlib.zstdDecompressSync("garbage garbage")), ["Error", "Unknown frame descriptor", "ZSTD_error_prefix_unknown", 10]);
  assertEquals(failure(() => zlib.zstdDecompressSync(small.subarray(0, 9))), ["Error", "unexpected end of file", "Z_BUF_ERROR", -5]);
  assertEquals(zlib.zstdDecompressSync("").length, 0);
  assertEquals(zlib.zstdDecompressSync(Buffer.concat([small, small])).length, 40);
  assertEquals(zlib.zstdDecompressSync(Buffer.concat([small, Buffer.from("xx")])).length, 20);
  assertEquals(failure(() => zlib.zstdDecompressSync(small, { maxOutputLength: 19 }))[2], "ERR_BUFFER_TOO_LARGE");
});

test("a window larger than the limit is refused", () => {
  // A frame header with a window of 2^28 bytes, and an empty last block.
  const frame = Buffer.from("28b52ffd0090010000", "hex");
  assertEquals(failure(() => zlib.zstdDecompressSync(frame)).slice(1, 3), ["Frame requires too much memory for decoding", "ZSTD_error_frameParameter_windowTooLarge"]);
  const allowed = Buffer.from("28b52ffd0088010000", "hex");
  assertEquals(zlib.zstdDecompressSync(allowed).length, 0);
});

test("much output from little input comes in pieces of at most 1 MiB", async () => {
  const small = zlib.gzipSync(Buffer.alloc(5 << 20));
  const stream = zlib.createGunzip({ chunkSize: 64 << 20 });
  stream.end(small);
  let total = 0;
  for await (const piece of stream) {
    // A reader gets all that waits for it.
    assert(piece.length <= 2 << 20, `${piece.length}`);
    total += piece.length;
  }
  assertEquals(total, 5 << 20);
});

test("streams that are open take so much memory and no more", () => {
  const streams = [];
  const error = assertThrows(() => {
    for (let i = 0; i < 100_000; i++) streams.push(zlib.createBrotliCompress());
  }, Error, "Initialization failed");
  assertEquals(error.code, "ERR_ZLIB_INITIALIZATION_FAILED");
  assert(streams.length > 5, `${streams.length}`);
  for (const stream of streams) stream.close();
  assertEquals(zlib.brotliDecompressSync(zlib.brotliCompressSync("x")).toString(), "x");
});
