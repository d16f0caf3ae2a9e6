import buffer, { Buffer, isAscii, isUtf8, transcode } from "stated:node/buffer";
import { inspect } from "stated:node/util";
import { assert, assertEquals, assertThrows, test } from "stated:test";

const bytes = (value) => [...value];

test("texts become bytes in every encoding", () => {
  const encodings = {
    utf8: ["aé€😀", [97, 195, 169, 226, 130, 172, 240, 159, 152, 128]], "UTF-8": ["é", [195, 169]], latin1: ["aé€", [97, 233, 172]],
    binary: ["ÿ", [255]], ascii: ["aé", [97, 233]], hex: ["00ffAB", [0, 255, 171]], base64: ["AP+/", [0, 255, 191]],
    base64url: ["AP-_", [0, 255, 191]], utf16le: ["a€", [97, 0, 172, 32]], "ucs-2": ["b", [98, 0]],
  };
  for (const [encoding, [text, expected]] of Object.entries(encodings)) assertEquals(bytes(Buffer.from(text, encoding)), expected, encoding);
});

test("bytes become text in every encoding", () => {
  const source = Buffer.from([0, 97, 128, 255, 195, 169]);
  const texts = ["utf8", "latin1", "ascii", "hex", "base64", "base64url", "utf16le"].map((encoding) => source.toString(encoding));
  assertEquals(texts, ["\0a\ufffd\ufffdé", "\0a\x80ÿÃ©", "\0a\0\x7fC)", "006180ffc3a9", "AGGA/8Op", "AGGA_8Op", "愀ﾀ꧃"]);
  assertEquals(Buffer.from([0xef, 0xbb, 0xbf, 97]).toString(), "\ufeffa");
});

test("malformed hexadecimal ends, malformed base64 is skipped", () => {
  assertEquals(bytes(Buffer.from("01zz02", "hex")), [1]);
  assertEquals(bytes(Buffer.from("012", "hex")), [1]);
  assertEquals(bytes(Buffer.from("A P\n8=AAAA", "base64")), [0, 255]);
  assertEquals(bytes(Buffer.from("AP8", "base64")), [0, 255]);
});

test("an unknown encoding is refused", () => {
  const error = assertThrows(() => Buffer.from("a", "utf7"), TypeError, "Unknown encoding: utf7");
  assertEquals(error.code, "ERR_UNKNOWN_ENCODING");
  assertEquals([Buffer.isEncoding("BASE64URL"), Buffer.isEncoding("utf7"), Buffer.isEncoding(5)], [true, false, false]);
});

test("from copies arrays and views, and shares ArrayBuffers", () => {
  const shared = new Uint8Array([1, 2, 3, 4]);
  const view = Buffer.from(shared.buffer, 1, 2);
  const copy = Buffer.from(shared);
  shared[1] = 9;
  assertEquals([bytes(view), bytes(copy)], [[9, 3], [1, 2, 3, 4]]);
  assertEquals(bytes(Buffer.from({ type: "Buffer", data: [1, 2] })), [1, 2]);
  assertEquals(bytes(Buffer.from(Buffer.from("abc"))), [97, 98, 99]);
  assertEquals(assertThrows(() => Buffer.from(5), TypeError).code, "ERR_INVALID_ARG_TYPE");
});

test("a Buffer is a Uint8Array and its slices share its bytes", () => {
  const whole = Buffer.from("hello");
  const part = whole.subarray(1, 3);
  part[0] = 69;
  assertEquals([whole.toString(), whole.slice(-2).toString(), part instanceof Buffer, whole instanceof Uint8Array], ["hEllo", "lo", true, true]);
  assert(Buffer.isBuffer(part) && !Buffer.isBuffer(new Uint8Array(1)));
});

test("toString takes a range", () => {
  const text = Buffer.from("hello");
  assertEquals([text.toString("utf8", 1, 3), text.toString("utf8", -5, 100), text.toString("utf8", 3, 1), text.toString(undefined, 4)],
    ["el", "hello", "", "o"]);
});

test("write fills what fits and returns its bytes", () => {
  const target = Buffer.alloc(6);
  assertEquals([target.write("héé"), bytes(target)], [5, [104, 195, 169, 195, 169, 0]]);
  assertEquals([Buffer.alloc(4).write("héé"), target.write("zz", 5), target.write("0102", 1, "hex"), target.write("abc", 3, 2, "latin1")], [3, 1, 2, 2]);
  assertEquals(bytes(target), [104, 1, 2, 97, 98, 122]);
  assertEquals(assertThrows(() => target.write("a", 7), RangeError).code, "ERR_OUT_OF_RANGE");
  assertEquals(assertThrows(() => target.write(5), TypeError).code, "ERR_INVALID_ARG_TYPE");
});

test("numbers are read and written in both byte orders", () => {
  const data = Buffer.alloc(8);
  data.writeUInt32BE(0xdeadbeef, 0);
  data.writeInt16LE(-2, 4);
  data.writeUInt8(255, 6);
  assertEquals([data.toString("hex"), data.readUInt32LE(0), data.readInt16LE(4), data.readInt8(6), data.readUint8(6)],
    ["deadbeeffeffff00", 0xefbeadde, -2, -1, 255]);
  data.writeDoubleBE(1.5);
  assertEquals([data.readDoubleBE(0), data.readBigUInt64BE(0), data.readUIntBE(0, 3)], [1.5, 0x3ff8000000000000n, 0x3ff800]);
  assertEquals(assertThrows(() => data.readUInt32BE(5), RangeError).code, "ERR_OUT_OF_RANGE");
  assertEquals(assertThrows(() => data.writeUInt8(256), RangeError).code, "ERR_OUT_OF_RANGE");
});

test("the functions of Buffer make buffers also with new", () => {
  const made = [new Buffer.from("ab"), new Buffer.alloc(2, 1), new Buffer.allocUnsafe(2), new Buffer.allocUnsafeSlow(2), new Buffer.concat([Buffer.of(1), Buffer.of(2)])];
  assertEquals(made.map((buffer) => [Buffer.isBuffer(buffer), buffer.length]), Array(5).fill([true, 2]));
});

test("buffers are compared, joined, searched and filled", () => {
  const [a, b] = [Buffer.from("abc"), Buffer.from("abd")];
  assertEquals([a.compare(b), Buffer.compare(b, a), a.equals(Buffer.from("abc")), [b, a].sort(Buffer.compare).join()], [-1, 1, true, "abc,abd"]);
  assertEquals([Buffer.concat([a, b]).toString(), Buffer.concat([a, b], 4).toString()], ["abcabd", "abca"]);
  const text = Buffer.from("hello hello");
  assertEquals([text.indexOf("lo"), text.lastIndexOf("lo"), text.includes("xyz"), text.indexOf(111), text.indexOf(Buffer.from("ll"), 4),
    text.indexOf("6c6f", 0, "hex")], [3, 9, false, 4, 8, 3]);
  assertEquals([Buffer.alloc(5, "ab").toString(), Buffer.alloc(3).fill(1).toString("hex"), Buffer.alloc(3, "AQI=", "base64").toString("hex")],
    ["ababa", "010101", "010201"]);
});

test("bytes are swapped and copied", () => {
  const target = Buffer.alloc(3);
  assertEquals([Buffer.from([1, 2, 3, 4]).swap16().toString("hex"), Buffer.from("hello").copy(target, 1, 1), bytes(target)], ["02010403", 2, [0, 101, 108]]);
  assertEquals(assertThrows(() => target.swap16(), RangeError, "Buffer size must be a multiple of 16-bits").code, "ERR_INVALID_BUFFER_SIZE");
});

test("lengths of texts", () => {
  const lengths = ["utf8", "latin1", "utf16le", "hex", "base64"].map((encoding) => Buffer.byteLength("ab€😀==", encoding));
  assertEquals(lengths, [11, 7, 14, 3, 3]);
  assertEquals([Buffer.byteLength(new ArrayBuffer(5)), Buffer.byteLength("\ud800x")], [5, 4]);
});

test("a Buffer prints its first fifty bytes and becomes JSON", () => {
  const inspect = Symbol.for("nodejs.util.inspect.custom");
  assertEquals([Buffer.from("ab")[inspect](0, {}), Buffer.alloc(51)[inspect](0, {}).slice(-18), Buffer.alloc(0)[inspect](0, {})],
    ["<Buffer 61 62>", " ... 1 more byte>", "<Buffer >"].map((text, i) => (i === 1 ? "00 ... 1 more byte>".slice(-18) : text)));
  assertEquals(JSON.stringify(Buffer.from("a")), '{"type":"Buffer","data":[97]}');
});

test("iteration and array methods are those of typed arrays", () => {
  const source = Buffer.from([3, 1, 2]);
  assertEquals([[...source.entries()], bytes(source.map((byte) => byte * 2)), source.map((byte) => byte) instanceof Buffer, source.at(-1)],
    [[[0, 3], [1, 1], [2, 2]], [6, 2, 4], true, 2]);
  assertEquals(bytes(Buffer.copyBytesFrom(new Uint16Array([1, 256, 3]), 1, 1)), [0, 1]);
});

test("isAscii, isUtf8 and transcode", () => {
  assertEquals([isAscii(Buffer.from("a")), isAscii(Buffer.from("é")), isUtf8(Buffer.from("é")), isUtf8(Buffer.from([0xc3]))], [true, false, true, false]);
  assertEquals([bytes(transcode(Buffer.from("€a"), "utf8", "latin1")), bytes(transcode(Buffer.from("é"), "utf8", "utf16le"))], [[63, 97], [233, 0]]);
});

test("the module has its other names", () => {
  assertEquals([buffer.Buffer === Buffer, buffer.atob("YQ=="), buffer.INSPECT_MAX_BYTES, typeof buffer.Blob, typeof buffer.kMaxLength],
    [true, "a", 50, "function", "number"]);
});

/** Class, code and text of what a call throws. */
const thrown = (fn) => {
  const error = assertThrows(fn, Error);
  return `${error.name} ${error.code}: ${error.message}`;
};

test("numbers out of range name the range", () => {
  const bytes = Buffer.alloc(8);
  assertEquals([
    () => bytes.readUInt16LE(7), () => bytes.readInt8(-1), () => bytes.readUInt8(1.5), () => bytes.readDoubleLE("0"), () => Buffer.alloc(2).readUInt32BE(),
    () => bytes.readUIntBE(), () => bytes.readUIntLE(0, 7), () => bytes.readIntLE(0, 0), () => bytes.readIntBE(6, 3),
  ].map(thrown), [
    'RangeError ERR_OUT_OF_RANGE: The value of "offset" is out of range. It must be >= 0 and <= 6. Received 7',
    'RangeError ERR_OUT_OF_RANGE: The value of "offset" is out of range. It must be >= 0 and <= 7. Received -1',
    'RangeError ERR_OUT_OF_RANGE: The value of "offset" is out of range. It must be an integer. Received 1.5',
    `TypeError ERR_INVALID_ARG_TYPE: The "offset" argument must be of type number. Received type string ('0')`,
    "RangeError ERR_BUFFER_OUT_OF_BOUNDS: Attempt to access memory outside buffer bounds",
    'TypeError ERR_INVALID_ARG_TYPE: The "offset" argument must be of type number. Received undefined',
    'RangeError ERR_OUT_OF_RANGE: The value of "byteLength" is out of range. It must be >= 1 and <= 6. Received 7',
    'RangeError ERR_OUT_OF_RANGE: The value of "byteLength" is out of range. It must be >= 1 and <= 6. Received 0',
    'RangeError ERR_OUT_OF_RANGE: The value of "offset" is out of range. It must be >= 0 and <= 5. Received 6',
  ]);
  assertEquals([
    () => bytes.writeUInt8(256), () => bytes.writeInt8(-129), () => bytes.writeUInt32LE(2 ** 32), () => bytes.writeInt16BE(32768), () => bytes.writeUIntLE(2 ** 48, 0, 6),
    () => bytes.writeIntBE(-(2 ** 39) - 1, 0, 5), () => bytes.writeBigUInt64LE(2n ** 64n), () => bytes.writeBigInt64BE(-(2n ** 63n) - 1n), () => bytes.writeFloatLE(1, 5),
  ].map(thrown), [
    'RangeError ERR_OUT_OF_RANGE: The value of "value" is out of range. It must be >= 0 and <= 255. Received 256',
    'RangeError ERR_OUT_OF_RANGE: The value of "value" is out of range. It must be >= -128 and <= 127. Received -129',
    'RangeError ERR_OUT_OF_RANGE: The value of "value" is out of range. It must be >= 0 and <= 4294967295. Received 4294967296',
    'RangeError ERR_OUT_OF_RANGE: The value of "value" is out of range. It must be >= -32768 and <= 32767. Received 32768',
    'RangeError ERR_OUT_OF_RANGE: The value of "value" is out of range. It must be >= 0 and < 2 ** 48. Received 281_474_976_710_656',
    'RangeError ERR_OUT_OF_RANGE: The value of "value" is out of range. It must be >= -(2 ** 39) and < 2 ** 39. Received -549_755_813_889',
    'RangeError ERR_OUT_OF_RANGE: The value of "value" is out of range. It must be >= 0n and < 2n ** 64n. Received 18_446_744_073_709_551_616n',
    'RangeError ERR_OUT_OF_RANGE: The value of "value" is out of range. It must be >= -(2n ** 63n) and < 2n ** 63n. Received -9_223_372_036_854_775_809n',
    'RangeError ERR_OUT_OF_RANGE: The value of "offset" is out of range. It must be >= 0 and <= 4. Received 5',
  ]);
});

test("numbers at the ends of their ranges are written and read", () => {
  for (const [kind, min, max] of [["UInt8", 0, 255], ["Int8", -128, 127], ["UInt16LE", 0, 65535], ["Int16BE", -32768, 32767], ["UInt32BE", 0, 2 ** 32 - 1],
    ["Int32LE", -(2 ** 31), 2 ** 31 - 1], ["BigUInt64LE", 0n, 2n ** 64n - 1n], ["BigInt64BE", -(2n ** 63n), 2n ** 63n - 1n], ["FloatBE", -0.5, 2 ** 100], ["DoubleLE", -0, 1e300]]) {
    for (const value of [min, max]) {
      const bytes = Buffer.alloc(9);
      const end = bytes[`write${kind}`](value, 1);
      assert(Object.is(bytes[`read${kind}`](1), value) && bytes[0] === 0 && end === 1 + Number(/\d+/.exec(kind)?.[0] ?? (kind[0] === "F" ? 32 : 64)) / 8, kind);
    }
  }
  for (const size of [1, 2, 3, 4, 5, 6]) {
    for (const order of ["LE", "BE"]) {
      const bytes = Buffer.alloc(size);
      for (const value of [0, 1, 2 ** (8 * size) - 1]) {
        bytes[`writeUInt${order}`](value, 0, size);
        assertEquals(bytes[`readUInt${order}`](0, size), value);
      }
      for (const value of [-(2 ** (8 * size - 1)), -1, 2 ** (8 * size - 1) - 1]) {
        bytes[`writeInt${order}`](value, 0, size);
        assertEquals(bytes[`readInt${order}`](0, size), value);
      }
    }
  }
});

test("arguments of the wrong kind name what was wanted", () => {
  const bytes = Buffer.from("abc");
  assertEquals([
    () => Buffer.alloc("1"), () => Buffer.alloc(-1), () => Buffer.allocUnsafe(NaN), () => Buffer.concat("a"), () => Buffer.concat([1]), () => Buffer.concat([bytes], 1.5), () => Buffer.concat([bytes], -1),
    () => Buffer.compare("a", bytes), () => Buffer.compare(bytes, 1), () => bytes.equals("abc"), () => bytes.compare(null), () => bytes.compare(bytes, 0, 4), () => bytes.indexOf({}),
    () => bytes.indexOf("a", 0, "none"), () => bytes.copy({}), () => bytes.copy(bytes, -1), () => bytes.copy(bytes, 0, 4), () => bytes.fill("a", 0, 4), () => bytes.fill("zz", "hex"),
    () => bytes.write(1), () => bytes.write("a", 4), () => bytes.write("a", 0, 4), () => bytes.swap16(), () => bytes.toString("none"), () => Buffer.from("a", "none"), () => Buffer.byteLength(1),
    () => Buffer.from(new ArrayBuffer(2), 3), () => Buffer.from(new ArrayBuffer(2), 1, 2), () => Buffer(1, "utf8"), () => bytes.latin1Slice(0, 9), () => bytes.hexWrite("ab", 9),
  ].map(thrown), [
    `TypeError ERR_INVALID_ARG_TYPE: The "size" argument must be of type number. Received type string ('1')`,
    `RangeError ERR_OUT_OF_RANGE: The value of "size" is out of range. It must be >= 0 && <= ${buffer.kMaxLength}. Received -1`,
    `RangeError ERR_OUT_OF_RANGE: The value of "size" is out of range. It must be >= 0 && <= ${buffer.kMaxLength}. Received NaN`,
    `TypeError ERR_INVALID_ARG_TYPE: The "list" argument must be an instance of Array. Received type string ('a')`,
    'TypeError ERR_INVALID_ARG_TYPE: The "list[0]" argument must be an instance of Buffer or Uint8Array. Received type number (1)',
    'RangeError ERR_OUT_OF_RANGE: The value of "length" is out of range. It must be an integer. Received 1.5',
    `RangeError ERR_OUT_OF_RANGE: The value of "length" is out of range. It must be >= 0 && <= ${buffer.kMaxLength}. Received -1`,
    `TypeError ERR_INVALID_ARG_TYPE: The "buf1" argument must be an instance of Buffer or Uint8Array. Received type string ('a')`,
    'TypeError ERR_INVALID_ARG_TYPE: The "buf2" argument must be an instance of Buffer or Uint8Array. Received type number (1)',
    `TypeError ERR_INVALID_ARG_TYPE: The "otherBuffer" argument must be an instance of Buffer or Uint8Array. Received type string ('abc')`,
    'TypeError ERR_INVALID_ARG_TYPE: The "target" argument must be an instance of Buffer or Uint8Array. Received null',
    'RangeError ERR_OUT_OF_RANGE: The value of "targetEnd" is out of range. It must be >= 0 && <= 3. Received 4',
    'TypeError ERR_INVALID_ARG_TYPE: The "value" argument must be one of type number or string or an instance of Buffer or Uint8Array. Received an instance of Object',
    "TypeError ERR_UNKNOWN_ENCODING: Unknown encoding: none",
    'TypeError ERR_INVALID_ARG_TYPE: The "target" argument must be an instance of Buffer or Uint8Array. Received an instance of Object',
    'RangeError ERR_OUT_OF_RANGE: The value of "targetStart" is out of range. It must be >= 0. Received -1',
    'RangeError ERR_OUT_OF_RANGE: The value of "sourceStart" is out of range. It must be >= 0 && <= 3. Received 4',
    'RangeError ERR_OUT_OF_RANGE: The value of "end" is out of range. It must be >= 0 && <= 3. Received 4',
    "TypeError ERR_INVALID_ARG_VALUE: The argument 'value' is invalid. Received 'zz'",
    "TypeError ERR_INVALID_ARG_TYPE: argument must be a string",
    'RangeError ERR_OUT_OF_RANGE: The value of "offset" is out of range. It must be >= 0 && <= 3. Received 4',
    'RangeError ERR_OUT_OF_RANGE: The value of "length" is out of range. It must be >= 0 && <= 3. Received 4',
    "RangeError ERR_INVALID_BUFFER_SIZE: Buffer size must be a multiple of 16-bits",
    "TypeError ERR_UNKNOWN_ENCODING: Unknown encoding: none",
    "TypeError ERR_UNKNOWN_ENCODING: Unknown encoding: none",
    'TypeError ERR_INVALID_ARG_TYPE: The "string" argument must be of type string or an instance of Buffer or ArrayBuffer. Received type number (1)',
    'RangeError ERR_BUFFER_OUT_OF_BOUNDS: "offset" is outside of buffer bounds',
    'RangeError ERR_BUFFER_OUT_OF_BOUNDS: "length" is outside of buffer bounds',
    'TypeError ERR_INVALID_ARG_TYPE: The "string" argument must be of type string. Received type number (1)',
    "RangeError ERR_OUT_OF_RANGE: Index out of range",
    'RangeError ERR_BUFFER_OUT_OF_BOUNDS: "offset" is outside of buffer bounds',
  ]);
});

test("searches begin where they are told, from either end", () => {
  const bytes = Buffer.from("abab");
  assertEquals([bytes.indexOf("ab", 1), bytes.indexOf("ab", -2), bytes.indexOf("", 9), bytes.indexOf("b", -9), bytes.indexOf(97 + 256), bytes.indexOf("ab", {}), bytes.indexOf("", 2)], [2, 2, 4, 1, 0, 0, 2]);
  assertEquals([bytes.lastIndexOf("ab"), bytes.lastIndexOf("ab", 1), bytes.lastIndexOf("ab", -3), bytes.lastIndexOf("b", -9), bytes.lastIndexOf("ba", undefined), bytes.lastIndexOf("ab", null), bytes.lastIndexOf(98, 2)], [2, 0, 0, -1, 1, 0, 1]);
  const wide = Buffer.from("xaxa", "utf16le");
  assertEquals([wide.indexOf("a", 0, "utf16le"), wide.indexOf("a", 3, "utf16le"), wide.lastIndexOf("x", "utf16le"), wide.indexOf(Buffer.from([0, 0x61]), 0), wide.includes("6100", 0, "hex")], [2, 2, 4, 1, true]);
});

test("memory that is shared is used as it is", () => {
  const memory = new SharedArrayBuffer(4);
  const bytes = Buffer.from(memory, 1, 2);
  bytes[0] = 7;
  assertEquals([new Uint8Array(memory)[1], bytes.buffer === memory, bytes.length, Buffer.byteLength(memory)], [7, true, 2, 4]);
  assertEquals([Buffer.from({ type: "Buffer", data: [1, 2] }).length, Buffer.from({ length: 2, 1: 5 })[1], Buffer.from(Object("text")).toString(), Buffer.from({ length: "2" }).length], [2, 5, "text", 0]);
});

test("a Buffer shows its own members", () => {
  assertEquals(inspect(Object.assign(Buffer.from("ab"), { x: 1, y: "z" })), "<Buffer 61 62, x: 1, y: 'z'>");
  assertEquals([inspect(Object.assign(Buffer.alloc(0), { x: 1 })), inspect(Buffer.alloc(0)), inspect(Buffer.alloc(51)).endsWith(" 00 ... 1 more byte>")], ["<Buffer x: 1>", "<Buffer >", true]);
});
