import { Buffer } from "stated:node/buffer";
import { StringDecoder } from "stated:node/string_decoder";
import { assert, assertEquals, assertThrows, test } from "stated:test";

/** The text of bytes that come in pieces of a length. */
function inPieces(encoding, bytes, length) {
  const decoder = new StringDecoder(encoding);
  let text = "";
  for (let at = 0; at < bytes.length; at += length) text += decoder.write(bytes.subarray(at, at + length));
  return text + decoder.end();
}

test("characters come out whole, however their bytes are cut", () => {
  const text = "a\u00e9\u20ac\u{1f600}z\u{10ffff}";
  for (const encoding of ["utf8", "utf16le"]) {
    const bytes = new Uint8Array(Buffer.from(text, encoding));
    for (let length = 1; length <= bytes.length; length++) assertEquals(inPieces(encoding, bytes, length), text, `${encoding} ${length}`);
  }
  for (const encoding of ["base64", "base64url", "hex", "latin1", "ascii"]) {
    const bytes = Buffer.from([0, 1, 2, 250, 251, 252, 253]);
    for (let length = 1; length <= bytes.length; length++) assertEquals(inPieces(encoding, bytes, length), bytes.toString(encoding), `${encoding} ${length}`);
  }
});

test("what is no UTF-8 is replaced as a decoder of the whole would", () => {
  for (const bytes of [[0xff, 0x61], [0xe2, 0x82, 0x61], [0xf0, 0x9f, 0x98], [0xc3, 0x28, 0xc3], [0x80, 0x80], [0xed, 0xa0, 0x80, 0x62], [0xf8, 0x88, 0x80, 0x80, 0x80]]) {
    const given = Uint8Array.from(bytes);
    for (const length of [1, 2, 3, 5]) assertEquals(inPieces("utf8", given, length), new TextDecoder().decode(given), `${bytes} by ${length}`);
  }
});

test("a decoder tells what it waits for", () => {
  const decoder = new StringDecoder();
  assertEquals([decoder.write(Buffer.from([0x61, 0xe2, 0x82])), decoder.lastNeed, decoder.lastTotal], ["a", 1, 3]);
  assertEquals([decoder.lastChar.length, decoder.lastChar[0], Object.keys(decoder)], [4, 0xe2, ["encoding"]]);
  assertEquals([decoder.end(), decoder.lastNeed, decoder.end()], ["\ufffd", 0, ""]);
  assertEquals(decoder.write(Buffer.from([0xe2])) + decoder.text(Buffer.from("xab"), 1), "ab");
  const wide = new StringDecoder("ucs2");
  assertEquals([wide.encoding, wide.write(Buffer.from([0x61, 0, 0x3d])), wide.lastNeed, wide.end(), wide.lastNeed], ["utf16le", "a", 1, "", 0]);
});

test("text passes, other values do not", () => {
  const decoder = new StringDecoder("hex");
  assertEquals([decoder.write("text"), decoder.end("more"), decoder.write(new Uint16Array([0x6261])), decoder.write(new DataView(new ArrayBuffer(1)))], ["text", "more", "6162", "00"]);
  assertEquals(assertThrows(() => decoder.write(5), TypeError).code, "ERR_INVALID_ARG_TYPE");
  assertEquals(assertThrows(() => new StringDecoder("nope"), TypeError, "Unknown encoding: nope").code, "ERR_UNKNOWN_ENCODING");
  assertEquals([new StringDecoder(null).encoding, new StringDecoder("Base64URL").encoding], ["utf8", "base64url"]);
  assert(new StringDecoder() instanceof StringDecoder);
});

test("old classes extend it by a call", () => {
  function Lines(encoding) {
    StringDecoder.call(this, encoding);
  }
  Object.setPrototypeOf(Lines.prototype, StringDecoder.prototype);
  assertEquals(new Lines("base64").write(Buffer.from("abcd")), "YWJj");
});
