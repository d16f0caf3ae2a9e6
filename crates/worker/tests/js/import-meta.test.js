import { describe } from "stated:import-meta";
import { setFlags } from "stated:settings";
import { assertEquals, assertThrows, test } from "stated:test";

/** @param {string} name @param {boolean} [main] */
function described(name, main = false) {
  const meta = Object.create(null);
  describe(meta, name, main);
  return meta;
}

test("a module knows where it is", () => {
  const meta = described("lib/a b#1.js");
  assertEquals([meta.main, meta.url, meta.filename, meta.dirname],
    [false, "file:///bundle/lib/a%20b%231.js", "/bundle/lib/a b#1.js", "/bundle/lib"]);
  assertEquals([described("worker.js", true).main, described("./x.js").url], [true, "file:///bundle/x.js"]);
  assertEquals(Object.keys(meta), ["main", "url", "filename", "dirname", "resolve"]);
});

test("specifiers are resolved against it", () => {
  const { resolve } = described("lib/a.js");
  assertEquals([resolve("./b"), resolve("../c?d"), resolve("node:fs"), resolve("http://h")],
    ["file:///bundle/lib/b", "file:///bundle/c?d", "node:fs", "http://h/"]);
  assertThrows(() => resolve("http://["), TypeError, "Invalid module specifier: http://[");
  assertThrows(() => resolve(), TypeError, "import.meta.resolve requires a specifier argument");
});

test("names of Node's modules are resolved where they may be imported", () => {
  const { resolve } = described("a.js");
  setFlags([]);
  assertEquals(resolve("fs"), "file:///bundle/fs");
  setFlags(["nodejs_compat_v2"]);
  assertEquals([resolve("fs"), resolve("fs/promises"), resolve("fss")], ["node:fs", "node:fs/promises", "file:///bundle/fss"]);
  setFlags([]);
});
