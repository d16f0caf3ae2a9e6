import { DOMException } from "stated:dom-exception";
import { atob, btoa, TextDecoder, TextEncoder } from "stated:encoding";
import { assert, assertEquals, assertThrows, test } from "stated:test";

const bytes = (...values) => new Uint8Array(values);

test("encode writes UTF-8, lone surrogates as U+FFFD", () => {
  const encoder = new TextEncoder();
  assertEquals(encoder.encode("aé€😀"), bytes(0x61, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80));
  assertEquals(encoder.encode("\ud800x"), bytes(0xef, 0xbf, 0xbd, 0x78));
  assertEquals(encoder.encoding, "utf-8");
});

test("encode without an argument gives nothing, other values are converted", () => {
  const encoder = new TextEncoder();
  assertEquals([encoder.encode().length, encoder.encode(undefined).length], [0, 0]);
  assertEquals(encoder.encode(/** @type {any} */ (null)), bytes(0x6e, 0x75, 0x6c, 0x6c));
  assertThrows(() => encoder.encode(/** @type {any} */ (Symbol("x"))), TypeError);
});

test("encodeInto writes whole characters and tells how far it came", () => {
  const encoder = new TextEncoder();
  const target = new Uint8Array(4);
  assertEquals(encoder.encodeInto("a€€", target), { read: 2, written: 4 });
  assertEquals(target, bytes(0x61, 0xe2, 0x82, 0xac));
  assertEquals(encoder.encodeInto("€", new Uint8Array(2)), { read: 0, written: 0 });
  assertEquals(encoder.encodeInto("😀", new Uint8Array(4)), { read: 2, written: 4 });
});

test("encodeInto wants a Uint8Array", () => {
  const message = "Failed to execute 'encodeInto' on 'TextEncoder': parameter 2 is not of type 'Uint8Array'.";
  const encoder = /** @type {any} */ (new TextEncoder());
  assertThrows(() => encoder.encodeInto("a"), TypeError, message);
  assertThrows(() => encoder.encodeInto("a", new ArrayBuffer(3)), TypeError, message);
  assertThrows(() => encoder.encodeInto("a", new Int8Array(3)), TypeError, message);
});

test("labels are matched without case and spaces", () => {
  const names = { "utf8": "utf-8", " UTF-8\n": "utf-8", "ascii": "windows-1252", "latin1": "windows-1252", "utf-16": "utf-16le",
    "shift_jis": "shift_jis", "GBK": "gbk", "iso-8859-2": "iso-8859-2" };
  for (const [label, name] of Object.entries(names)) assertEquals(new TextDecoder(label).encoding, name, label);
});

test("an unknown label is a RangeError, and so is the replacement encoding", () => {
  assertThrows(() => new TextDecoder("foo"), RangeError, '"foo" is not a valid encoding.');
  assertThrows(() => new TextDecoder("iso-2022-kr"), RangeError, '"iso-2022-kr" is not a valid encoding.');
});

test("the options show as attributes", () => {
  const plain = new TextDecoder();
  assertEquals([plain.encoding, plain.fatal, plain.ignoreBOM], ["utf-8", false, false]);
  const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  assertEquals([strict.fatal, strict.ignoreBOM], [true, true]);
});

test("decode takes buffers and views of any kind, and nothing", () => {
  const decoder = new TextDecoder();
  const { buffer } = bytes(0x61, 0x62, 0x63);
  assertEquals(decoder.decode(buffer), "abc");
  assertEquals(decoder.decode(new DataView(buffer, 1, 1)), "b");
  assertEquals(decoder.decode(new Uint16Array([0x6261])), "ab");
  assertEquals(decoder.decode(), "");
  assertEquals(decoder.decode(undefined), "");
});

test("decode refuses what holds no bytes", () => {
  const message = "Failed to execute 'decode' on 'TextDecoder': parameter 1 is not of type 'Array'.";
  assertThrows(() => new TextDecoder().decode(/** @type {any} */ ("abc")), TypeError, message);
  assertThrows(() => new TextDecoder().decode(/** @type {any} */ (null)), TypeError, message);
});

test("a byte order mark is dropped unless it is asked for", () => {
  const marked = bytes(0xef, 0xbb, 0xbf, 0x61);
  assertEquals(new TextDecoder().decode(marked), "a");
  assertEquals(new TextDecoder("utf-8", { ignoreBOM: true }).decode(marked), "\ufeffa");
});

test("malformed bytes become U+FFFD, or a TypeError when fatal", () => {
  assertEquals(new TextDecoder().decode(bytes(0x61, 0xff, 0xe2, 0x82)), "a\ufffd\ufffd");
  assertThrows(() => new TextDecoder("utf-8", { fatal: true }).decode(bytes(0xff)), TypeError);
});

test("a fatal decoder can be used again after an error", () => {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  assertThrows(() => decoder.decode(bytes(0xff)), TypeError);
  assertEquals(decoder.decode(bytes(0x61)), "a");
  assertThrows(() => decoder.decode(bytes(0xff), { stream: true }), TypeError);
  assertEquals(decoder.decode(bytes(0x62)), "b");
});

test("streaming joins characters that are cut between chunks", () => {
  const decoder = new TextDecoder();
  assertEquals(decoder.decode(bytes(0xe2, 0x82), { stream: true }), "");
  assertEquals(decoder.decode(bytes(0xac, 0x61), { stream: true }), "€a");
  assertEquals(decoder.decode(bytes(0xf0, 0x9f), { stream: true }), "");
  assertEquals(decoder.decode(), "\ufffd");
  assertEquals(decoder.decode(bytes(0x62)), "b");
});

test("streaming drops a byte order mark only at the start", () => {
  const decoder = new TextDecoder();
  assertEquals(decoder.decode(bytes(0xef, 0xbb), { stream: true }), "");
  assertEquals(decoder.decode(bytes(0xbf, 0x61), { stream: true }), "a");
  assertEquals(decoder.decode(bytes(0xef, 0xbb, 0xbf)), "\ufeff");
});

test("other encodings decode", () => {
  assertEquals(new TextDecoder("iso-8859-2").decode(bytes(0xa1)), "Ą");
  assertEquals(new TextDecoder("utf-16le").decode(bytes(0x3d, 0xd8, 0x00, 0xde)), "😀");
  assertEquals(new TextDecoder("utf-16be").decode(bytes(0, 0x61)), "a");
  assertEquals(new TextDecoder("shift_jis").decode(bytes(0x82, 0xa0)), "あ");
});

test("btoa encodes byte strings only", () => {
  assertEquals([btoa(""), btoa("a"), btoa("ab"), btoa("abc"), btoa("\xff")], ["", "YQ==", "YWI=", "YWJj", "/w=="]);
  assertEquals(btoa(/** @type {any} */ (null)), "bnVsbA==");
  const error = assertThrows(() => btoa("€"), DOMException, "btoa() can only operate on characters in the Latin1 (ISO/IEC 8859-1) range.");
  assertEquals(error.name, "InvalidCharacterError");
});

test("atob is forgiving about white space and padding only", () => {
  assertEquals([atob(""), atob("YQ=="), atob(" Y\tQ\n=\f= "), atob("YQ"), atob("/w==")], ["", "a", "a", "a", "\xff"]);
  for (const malformed of ["*", "Y", "YQ=", "YQ===", "Y=Q=", "YWJjZ"]) {
    const error = assertThrows(() => atob(malformed), DOMException);
    assertEquals([error.name, error.message.startsWith("atob() called with invalid base64-encoded data.")],
      ["InvalidCharacterError", true], malformed);
  }
});

test("atob and btoa need an argument", () => {
  assertThrows(() => /** @type {any} */ (atob)(), TypeError,
    "Failed to execute 'atob' on 'ServiceWorkerGlobalScope': parameter 1 is not of type 'string'.");
  assertThrows(() => /** @type {any} */ (btoa)(), TypeError,
    "Failed to execute 'btoa' on 'ServiceWorkerGlobalScope': parameter 1 is not of type 'String'.");
});

test("the encoding classes have the attributes of Web IDL interfaces", () => {
  assertEquals(`${new TextEncoder()}${new TextDecoder()}`, "[object TextEncoder][object TextDecoder]");
  assertEquals([TextEncoder.length, TextDecoder.length, TextEncoder.prototype.encodeInto.length], [0, 0, 2]);
  assert(Object.keys(TextDecoder.prototype).includes("decode"));
  assertThrows(() => TextDecoder.prototype.decode.call({}), TypeError);
});
