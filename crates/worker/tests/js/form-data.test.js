import { Blob, File } from "stated:blob";
import { FormData, parseFormData, serializeMultipart } from "stated:form-data";
import { TextDecoder, TextEncoder } from "stated:encoding";
import { assert, assertEquals, assertThrows, test } from "stated:test";

const bytes = (text) => new TextEncoder().encode(text);
const parse = (text, type = "multipart/form-data; boundary=b") => parseFormData(bytes(text), type);

test("append, set, delete and the look-ups", () => {
  const form = new FormData();
  form.append("a", "1");
  form.append("b", "2");
  form.append("a", "3");
  assertEquals([form.get("a"), form.getAll("a"), form.has("b"), form.get("c"), form.getAll("c"), form.has("c")],
    ["1", ["1", "3"], true, null, [], false]);
  form.set("a", "x");
  assertEquals([...form], [["a", "x"], ["b", "2"]]);
  form.set("c", "y");
  form.delete("b");
  assertEquals([...form.keys()], ["a", "c"]);
});

test("values become strings or files", () => {
  const form = new FormData();
  form.append("n", 5);
  form.append("o", { toString: () => "text" });
  form.append("blob", new Blob(["x"], { type: "a/b" }));
  form.append("named", new Blob(["x"]), "name.txt");
  const file = new File(["y"], "f", { lastModified: 7 });
  form.append("file", file);
  form.append("renamed", file, "g");
  assertEquals([form.get("n"), form.get("o")], ["5", "text"]);
  const blob = /** @type {File} */ (form.get("blob"));
  assert(blob instanceof File);
  assertEquals([blob.name, blob.type], ["blob", "a/b"]);
  assertEquals(/** @type {File} */ (form.get("named")).name, "name.txt");
  assert(form.get("file") === file);
  const renamed = /** @type {File} */ (form.get("renamed"));
  assertEquals([renamed.name, renamed.lastModified], ["g", 7]);
});

test("missing arguments are TypeErrors", () => {
  const form = /** @type {any} */ (new FormData());
  assertThrows(() => form.append("a"), TypeError, "Failed to execute 'append' on 'FormData': parameter 2 is not of type 'File or Blob or string'.");
  assertThrows(() => form.get(), TypeError, "Failed to execute 'get' on 'FormData': parameter 1 is not of type 'string'.");
});

test("iterators and forEach go over the entries", () => {
  const form = new FormData();
  form.append("a", "1");
  const seen = [];
  form.forEach((value, name) => seen.push(value, name));
  assertEquals([seen, [...form.values()], `${form}`, Object.prototype.toString.call(form.entries())],
    [["1", "a"], ["1"], "[object FormData]", "[object FormData Iterator]"]);
});

test("multipart is written as the HTML standard says", () => {
  const form = new FormData();
  form.append('a"\n', "b\nc\r\nd\re");
  form.append("f", new Blob(["z"]), 'q".txt');
  form.append("t", new File(["é"], "ü", { type: "text/x" }));
  const { bytes: body, type } = serializeMultipart(form);
  const boundary = type.slice("multipart/form-data; boundary=".length);
  assert(/^[0-9a-f]{32}$/.test(boundary));
  assertEquals(new TextDecoder().decode(body), [
    `--${boundary}`, 'Content-Disposition: form-data; name="a%22%0D%0A"', "", "b\r\nc\r\nd\r\ne",
    `--${boundary}`, 'Content-Disposition: form-data; name="f"; filename="q%22.txt"', "Content-Type: application/octet-stream", "", "z",
    `--${boundary}`, 'Content-Disposition: form-data; name="t"; filename="ü"', "Content-Type: text/x", "", "é",
    `--${boundary}--`, ""].join("\r\n"));
});

test("what is written can be read", async () => {
  const form = new FormData();
  form.append("text", "line\r\nline --b");
  form.append('q"uo\r\nte', "é");
  form.append("file", new File([new Uint8Array([0, 13, 10, 255, 45, 45])], 'a"b', { type: "x/y" }));
  form.append("empty", new File([], ""));
  const { bytes: body, type } = serializeMultipart(form);
  const read = parseFormData(body, type);
  assertEquals([...read.keys()], ["text", 'q"uo\r\nte', "file", "empty"]);
  assertEquals([read.get("text"), read.get('q"uo\r\nte')], ["line\r\nline --b", "é"]);
  const file = /** @type {File} */ (read.get("file"));
  assertEquals([file.name, file.type, [...await file.bytes()]], ['a"b', "x/y", [0, 13, 10, 255, 45, 45]]);
  // As in Workers, and unlike the standard.
  assertEquals(read.get("empty"), "");
});

test("multipart with bare line feeds, a preamble and no final line break is read", () => {
  const text = 'preamble\n--b\nContent-Disposition: form-data; name="a"\n\nx\n--b--';
  assertEquals([...parse(text)], [["a", "x"]]);
});

test("a boundary in the middle of a line is content", () => {
  assertEquals(parse('--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx --b y\r\n--b--').get("a"), "x --b y");
  assertEquals(parse('--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--bb\r\n--b--').get("a"), "x\r\n--bb");
});

test("the boundary may be quoted and the type in any case", () => {
  const text = '--b c\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--b c--';
  assertEquals(parse(text, 'Multipart/Form-Data; charset=x; Boundary="b c"').get("a"), "x");
});

test("a part with a file name is a file, without a type unless it has one, and an empty name is none", () => {
  const form = parse('--b\r\ncontent-disposition: form-data; name=a; filename="f"\r\n\r\nx\r\n--b--');
  const file = /** @type {File} */ (form.get("a"));
  assertEquals([file.name, file.type, file.size], ["f", "", 1]);
  assertEquals(parse('--b\r\ncontent-disposition: form-data; name=a; filename=""\r\n\r\n\r\n--b--').get("a"), "");
});

test("urlencoded bodies are read", () => {
  assertEquals([...parse("a=1&b=%C3%A9+x&a=2", "application/x-www-form-urlencoded;charset=UTF-8")], [["a", "1"], ["b", "é x"], ["a", "2"]]);
  assertEquals([...parse("", "application/x-www-form-urlencoded")], []);
});

test("each way of being malformed has its text", () => {
  const disposition = 'Content-Disposition: form-data; name="a"';
  const cases = [
    ["zzz", "No initial boundary string (or you have a truncated message)."],
    [`--b\r\n${disposition}\r\n\r\nx`, "No subsequent boundary string after multipart message."],
    ["--b", "No subsequent boundary string after multipart message."],
    ["--b\r\nX: y\r\n\r\nx\r\n--b--", "No valid Content-Disposition header found in FormData part."],
    ["--b\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n--b--",
      'Content-Disposition header for FormData part must have the value "form-data", possibly followed by parameters. Got: "attachment"'],
    ["--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--", "Content-Disposition header in FormData part is missing a name."],
  ];
  for (const [text, message] of cases) assertThrows(() => parse(text), TypeError, message);
});

test("each unsuitable Content-Type has its text", () => {
  assertThrows(() => parseFormData(bytes(""), null), TypeError, "Parsing a Body as FormData requires a Content-Type header.");
  assertThrows(() => parse("", "text/plain"), TypeError, "Unrecognized Content-Type header value. FormData can only parse the following "
    + "MIME types: multipart/form-data, application/x-www-form-urlencoded");
  assertThrows(() => parse("", "multipart/form-data"), TypeError, "No boundary string in Content-Type header. The multipart/form-data "
    + "MIME type requires a boundary parameter, e.g. 'Content-Type: multipart/form-data; boundary=\"abcd\"'. See RFC 7578, section 4.");
});
