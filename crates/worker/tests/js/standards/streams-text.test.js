/**
 * TextEncoderStream and TextDecoderStream, after section 7 of the Encoding standard.
 *
 * @module
 */

import { ReadableStream, TextDecoderStream, TextEncoderStream } from "stated:streams";
import { assert, assertEquals, assertRejects, assertThrows, test } from "stated:test";

/** @param {any} pair @param {any[]} chunks */
async function through(pair, ...chunks) {
  const result = [];
  for await (const chunk of ReadableStream.from(chunks).pipeThrough(pair)) result.push(chunk);
  return result;
}

/** @param {any[]} chunks */
const encoded = async (...chunks) => (await through(new TextEncoderStream(), ...chunks)).map((chunk) => [...chunk]);

/** @param {number[]} list */
const bytes = (...list) => new Uint8Array(list);

test("each string becomes a Uint8Array of its own", async () => {
  assertEquals(await through(new TextEncoderStream(), "a", "é"), [bytes(0x61), bytes(0xc3, 0xa9)]);
});

test("an empty string gives no chunk", async () => {
  assertEquals(await encoded("", "a", ""), [[0x61]]);
});

test("a surrogate pair that is cut in two is joined", async () => {
  assertEquals(await encoded("a\ud83d", "\ude00b"), [[0x61], [0xf0, 0x9f, 0x98, 0x80, 0x62]]);
});

test("an empty string between the halves changes nothing", async () => {
  assertEquals((await encoded("\ud83d", "", "\ude00")).flat(), [0xf0, 0x9f, 0x98, 0x80]);
});

test("a high surrogate that nothing follows is U+FFFD at the end", async () => {
  assertEquals(await encoded("a\ud83d"), [[0x61], [0xef, 0xbf, 0xbd]]);
});

test("a high surrogate before something else is U+FFFD before it", async () => {
  assertEquals((await encoded("\ud83d", "a")).flat(), [0xef, 0xbf, 0xbd, 0x61]);
  assertEquals((await encoded("\ud83d", "\ud83d", "\ude00")).flat(), [0xef, 0xbf, 0xbd, 0xf0, 0x9f, 0x98, 0x80]);
});

test("a low surrogate alone is U+FFFD", async () => {
  assertEquals((await encoded("\ude00", "a\ude00b")).flat(), [0xef, 0xbf, 0xbd, 0x61, 0xef, 0xbf, 0xbd, 0x62]);
});

test("what is no string is converted to one", async () => {
  assertEquals((await encoded(5, null, undefined, { toString: () => "x" })).map((list) => String.fromCharCode(...list)),
    ["5", "null", "undefined", "x"]);
});

test("a Symbol, and a toString that throws, make the stream fail", async () => {
  await assertRejects(through(new TextEncoderStream(), Symbol("x")), TypeError);
  await assertRejects(through(new TextEncoderStream(), { toString() { throw new RangeError("inside"); } }), RangeError, "inside");
});

test("the encoder takes no arguments into account", () => {
  assertEquals(new /** @type {any} */ (TextEncoderStream)("utf-16").encoding, "utf-8");
});

test("the ends are the same objects each time", () => {
  for (const pair of [new TextEncoderStream(), new TextDecoderStream()]) {
    assert(pair.readable === pair.readable && pair.writable === pair.writable);
  }
});

test("a sequence that is cut anywhere is joined", async () => {
  const all = [0xf0, 0x9f, 0x98, 0x80];
  for (let cut = 1; cut < 4; cut++) {
    assertEquals(await through(new TextDecoderStream(), bytes(...all.slice(0, cut)), bytes(...all.slice(cut))), ["😀"], `cut at ${cut}`);
  }
});

test("nothing is given for an empty chunk, or for bytes that are no character yet", async () => {
  assertEquals(await through(new TextDecoderStream(), bytes(), bytes(0xe2), bytes(), bytes(0x82, 0xac)), ["€"]);
});

test("a sequence that never ends is U+FFFD at the end", async () => {
  assertEquals(await through(new TextDecoderStream(), bytes(0x61, 0xe2, 0x82)), ["a", "\ufffd"]);
});

test("a sequence that is broken off in the next chunk is U+FFFD there", async () => {
  assertEquals((await through(new TextDecoderStream(), bytes(0xe2, 0x82), bytes(0x61))).join(""), "\ufffda");
});

test("a fatal decoder fails in the middle and at the end", async () => {
  await assertRejects(through(new TextDecoderStream("utf-8", { fatal: true }), bytes(0xff)), TypeError);
  await assertRejects(through(new TextDecoderStream("utf-8", { fatal: true }), bytes(0x61, 0xe2)), TypeError);
});

test("a byte order mark is dropped at the start only, also when it is cut", async () => {
  assertEquals((await through(new TextDecoderStream(), bytes(0xef, 0xbb), bytes(0xbf, 0x61, 0xef, 0xbb, 0xbf))).join(""), "a\ufeff");
  assertEquals((await through(new TextDecoderStream("utf-8", { ignoreBOM: true }), bytes(0xef, 0xbb, 0xbf, 0x61))).join(""), "\ufeffa");
});

test("buffers and views of all kinds are bytes", async () => {
  const { buffer } = bytes(0x61, 0x62, 0x63, 0x64);
  const chunks = [buffer, new DataView(buffer, 1, 2), new Uint16Array(buffer, 2, 1), new Float32Array(buffer)];
  assertEquals(await through(new TextDecoderStream(), ...chunks), ["abcd", "bc", "cd", "abcd"]);
});

test("what holds no bytes makes the stream fail with a TypeError", async () => {
  for (const chunk of ["text", 5, null, undefined, {}, [0x61]]) {
    await assertRejects(through(new TextDecoderStream(), chunk), TypeError);
  }
});

test("the decoder's label and options are converted as TextDecoder does", () => {
  const { encoding, fatal, ignoreBOM } = new TextDecoderStream(" Latin1 ", /** @type {any} */ ({ fatal: 1, ignoreBOM: "x" }));
  assertEquals([encoding, fatal, ignoreBOM], ["windows-1252", true, true]);
  assertThrows(() => new TextDecoderStream("none"), RangeError);
  assertThrows(() => new TextDecoderStream("utf-8", /** @type {any} */ (5)), TypeError);
  assertEquals(new TextDecoderStream(undefined).encoding, "utf-8");
});

test("other encodings keep their state between chunks", async () => {
  assertEquals((await through(new TextDecoderStream("shift_jis"), bytes(0x82), bytes(0xa0))).join(""), "あ");
  assertEquals((await through(new TextDecoderStream("utf-16le"), bytes(0x3d), bytes(0xd8, 0x00), bytes(0xde))).join(""), "😀");
});

test("closing without a chunk gives none", async () => {
  assertEquals([await through(new TextEncoderStream()), await through(new TextDecoderStream())], [[], []]);
});

test("cancelling the readable side ends the writable one", async () => {
  const { readable, writable } = new TextDecoderStream();
  await readable.cancel("enough");
  assertEquals(await writable.getWriter().write(bytes(0x61)).catch((error) => error), "enough");
});
