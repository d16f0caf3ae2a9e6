/**
 * TextDecoder and TextEncoder, after the Encoding standard: its table of labels, the errors of its UTF-8 decoder, and each
 * of its legacy encodings. The expected characters are those of the encodings' own definitions, not of another decoder.
 *
 * @module
 */

import { TextDecoder, TextEncoder } from "stated:encoding";
import { assert, assertEquals, assertThrows, test } from "stated:test";

/** @param {string} hex */
const bytes = (hex) => Uint8Array.from(hex.replaceAll(" ", "").match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
/** @param {string} label @param {string} hex @param {any} [options] */
const decoded = (label, hex, options) => new TextDecoder(label, options).decode(bytes(hex));

/** Section 4.2, without the labels of the encodings that only decode to an error. @type {Record<string, string>} */
const labels = {
  "utf-8": "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8",
  "ibm866": "866 cp866 csibm866 ibm866",
  "iso-8859-2": "csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2",
  "iso-8859-3": "csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3",
  "iso-8859-4": "csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4",
  "iso-8859-5": "csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988",
  "iso-8859-6": "arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 iso-8859-6-e iso-8859-6-i iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987",
  "iso-8859-7": "csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso8859-7 iso88597 iso_8859-7 iso_8859-7:1987 sun_eu_greek",
  "iso-8859-8": "csiso88598e csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-ir-138 iso8859-8 iso88598 iso_8859-8 iso_8859-8:1988 visual",
  "iso-8859-8-i": "csiso88598i iso-8859-8-i logical",
  "iso-8859-10": "csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6",
  "iso-8859-13": "iso-8859-13 iso8859-13 iso885913",
  "iso-8859-14": "iso-8859-14 iso8859-14 iso885914",
  "iso-8859-15": "csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9",
  "iso-8859-16": "iso-8859-16",
  "koi8-r": "cskoi8r koi koi8 koi8-r koi8_r",
  "koi8-u": "koi8-ru koi8-u",
  "macintosh": "csmacintosh mac macintosh x-mac-roman",
  "windows-874": "dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874",
  "windows-1250": "cp1250 windows-1250 x-cp1250",
  "windows-1251": "cp1251 windows-1251 x-cp1251",
  "windows-1252": "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252",
  "windows-1253": "cp1253 windows-1253 x-cp1253",
  "windows-1254": "cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5 windows-1254 x-cp1254",
  "windows-1255": "cp1255 windows-1255 x-cp1255",
  "windows-1256": "cp1256 windows-1256 x-cp1256",
  "windows-1257": "cp1257 windows-1257 x-cp1257",
  "windows-1258": "cp1258 windows-1258 x-cp1258",
  "x-mac-cyrillic": "x-mac-cyrillic x-mac-ukrainian",
  "gbk": "chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk",
  "gb18030": "gb18030",
  "big5": "big5 big5-hkscs cn-big5 csbig5 x-x-big5",
  "euc-jp": "cseucpkdfmtjapanese euc-jp x-euc-jp",
  "iso-2022-jp": "csiso2022jp iso-2022-jp",
  "shift_jis": "csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis",
  "euc-kr": "cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 windows-949",
  "utf-16be": "unicodefffe utf-16be",
  "utf-16le": "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le",
};

for (const [name, list] of Object.entries(labels)) {
  test(`the labels of ${name}`, () => {
    for (const label of list.split(" ")) {
      assertEquals(new TextDecoder(label).encoding, name, label);
      assertEquals(new TextDecoder(`\t\n\f\r ${label.toUpperCase()} `).encoding, name, label);
    }
  });
}

test("labels are trimmed of ASCII white space only", () => {
  for (const label of ["", " ", "utf-8\u00a0", "\u000butf-8", "utf-8\0", "utf 8", "utf-7", "utf-32", "none"]) {
    assertThrows(() => new TextDecoder(label), RangeError);
  }
});

test("the labels of the replacement encoding are refused", () => {
  for (const label of ["csiso2022kr", "hz-gb-2312", "iso-2022-cn", "iso-2022-cn-ext", "iso-2022-kr", "replacement"]) {
    assertThrows(() => new TextDecoder(label), RangeError);
  }
});

test("the constructor converts its arguments in their order", () => {
  assertEquals(new TextDecoder(/** @type {any} */ ({ toString: () => "latin1" })).encoding, "windows-1252");
  assertThrows(() => new TextDecoder(/** @type {any} */ (Symbol("x"))), TypeError);
  assertThrows(() => new TextDecoder(/** @type {any} */ (null)), RangeError);
  for (const options of [5, "x", true]) assertThrows(() => new TextDecoder("utf-8", /** @type {any} */ (options)), TypeError);
  const { fatal, ignoreBOM } = new TextDecoder("utf-8", /** @type {any} */ ({ fatal: 1, ignoreBOM: {} }));
  assertEquals([fatal, ignoreBOM, new TextDecoder("utf-8", /** @type {any} */ (null)).fatal], [true, true, false]);
});

// --- UTF-8 ----------------------------------------------------------------------------------------------------------------

/** What each malformed sequence becomes: one U+FFFD for each maximal part of a character. @type {Record<string, string>} */
const malformed = {
  "ff": "\ufffd", "80": "\ufffd", "c0 80": "\ufffd\ufffd", "c1 bf": "\ufffd\ufffd", "c2": "\ufffd", "c2 41": "\ufffdA", "e0 80 80": "\ufffd\ufffd\ufffd",
  "e0 9f bf": "\ufffd\ufffd\ufffd", "e0 a0": "\ufffd", "e2 82 41": "\ufffdA", "e2 82 e2 82 ac": "\ufffd€", "ed a0 80": "\ufffd\ufffd\ufffd",
  "ed bf bf": "\ufffd\ufffd\ufffd", "f0 80 80 80": "\ufffd\ufffd\ufffd\ufffd", "f0 8f bf bf": "\ufffd\ufffd\ufffd\ufffd", "f0 9f 98": "\ufffd",
  "f0 9f 98 41": "\ufffdA", "f0 9f 41": "\ufffdA", "f4 90 80 80": "\ufffd\ufffd\ufffd\ufffd", "f5 80": "\ufffd\ufffd", "fe fe": "\ufffd\ufffd",
  "61 80 62": "a\ufffdb",
};

test("malformed UTF-8 has one replacement for each maximal part", () => {
  for (const [hex, text] of Object.entries(malformed)) assertEquals(decoded("utf-8", hex), text, hex);
});

test("a fatal decoder throws a TypeError for each of them", () => {
  for (const hex of Object.keys(malformed)) assertThrows(() => decoded("utf-8", hex, { fatal: true }), TypeError);
});

test("in pieces of one byte it is the same", () => {
  for (const [hex, text] of Object.entries({ ...malformed, "f0 9f 98 80 e2 82 ac c3 a9 61": "😀€éa", "ef bb bf 61": "a", "ef bb 61": "\ufffda" })) {
    const decoder = new TextDecoder();
    let result = "";
    for (const byte of bytes(hex)) result += decoder.decode(new Uint8Array([byte]), { stream: true });
    assertEquals(result + decoder.decode(), text, hex);
  }
});

test("the limits of each length", () => {
  assertEquals(decoded("utf-8", "00 7f c2 80 df bf e0 a0 80 ef bf bf f0 90 80 80 f4 8f bf bf"),
    "\0\u007f\u0080\u07ff\u0800\uffff\u{10000}\u{10ffff}");
});

test("only the first byte order mark is dropped, and only that of the encoding", () => {
  assertEquals([decoded("utf-8", "ef bb bf ef bb bf"), decoded("utf-16le", "ff fe ff fe"), decoded("utf-16be", "fe ff 00 61"), decoded("utf-16le", "fe ff"),
    decoded("windows-1252", "ef bb bf")], ["\ufeff", "\ufeff", "a", "\ufffe", "ï»¿"]);
  assertEquals([decoded("utf-8", "ef bb bf 61", { ignoreBOM: true }), decoded("utf-16le", "ff fe 61 00", { ignoreBOM: true })], ["\ufeffa", "\ufeffa"]);
});

test("an end in the middle of a stream starts anew, byte order mark included", () => {
  const decoder = new TextDecoder();
  assertEquals([decoder.decode(bytes("ef bb bf 61"), { stream: true }), decoder.decode(bytes("ef bb bf")), decoder.decode(bytes("ef bb bf 62"))],
    ["a", "\ufeff", "b"]);
});

test("a fatal decoder that threw starts anew", () => {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  decoder.decode(bytes("61 e2"), { stream: true });
  assertThrows(() => decoder.decode(bytes("61")), TypeError);
  assertEquals(decoder.decode(bytes("62")), "b");
});

test("decode takes buffers, shared ones as well, and its options' getter", () => {
  const shared = new Uint8Array(new SharedArrayBuffer(2));
  shared.set([0x61, 0x62]);
  assertEquals([new TextDecoder().decode(shared), new TextDecoder().decode(shared.buffer)], ["ab", "ab"]);
  const error = new RangeError("getter");
  assert(assertThrows(() => new TextDecoder().decode(bytes("61"), { get stream() { throw error; } })) === error);
  for (const input of [5, "x", {}, [], null]) assertThrows(() => new TextDecoder().decode(/** @type {any} */ (input)), TypeError);
});

// --- UTF-16 ---------------------------------------------------------------------------------------------------------------

test("UTF-16 joins surrogates, and replaces lone ones and an odd byte", () => {
  assertEquals(decoded("utf-16le", "3d d8 00 de 61 00"), "😀a");
  assertEquals(decoded("utf-16be", "d8 3d de 00 00 61"), "😀a");
  assertEquals([decoded("utf-16le", "3d d8"), decoded("utf-16le", "00 de 61 00"), decoded("utf-16le", "3d d8 61 00"), decoded("utf-16le", "61"),
    decoded("utf-16le", "3d d8 00")], ["\ufffd", "\ufffda", "\ufffda", "\ufffd", "\ufffd"]);
  for (const hex of ["3d d8", "00 de", "61", "3d d8 3d d8 00 de"]) assertThrows(() => decoded("utf-16le", hex, { fatal: true }), TypeError);
});

test("UTF-16 in pieces of one byte is the same", () => {
  const decoder = new TextDecoder("utf-16le");
  let result = "";
  for (const byte of bytes("ff fe 3d d8 00 de 61 00")) result += decoder.decode(new Uint8Array([byte]), { stream: true });
  assertEquals(result + decoder.decode(), "😀a");
});

// --- single-byte encodings ----------------------------------------------------------------------------------------------------

/** The bytes A1, B5, C7, D3, E6 and F2. @type {Record<string, string>} */
const singleByte = {
  "ibm866": "б╡╟╙цЄ", "iso-8859-2": "ĄľÇÓćň", "iso-8859-3": "ĦµÇÓĉò", "iso-8859-4": "ĄĩĮĶæō", "iso-8859-5": "ЁЕЧгцђ",
  "iso-8859-6": "\ufffd\ufffdاسن\u0652", "iso-8859-7": "‘΅ΗΣζς", "iso-8859-8": "\ufffdµ\ufffd\ufffdזע", "iso-8859-8-i": "\ufffdµ\ufffd\ufffdזע",
  "iso-8859-10": "ĄĩĮÓæō", "iso-8859-13": "”µĒÓęņ", "iso-8859-14": "ḂṁÇÓæò", "iso-8859-15": "¡µÇÓæò", "iso-8859-16": "Ą”ÇÓæò",
  "koi8-r": "║╣гсФР", "koi8-u": "║╣гсФР", "macintosh": "°µ«”ÊÚ", "windows-874": "กตวำๆ๒", "windows-1250": "ˇµÇÓćň",
  "windows-1251": "ЎµЗУжт", "windows-1252": "¡µÇÓæò", "windows-1253": "΅µΗΣζς", "windows-1254": "¡µÇÓæò", "windows-1255": "¡µ\u05b7\u05c3זע",
  "windows-1256": "،µاسوٍ", "windows-1257": "\ufffdµĒÓęņ", "windows-1258": "¡µÇÓæ\u0323", "x-mac-cyrillic": "°µ«”жт",
};

for (const [name, text] of Object.entries(singleByte)) {
  test(`${name} decodes its bytes, ASCII, and replaces what it lacks`, () => {
    assertEquals(decoded(name, "a1 b5 c7 d3 e6 f2"), text);
    assertEquals(decoded(name, "00 09 41 7f"), "\0\tA\u007f");
    if (text.includes("\ufffd")) assertThrows(() => decoded(name, "a1 b5 c7", { fatal: true }), TypeError);
  });
}

test("windows-1252 has controls where other definitions have nothing", () => {
  assertEquals(decoded("latin1", "80 81 8d 8f 90 9d 9f"), "€\u0081\u008d\u008f\u0090\u009dŸ");
});

// --- multi-byte encodings -------------------------------------------------------------------------------------------------------

/** @type {[string, string, string][]} */
const multiByte = [
  ["gbk", "c4 e3 ba c3 80", "你好€"], ["gbk", "81 40", "丂"],
  ["gb18030", "81 30 81 30 90 30 81 30 e3 32 9a 35", "\u0080\u{10000}\u{10ffff}"], ["gb18030", "81 30 84 36 61", "\u00a5a"],
  ["gb18030", "81 30 61", "\ufffd0a"], ["gb18030", "ff 61", "\ufffda"], ["gb18030", "81", "\ufffd"],
  ["big5", "a4 a4 a4 e5", "中文"], ["big5", "88 62 88 a5", "\u00ca\u0304\u00ea\u030c"], ["big5", "81 41", "\ufffdA"], ["big5", "ff", "\ufffd"],
  ["euc-jp", "a4 a2 8e b1 8f b0 a1", "あｱ丂"], ["euc-jp", "a4 61", "\ufffda"], ["euc-jp", "8f b0", "\ufffd"],
  ["shift_jis", "82 a0 b1 88 9f 80", "あｱ亜\u0080"], ["shift_jis", "81 20", "\ufffd "], ["shift_jis", "fc fd", "\ufffd"], ["shift_jis", "5c 7e", "\\~"],
  ["iso-2022-jp", "1b 24 42 24 22 1b 28 42 61", "あa"], ["iso-2022-jp", "1b 28 4a 5c 7e 1b 28 42 5c", "¥‾\\"], ["iso-2022-jp", "1b 28 49 31 1b 28 42", "ｱ"],
  ["iso-2022-jp", "1b 24 42 24", "\ufffd"], ["iso-2022-jp", "80", "\ufffd"],
  ["euc-kr", "c7 d1 b1 db", "한글"], ["euc-kr", "81 41", "갂"], ["euc-kr", "81 20", "\ufffd "],
];

test("the Chinese, Japanese and Korean encodings decode, and replace what is malformed", () => {
  for (const [name, hex, text] of multiByte) assertEquals(decoded(name, hex), text, `${name} ${hex}`);
});

test("they keep their state between pieces of one byte", () => {
  for (const [name, hex, text] of multiByte) {
    const decoder = new TextDecoder(name);
    let result = "";
    for (const byte of bytes(hex)) result += decoder.decode(new Uint8Array([byte]), { stream: true });
    assertEquals(result + decoder.decode(), text, `${name} ${hex}`);
  }
});

test("they throw when fatal", () => {
  for (const [name, hex, text] of multiByte) {
    if (text.includes("\ufffd")) assertThrows(() => decoded(name, hex, { fatal: true }), TypeError);
    else assertEquals(decoded(name, hex, { fatal: true }), text, `${name} ${hex}`);
  }
});

// --- TextEncoder -----------------------------------------------------------------------------------------------------------------

test("encode gives a new array of exactly its bytes", () => {
  const encoder = new TextEncoder();
  const result = encoder.encode("é😀\ud800");
  assert(result instanceof Uint8Array && result !== encoder.encode("é😀\ud800"));
  assertEquals([[...result], result.byteOffset, result.buffer.byteLength], [[0xc3, 0xa9, 0xf0, 0x9f, 0x98, 0x80, 0xef, 0xbf, 0xbd], 0, 9]);
});

test("encodeInto counts code units read and bytes written, and writes whole characters", () => {
  const encoder = new TextEncoder();
  for (const [text, size, read, written] of /** @type {[string, number, number, number][]} */ ([["", 3, 0, 0], ["abc", 2, 2, 2], ["é", 1, 0, 0], ["aé", 2, 1, 1],
    ["€", 3, 1, 3], ["😀", 3, 0, 0], ["😀", 4, 2, 4], ["\ud800", 3, 1, 3], ["\ud800", 2, 0, 0], ["a\udc00b", 5, 3, 5], ["abc", 0, 0, 0]])) {
    const result = encoder.encodeInto(text, new Uint8Array(size));
    assertEquals(result, { read, written }, text);
    assertEquals(Object.keys(result), ["read", "written"]);
  }
});

test("encodeInto leaves the rest of the array, and respects the view's place", () => {
  const whole = new Uint8Array(6).fill(9);
  new TextEncoder().encodeInto("ab", whole.subarray(2, 5));
  assertEquals([...whole], [9, 9, 0x61, 0x62, 9, 9]);
});

test("encodeInto wants a Uint8Array, shared memory is one", () => {
  for (const target of [new ArrayBuffer(2), new Int8Array(2), new DataView(new ArrayBuffer(2)), [0], null, undefined]) {
    assertThrows(() => new TextEncoder().encodeInto("a", /** @type {any} */ (target)), TypeError);
  }
  const shared = new Uint8Array(new SharedArrayBuffer(1));
  new TextEncoder().encodeInto("a", shared);
  assertEquals(shared[0], 0x61);
});
