import buffer, { Buffer, isAscii, isUtf8, transcode } from "stated:node/buffer";
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
