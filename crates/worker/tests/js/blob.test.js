import { Blob, File } from "stated:blob";
import { assert, assertEquals, assertThrows, test } from "stated:test";

test("a blob joins parts of every kind", async () => {
  const { buffer } = new Uint8Array([0x62, 0x63]);
  const blob = new Blob(["a", buffer, new DataView(buffer, 1), new Blob(["é"]), 5, null, {}]);
  assertEquals(await blob.text(), "abccé5null[object Object]");
  assertEquals([blob.size, blob.type], [26, ""]);
});

test("a blob is made from any iterable object and nothing else", async () => {
  assertEquals(await new Blob(new Set(["a", "b"])).text(), "ab");
  assertEquals([new Blob().size, new Blob(undefined).size, new Blob([]).size], [0, 0, 0]);
  for (const parts of ["a", {}, null, 5]) {
    assertThrows(() => new Blob(/** @type {any} */ (parts)), TypeError, "Failed to construct 'Blob': constructor parameter 1 is not of type 'Array'.");
  }
});

test("the bytes are copied", async () => {
  const bytes = new Uint8Array([1, 2]);
  const blob = new Blob([bytes]);
  bytes[0] = 9;
  (await blob.bytes())[1] = 9;
  assertEquals([...await blob.bytes()], [1, 2]);
  assertEquals(new Uint8Array(await blob.arrayBuffer()), new Uint8Array([1, 2]));
});

test("the type is lower case ASCII or empty", () => {
  assertEquals([new Blob([], { type: "A/B;C=D" }).type, new Blob([], { type: "é" }).type, new Blob([], { type: "a\tb" }).type], ["a/b;c=d", "", ""]);
});

test("native endings are line feeds", async () => {
  assertEquals(await new Blob(["a\r\nb\rc\n"], { endings: "native" }).text(), "a\nb\nc\n");
  assertEquals(await new Blob(["a\r\nb"]).text(), "a\r\nb");
  assertThrows(() => new Blob([], /** @type {any} */ ({ endings: "x" })), TypeError,
    "The provided value 'x' is not a valid enum value of type EndingType.");
});

test("slice clamps and counts from the end", async () => {
  const blob = new Blob(["abcdef"], { type: "x/y" });
  const cases = [[[], "abcdef"], [[2], "cdef"], [[1, 3], "bc"], [[-3, -1], "de"], [[4, 2], ""], [[-100, 2], "ab"], [[0, 100], "abcdef"], [[NaN, 1], "a"]];
  for (const [args, text] of cases) assertEquals(await blob.slice(.../** @type {[]} */ (args)).text(), text, String(args));
  assertEquals([blob.slice().type, blob.slice(0, 1, "P/Q").type, blob.slice(1, 3).slice(1).size], ["", "p/q", 1]);
});

test("stream delivers the bytes in chunks", async () => {
  const blob = new Blob([new Uint8Array(150_000)]);
  const sizes = [];
  for await (const chunk of blob.stream()) sizes.push(chunk.byteLength);
  assertEquals(sizes, [65_536, 65_536, 18_928]);
  assertEquals(await new Blob([]).stream().getReader().read(), { value: undefined, done: true });
});

test("a stream of a blob serves a reader with its own buffer", async () => {
  const reader = new Blob(["abc"]).stream().getReader({ mode: "byob" });
  const first = await reader.read(new Uint8Array(2));
  assertEquals([first.done, [.../** @type {Uint8Array} */ (first.value)]], [false, [0x61, 0x62]]);
  await reader.read(new Uint8Array(2));
  assertEquals((await reader.read(new Uint8Array(2))).done, true);
});

test("a file has a name and a time", () => {
  const before = Date.now();
  const file = new File(["a"], "n/m", { type: "T/t" });
  assert(file instanceof Blob && file.lastModified >= before);
  assertEquals([file.name, file.type, file.size], ["n/m", "t/t", 1]);
  assertEquals(new File([], "x", { lastModified: 5.7 }).lastModified, 5);
  assertEquals(new File([], /** @type {any} */ (5)).name, "5");
});

test("a file needs parts and a name", () => {
  const message = "Failed to construct 'File': constructor parameter 2 is not of type 'string'.";
  assertThrows(() => new /** @type {any} */ (File)(), TypeError, message);
  assertThrows(() => new /** @type {any} */ (File)([]), TypeError, message);
});

test("the blob classes have the attributes of Web IDL interfaces", () => {
  assertEquals([Blob.length, File.length, `${new Blob()}`, `${new File([], "")}`], [0, 2, "[object Blob]", "[object File]"]);
  assertThrows(() => /** @type {any} */ (Object.getOwnPropertyDescriptor(Blob.prototype, "size")).get.call({}), TypeError);
});
