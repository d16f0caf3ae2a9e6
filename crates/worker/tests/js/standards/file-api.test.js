/**
 * Blob, File and FormData, after the File API and the XMLHttpRequest standard, with multipart/form-data of the Fetch standard.
 *
 * @module
 */

import { Blob, File } from "stated:blob";
import { FormData } from "stated:form-data";
import { Response } from "stated:response";
import { assert, assertEquals, assertRejects, assertThrows, test } from "stated:test";

/** @param {any} blob */
const text = (blob) => blob.text();

// --- Blob ----------------------------------------------------------------------------------------------------------------

test("the parts are any iterable, and absent is none", async () => {
  assertEquals([new Blob().size, new Blob(undefined).size, new Blob([]).size, await text(new Blob(["a", "b"]))], [0, 0, 0, "ab"]);
  for (const parts of [null, 5, "ab", true, {}, () => {}, new Blob()]) assertThrows(() => new Blob(/** @type {any} */ (parts)), TypeError);
});

test("a part is bytes, a blob, or is converted to a string", async () => {
  const { buffer } = new Uint8Array([0x61, 0x62, 0x63]);
  const parts = [buffer, new DataView(buffer, 1, 1), new Uint8Array(buffer, 2), new Blob(["x"]), 5, null, undefined, {}, "é"];
  assertEquals(await text(new Blob(/** @type {any} */ (parts))), "abcbcx5nullundefined[object Object]é");
});

test("lone surrogates are U+FFFD, shared memory is text", async () => {
  assertEquals([await text(new Blob(["\ud800"])), await text(new Blob(/** @type {any} */ ([new SharedArrayBuffer(1)])))],
    ["\ufffd", "[object SharedArrayBuffer]"]);
});

test("a part whose toString throws comes through, and later ones are not looked at", () => {
  const error = new RangeError("part");
  let later = 0;
  const parts = [{ toString() { throw error; } }, { toString() { later++; return ""; } }];
  assert(assertThrows(() => new Blob(/** @type {any} */ (parts))) === error);
  assertEquals(later, 0);
});

test("bytes are copied when the blob is made", async () => {
  const bytes = new Uint8Array([0x61]);
  const blob = new Blob([bytes]);
  bytes[0] = 0x62;
  assertEquals(await text(blob), "a");
});

test("the type is in lower case, and nothing when it has other than printable ASCII", () => {
  for (const [type, expected] of /** @type {[any, string][]} */ ([["A/B", "a/b"], ["a\u00e9", ""], ["a\n", ""], [null, "null"], [undefined, ""], [5, "5"], ["\u0130", ""]])) {
    assertEquals(new Blob([], { type }).type, expected);
  }
});

test("the options are an object, null or absent", () => {
  for (const options of [5, "x", true]) assertThrows(() => new Blob([], /** @type {any} */ (options)), TypeError);
  new Blob([], /** @type {any} */ (null));
  new Blob([], /** @type {any} */ (() => {}));
});

test("slice counts from the end for negative numbers, and never goes beyond", async () => {
  const blob = new Blob(["abcd"]);
  const slices = /** @type {[any[], string][]} */ ([[[], "abcd"], [[1], "bcd"], [[-2], "cd"], [[1, -1], "bc"], [[3, 1], ""], [[0, 99], "abcd"], [[-99, 2], "ab"],
    [[NaN], "abcd"], [["1"], "bcd"], [[null, 2], "ab"], [[undefined, undefined], "abcd"], [[4], ""], [[0, 0], ""]]);
  for (const [given, expected] of slices) assertEquals(await text(blob.slice(...given)), expected, JSON.stringify(given));
});

test("a slice has the type that is given for it, and none otherwise", () => {
  const blob = new Blob(["abcd"], { type: "a/b" });
  assertEquals([blob.slice().type, blob.slice(0, 1, "C/D").type, blob.slice(0, 1, "é").type, blob.slice(0, 1, undefined).type], ["", "c/d", "", ""]);
});

test("a slice of a slice", async () => {
  assertEquals(await text(new Blob(["abcdef"]).slice(1, 5).slice(1, -1)), "cd");
});

test("text decodes UTF-8 and drops a byte order mark, as a body does", async () => {
  assertEquals(await text(new Blob([new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0xff])])), "a\ufffd");
});

test("arrayBuffer and bytes are copies", async () => {
  const blob = new Blob(["a"]);
  new Uint8Array(await blob.arrayBuffer())[0] = 0;
  (await blob.bytes())[0] = 0;
  assertEquals(await text(blob), "a");
});

test("stream is a new byte stream each time", async () => {
  const blob = new Blob(["abc"]);
  assert(blob.stream() !== blob.stream());
  const reader = blob.stream().getReader({ mode: "byob" });
  const seen = [];
  for (let result = await reader.read(new Uint8Array(2)); !result.done; result = await reader.read(new Uint8Array(2))) seen.push([...result.value]);
  assertEquals(seen, [[0x61, 0x62], [0x63]]);
  assertEquals((await new Blob().stream().getReader().read()).done, true);
});

test("endings native turns line ends to LF, in strings only", async () => {
  assertEquals(await text(new Blob(["a\r\nb\rc\n", new Blob(["d\r\n"])], { endings: "native" })), "a\nb\nc\nd\r\n");
  assertThrows(() => new Blob([], { endings: /** @type {any} */ ("x") }), TypeError);
});

// --- File ----------------------------------------------------------------------------------------------------------------------

test("a file needs its parts and its name", () => {
  for (const given of [[], [[]], [undefined, "n"], ["ab", "n"], [null, "n"]]) assertThrows(() => new /** @type {any} */ (File)(...given), TypeError);
  const file = new File(["ab"], "n.txt", { type: "T/X", lastModified: 7 });
  assertEquals([file.name, file.type, file.lastModified, file.size, `${file}`, file instanceof Blob], ["n.txt", "t/x", 7, 2, "[object File]", true]);
});

test("a name is converted to a string of whole characters, slashes stay", () => {
  assertEquals([new File([], /** @type {any} */ (5)).name, new File([], "a/b\ud800").name, new File([], "").name], ["5", "a/b\ufffd", ""]);
});

test("lastModified is now by default, and converted to an integer", () => {
  const before = Date.now();
  const { lastModified } = new File([], "n");
  assert(lastModified >= before - 1 && lastModified <= Date.now() + 1);
  for (const [given, expected] of /** @type {[any, number][]} */ ([["7", 7], [NaN, 0], [null, 0], [-5, -5], [new Date(9), 9]])) {
    assertEquals(new File([], "n", { lastModified: given }).lastModified, expected);
  }
});

test("a slice of a file is a Blob", () => {
  const slice = new File(["ab"], "n").slice(0, 1);
  assert(slice instanceof Blob && !(slice instanceof File));
});

// --- FormData -------------------------------------------------------------------------------------------------------------------

test("append and set need a name and a value", () => {
  for (const method of ["append", "set"]) {
    const form = /** @type {any} */ (new FormData());
    assertThrows(() => form[method](), TypeError);
    assertThrows(() => form[method]("a"), TypeError);
    assertThrows(() => form[method](Symbol("x"), "b"), TypeError);
    form[method]("a", undefined);
    assertEquals(form.get("a"), "undefined");
  }
});

test("strings are made of whole characters", () => {
  const form = new FormData();
  form.append("a\ud800", "\udc00");
  assertEquals([...form], [["a\ufffd", "\ufffd"]]);
});

// The standard's file is called blob.
test("a blob becomes a file called like its field, with the same bytes and type", async () => {
  const form = new FormData();
  form.append("a", new Blob(["x"], { type: "t/u" }));
  const file = /** @type {any} */ (form.get("a"));
  assert(file instanceof File && form.get("a") === file);
  assertEquals([file.name, file.type, await file.text()], ["a", "t/u", "x"]);
});

test("a file is kept as it is, and gets another name by the third argument", () => {
  const form = new FormData();
  const file = new File(["x"], "n", { type: "t/u", lastModified: 5 });
  form.append("a", file);
  form.append("b", file, "m");
  assert(form.get("a") === file);
  const renamed = /** @type {any} */ (form.get("b"));
  assertEquals([renamed.name, renamed.type, renamed.lastModified], ["m", "t/u", 5]);
});

test("get gives the first or null, getAll all, has tells", () => {
  const form = new FormData();
  form.append("a", "1");
  form.append("b", "2");
  form.append("a", "3");
  assertEquals([form.get("a"), form.get("c"), form.getAll("a"), form.getAll("c"), form.has("b"), form.has("B")], ["1", null, ["1", "3"], [], true, false]);
});

test("set replaces the first and removes the rest; delete removes all", () => {
  const form = new FormData();
  for (const [name, value] of [["a", "1"], ["b", "2"], ["a", "3"]]) form.append(name, value);
  form.set("a", "x");
  form.set("c", "y");
  assertEquals([...form], [["a", "x"], ["b", "2"], ["c", "y"]]);
  form.delete("a");
  form.delete("none");
  assertEquals([...form.keys()], ["b", "c"]);
});

test("iteration is live", () => {
  const form = new FormData();
  form.append("a", "1");
  form.append("b", "2");
  const seen = [];
  for (const [name] of form) {
    seen.push(name);
    if (name === "a") form.append("c", "3");
  }
  assertEquals(seen, ["a", "b", "c"]);
});

// --- multipart/form-data --------------------------------------------------------------------------------------------------------

/** @param {string} body @param {string} [type] */
async function parsed(body, type = "multipart/form-data; boundary=B") {
  const form = await new Response(body, { headers: { "content-type": type } }).formData();
  const entries = [];
  for (const [name, value] of form) entries.push([name, typeof value === "string" ? value : [value.name, value.type, await value.text()]]);
  return entries;
}

/** @param {string} headers @param {string} content */
const part = (headers, content) => `--B\r\n${headers}\r\n\r\n${content}\r\n`;
const field = 'Content-Disposition: form-data; name="a"';

test("a form goes out and comes in the same, whatever its names and values hold", async () => {
  const form = new FormData();
  form.append('q"uote', 'v"alue');
  form.append("line\r\nbreak", "--boundary\r\n\r\n");
  form.append("é😀", "ü\0");
  form.append("f", new File([new Uint8Array([0, 255, 13, 10])], 'n"\r\n.bin', { type: "a/b" }));
  form.append("empty", new File([], ""));
  const response = new Response(form);
  const back = await response.formData();
  assertEquals([...back.keys()], ['q"uote', "line\r\nbreak", "é😀", "f", "empty"]);
  assertEquals([back.get('q"uote'), back.get("line\r\nbreak"), back.get("é😀")], ['v"alue', "--boundary\r\n\r\n", "ü\0"]);
  const file = /** @type {any} */ (back.get("f"));
  assertEquals([file.name, file.type, [...await file.bytes()]], ['n"\r\n.bin', "a/b", [0, 255, 13, 10]]);
  // The standard's is a file.
  assertEquals(back.get("empty"), "");
});

test("names are escaped and line breaks of names and values are CRLF on the wire", async () => {
  const form = new FormData();
  form.append('a"\nb', "x\ny\rz");
  form.append("f", new Blob(["q\n"]), 'n"\r');
  const response = new Response(form);
  const boundary = /** @type {any} */ (/boundary=(.*)$/.exec(/** @type {any} */ (response.headers.get("content-type"))))[1];
  assertEquals((await response.text()).replaceAll(boundary, "B"), '--B\r\nContent-Disposition: form-data; name="a%22%0D%0Ab"\r\n\r\nx\r\ny\r\nz\r\n'
    + '--B\r\nContent-Disposition: form-data; name="f"; filename="n%22%0D"\r\nContent-Type: application/octet-stream\r\n\r\nq\n\r\n--B--\r\n');
});

test("each form has a boundary of its own, and an empty form only the end", async () => {
  const [first, second] = [new Response(new FormData()), new Response(new FormData())];
  assert(first.headers.get("content-type") !== second.headers.get("content-type"));
  assert(/^--\w+--\r\n$/.test(await first.text()));
});

test("the end may lack its line break, and what is around the form is ignored", async () => {
  for (const body of [`${part(field, "x")}--B--\r\n`, `${part(field, "x")}--B--`, `before\r\n${part(field, "x")}--B--\r\nafter`]) {
    assertEquals(await parsed(body), [["a", "x"]]);
  }
});

test("an empty form has no entries", async () => {
  for (const body of ["--B--\r\n", "--B--"]) assertEquals(await parsed(body), []);
});

test("a body that is cut off is a TypeError", async () => {
  for (const body of ["", "x", "--B", "--B\r\n", `--B\r\n${field}`, `--B\r\n${field}\r\n\r\n`, part(field, "x"), "--B\r\n--B--"]) {
    await assertRejects(parsed(body), TypeError);
  }
});

test("LF alone ends a line, as in Workers", async () => {
  assertEquals(await parsed(`--B\n${field}\n\nx\n--B--\n`), [["a", "x"]]);
});

test("a part needs a Content-Disposition of form-data with a name", async () => {
  for (const headers of ["Content-Type: text/plain", "Content-Disposition: form-data", 'Content-Disposition: attachment; name="a"']) {
    await assertRejects(parsed(`${part(headers, "x")}--B--`), TypeError);
  }
});

// The standard's type is text/plain.
test("a part with a filename is a file, without a type unless it says one", async () => {
  assertEquals(await parsed(`${part(`${field}; filename="f"`, "x")}${part(`${field}; filename="g"\r\nContent-Type: A/B`, "y")}--B--`),
    [["a", ["f", "", "x"]], ["a", ["g", "a/b", "y"]]]);
});

test("escapes in names are undone, other percent signs stay", async () => {
  assertEquals(await parsed(`${part('Content-Disposition: form-data; name="a%22%0D%0Ab%20c%"', "x")}--B--`), [['a"\r\nb%20c%', "x"]]);
});

test("names and texts are UTF-8, and a text keeps its byte order mark", async () => {
  assertEquals(await parsed(`${part('Content-Disposition: form-data; name="é"', "\ufeffü")}--B--`), [["é", "\ufeffü"]]);
});

test("the boundary counts only at the start of a line", async () => {
  assertEquals(await parsed(`${part(field, "x--B y--B--")}--B--`), [["a", "x--B y--B--"]]);
});

test("line breaks belong to the content, but for the last", async () => {
  assertEquals(await parsed(`${part(field, "\r\n")}${part(field, "")}${part(field, "x\r\n\r\n")}--B--`), [["a", "\r\n"], ["a", ""], ["a", "x\r\n\r\n"]]);
});

test("other headers of a part are ignored", async () => {
  assertEquals(await parsed(`${part(`X-Other: 1\r\n${field}\r\nContent-Transfer-Encoding: base64`, "eA==")}--B--`), [["a", "eA=="]]);
});

test("the boundary may be quoted and hold odd characters, and stand among other parameters", async () => {
  for (const type of ['multipart/form-data; boundary="B"', "Multipart/Form-Data;charset=utf-8; BOUNDARY=B ;x=y", "multipart/form-data;boundary=B;boundary=C"]) {
    assertEquals(await parsed(`${part(field, "x")}--B--`, type), [["a", "x"]]);
  }
  const odd = "'()+_,-./:=? x";
  assertEquals(await parsed(`--${odd}\r\n${field}\r\n\r\ny\r\n--${odd}--`, `multipart/form-data; boundary="${odd}"`), [["a", "y"]]);
});

test("no boundary, an empty one, or another type is a TypeError", async () => {
  for (const type of ["multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=B", "text/plain", "x", "multipart/form-data boundary=B"]) {
    await assertRejects(parsed(`${part(field, "x")}--B--`, type), TypeError);
  }
});

test("a form in a URL's encoding is parsed as one", async () => {
  assertEquals(await parsed("a=1&b=2+3&c=%C3%A9&d&=e&a=4", "application/x-www-form-urlencoded"),
    [["a", "1"], ["b", "2 3"], ["c", "é"], ["d", ""], ["", "e"], ["a", "4"]]);
  assertEquals(await parsed("\ufeffa=\ufeff", "application/x-www-form-urlencoded;charset=utf8"), [["\ufeffa", "\ufeff"]]);
  // The standard does not look at the charset.
  await assertRejects(parsed("a=1", "application/x-www-form-urlencoded;charset=latin1"), TypeError, "Non-utf-8 application/x-www-form-urlencoded body.");
  assertEquals(await parsed("", "application/x-www-form-urlencoded"), []);
});
