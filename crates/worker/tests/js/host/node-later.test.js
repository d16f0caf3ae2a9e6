/**
 * What Node has since 22. Node 22 shows that all of it is so, in the folder above:
 *
 *     STATED_NODE_MODULES=node node --import ./node/register.mjs --test host/node-later.test.js
 *
 * @module
 */

import assertions from "stated:node/assert";
import strictly from "stated:node/assert/strict";
import fs from "stated:node/fs";
import module from "stated:node/module";
import net from "stated:node/net";
import path from "stated:node/path";
import types from "stated:node/util/types";
import util from "stated:node/util";
import v8 from "stated:node/v8";
import zlib from "stated:node/zlib";
import wt from "stated:node/worker_threads";
import { assert, assertEquals, assertThrows, test } from "stated:test";

const has = (actual, expected) => {
  try {
    assertions.partialDeepStrictEqual(actual, expected);
    return true;
  } catch (error) {
    if (error.code !== "ERR_ASSERTION") throw error;
    return false;
  }
};

test("a partial comparison lets there be more", () => {
  const more = [
    [{ a: 1, b: 2 }, { a: 1 }], [{ a: { b: { c: 1 }, d: 1 } }, { a: { b: {} } }], [[1, 2, 3, 4], [2, 4]], [[{ a: 1, b: 1 }], [{ a: 1 }]],
    [[1, 2], []], [[1, 2, 3], [, 3]], [new Set([1, { a: 1, b: 1 }]), new Set([{ a: 1 }])], [new Map([["a", { b: 1, c: 1 }], ["d", 1]]), new Map([["a", { b: 1 }]])],
    [new Map([[{ k: 1 }, 1]]), new Map([[{ k: 1 }, 1]])], [Object.assign([1], { x: 1 }), [1]], [new Error("a", { cause: 1 }), new Error("a")],
    [new Error("a"), new Error("")], [Object.create({ p: 1 }, { a: { value: 1, enumerable: true } }), { a: 1 }],
    [new Uint8Array([1, 2, 3]), new Uint8Array([1, 3])], [new Uint8Array([1, 2]).buffer, new Uint8Array([2]).buffer], [{ [Symbol.iterator]: 1, a: 1 }, { [Symbol.iterator]: 1 }],
    [NaN, NaN], [new Date(0), new Date(0)], [/a/g, /a/g], [Object(1), Object(1)],
  ];
  for (const [index, [actual, expected]] of more.entries()) assert(has(actual, expected), `${index}`);
  const [left, right] = [{ a: 1 }, {}];
  left.self = left;
  right.self = right;
  assert(has(left, right));
});

test("a partial comparison is strict about what is expected", () => {
  const less = [
    [{ a: 1 }, { a: 1, b: 2 }], [{ a: 1 }, { a: "1" }], [{ a: 1 }, { a: undefined, b: undefined }], [[1, 2, 3], [3, 1]], [[1], [1, 1]], [[], {}],
    [new Set([1]), new Set([1, 2])], [new Set([1]), new Set(["1"])], [new Map([["a", 1]]), new Map([["a", 2]])], [new Map([["a", 1]]), new Map([["b", 1]])], [0, -0],
    [new Error("a"), new Error("b")], [new Error("a"), new TypeError("a")], [new Date(0), new Date(1)], [/a/g, /a/], [new Uint8Array([1]), new Int8Array([1])],
    [new Uint8Array([1, 2]), new Uint8Array([2, 1])], [{ a: 1 }, { [Symbol.iterator]: 1 }], [{}, null], [1, {}],
  ];
  for (const [index, [actual, expected]] of less.entries()) assert(!has(actual, expected), `${index}`);
  assertEquals(assertThrows(() => assertions.partialDeepStrictEqual({}), TypeError).code, "ERR_MISSING_ARGS");
  const error = assertThrows(() => strictly.partialDeepStrictEqual({ a: 1 }, { a: 2 }), assertions.AssertionError);
  assertEquals([error.operator, error.actual, error.expected], ["partialDeepStrictEqual", { a: 1 }, { a: 2 }]);
  assert(assertThrows(() => assertions.partialDeepStrictEqual(1, 2, "mine"), Error).message.startsWith("mine"));
});

test("paths match patterns", () => {
  const cases = [
    ["/a/b", "/a/*", true], ["/a/b/c", "/a/*", false], ["/a/b/c", "/a/**", true], ["/a", "/a/**", false], ["a/x/y/b", "a/**/b", true], ["a/b", "a/**/b", true],
    ["a/.x/b", "a/**/b", false], [".x", "*", false], [".x", ".*", true], ["ab", "a?", true], ["a", "a?", false], ["b", "[ab]", true], ["c", "[!ab]", true], ["a", "[^a]", false],
    ["b1", "[a-c][[:digit:]]", true], ["a]", "a]", true], ["a[", "a[", true], ["-", "[a-]", true], ["b", "{a,b}", true], ["x/b/y", "x/{a,b/y}", true], ["ac", "a{b,{c,d}}", true],
    ["3", "{1..3}", true], ["4", "{1..3}", false], ["05", "{01..10..2}", true], ["b", "{c..a}", true], ["{a}", "{a}", true], ["a", "@(a|b)", true], ["aab", "+(a|b)", true],
    ["c.js", "!(a|b).js", true], ["a.js", "!(a|b).js", false], ["", "?(a)b", false], ["b", "?(a)b", true], ["ab", "*(a)b", true], ["a/./b", "a/b", true], ["a/b/../c", "a/c", true],
    ["a//b", "a/b", true], ["a/", "a", true], ["a", "a/", false], ["", "", true], ["a", "", false], ["a.b", "a.b", true], ["axb", "a.b", false], ["a\nb", "a*b", true],
    ["a/b/c", "**", true], ["a", "**/a", true], ["a/b/c", "**/**/c", true],
  ];
  for (const [file, pattern, expected] of cases) assertEquals(path.matchesGlob(file, pattern), expected, `${file} ${pattern}`);
  assertEquals([path.win32.matchesGlob("a\\b\\c", "a/**"), path.win32.matchesGlob("C:\\a", "c:\\*"), path.posix.matchesGlob("a\\b", "a/b")], [true, true, false]);
  assertEquals([assertThrows(() => path.matchesGlob(1, "a"), TypeError).message, assertThrows(() => path.matchesGlob("a"), TypeError).message],
    ['The "path" argument must be of type string. Received type number (1)', 'The "pattern" argument must be of type string. Received undefined']);
});

test("a pattern that has many ways to fail fails soon", () => {
  const depth = 60;
  assert(!path.matchesGlob("a/".repeat(depth), `${"**/a/".repeat(depth / 2)}b`));
});

const folder = "/tmp/glob-of-test";
function fill() {
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(`${folder}/a/b/c`, { recursive: true });
  fs.mkdirSync(`${folder}/d`);
  fs.mkdirSync(`${folder}/.hidden`);
  for (const name of ["a/1.txt", "a/b/2.txt", "a/b/c/3.md", "d/4.txt", ".hidden/5.txt", "top.txt"]) fs.writeFileSync(`${folder}/${name}`, "");
}

test("files and folders are found by patterns", () => {
  fill();
  const cases = [
    ["*", ["a", "d", "top.txt"]], ["**", [".", "a", "a/1.txt", "a/b", "a/b/2.txt", "a/b/c", "a/b/c/3.md", "d", "d/4.txt", "top.txt"]], ["a/**", ["a", "a/1.txt", "a/b", "a/b/2.txt", "a/b/c", "a/b/c/3.md"]],
    ["**/*.txt", ["a/1.txt", "a/b/2.txt", "d/4.txt", "top.txt"]], ["*/", ["a", "d"]], ["a/*/", ["a/b"]], [".*", [".hidden"]], [".hidden/*", [".hidden/5.txt"]], ["{a,d}/*.txt", ["a/1.txt", "d/4.txt"]],
    ["./a", ["a"]], ["a/../d/*", ["d/4.txt"]], ["../glob-of-test/d/*", ["../glob-of-test/d/4.txt"]], [`${folder}/d/*`, [`${folder}/d/4.txt`]], ["a/**/c", ["a/b/c"]], ["none/*", []], ["", []],
    [["d/*", "a/*", "d/4*"], ["a/1.txt", "a/b", "d/4.txt"]], ["**/", [".", "a", "a/b", "a/b/c", "d"]], ["top.txt/*", []],
  ];
  for (const [pattern, expected] of cases) assertEquals(fs.globSync(pattern, { cwd: folder }).sort(), expected, `${pattern}`);
  assertEquals(fs.globSync("glob-of-test/d/*", { cwd: new URL("file:///tmp/") }), ["glob-of-test/d/4.txt"]);
});

test("what is excluded is not found and not walked through", () => {
  fill();
  const all = (exclude) => fs.globSync("**/*.txt", { cwd: folder, exclude }).sort();
  assertEquals([all((name) => name === "b"), all((name) => name === "a"), all(["a/**"])],
    [["a/1.txt", "d/4.txt", "top.txt"], ["d/4.txt", "top.txt"], ["d/4.txt", "top.txt"]]);
  assertEquals(assertThrows(() => all(1), TypeError).message, 'The "options.exclude" property must be of type function or string[]. Received type number (1)');
});

test("globs give entries, call back and iterate", async () => {
  fill();
  const [file, inner] = fs.globSync("a/*", { cwd: folder, withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  assertEquals([file.name, file.isFile(), file.parentPath.endsWith("a"), inner.name, inner.isDirectory()], ["1.txt", true, true, "b", true]);
  assertEquals(await new Promise((resolve) => { fs.glob("d/*", { cwd: folder }, (error, found) => resolve([error, found])); }), [null, ["d/4.txt"]]);
  const found = [];
  for await (const name of fs.promises.glob("d/*", { cwd: folder })) found.push(name);
  assertEquals(found, ["d/4.txt"]);
  assertEquals(await new Promise((resolve) => { fs.glob(`${folder}/d/*`, (error, names) => resolve([error, names])); }), [null, [`${folder}/d/4.txt`]]);
});

test("globs refuse what is no pattern", () => {
  assertEquals(assertThrows(() => fs.globSync(1), TypeError).message, 'The "patterns" argument must be of type string. Received type number (1)');
  assertEquals([assertThrows(() => fs.globSync("*", 1), TypeError).code, assertThrows(() => fs.glob("*"), TypeError).message],
    ["ERR_INVALID_ARG_TYPE", 'The "cb" argument must be of type function. Received undefined']);
});

test("links are found and not followed by a pattern for any depth", () => {
  fill();
  fs.symlinkSync(`${folder}/a`, `${folder}/d/link`);
  fs.symlinkSync(`${folder}/d`, `${folder}/d/loop`);
  assertEquals(fs.globSync("d/**", { cwd: folder }).sort(), ["d", "d/4.txt", "d/link", "d/loop"]);
  assertEquals(fs.globSync("d/link/*", { cwd: folder }).sort(), ["d/link/1.txt", "d/link/b"]);
});

test("errors of the system have messages", () => {
  assertEquals([util.getSystemErrorMessage(-2), util.getSystemErrorMessage(-99999), util.getSystemErrorName(-99999)],
    ["no such file or directory", "Unknown system error -99999", "Unknown system error -99999"]);
  assertEquals(assertThrows(() => util.getSystemErrorMessage(1), RangeError).code, "ERR_OUT_OF_RANGE");
});

test("modules say what they have", () => {
  assertEquals([module.constants.compileCacheStatus.ALREADY_ENABLED, { ...module.getSourceMapsSupport() }], [2, { enabled: false, nodeModules: false, generatedCode: false }]);
  assertEquals([module.getCompileCacheDir(), module.flushCompileCache(), typeof module._cache], [undefined, undefined, "object"]);
});

test("smaller additions are there", () => {
  assertEquals([types.isFloat16Array(new Uint8Array(1)), wt.isInternalThread, wt.isMarkedAsUntransferable({}), wt.markAsUncloneable({})], [false, false, false, undefined]);
  assertEquals([v8.isStringOneByteRepresentation("a\xff"), v8.isStringOneByteRepresentation("\u0100")], [true, false]);
  assertEquals(assertThrows(() => v8.isStringOneByteRepresentation(1), TypeError).code, "ERR_INVALID_ARG_TYPE");
  assertEquals([zlib.constants.ZSTD_c_windowLog, zlib.ZSTD_e_end], [101, 2]);
});

test("lists of addresses are written and read", () => {
  const list = new net.BlockList();
  list.addAddress("1.1.1.1");
  list.addRange("2.0.0.1", "2.0.0.9");
  list.addSubnet("ff::", 16, "ipv6");
  const copy = new net.BlockList();
  copy.fromJSON(JSON.stringify(list));
  assertEquals([[...copy.rules].sort(), copy.check("2.0.0.5"), copy.check("ff::1", "ipv6"), copy.check("3.0.0.1")], [[...list.rules].sort(), true, true, false]);
  const other = new net.BlockList();
  other.fromJSON(list.toJSON());
  assertEquals(other.rules.length, 3);
  assertEquals(assertThrows(() => other.fromJSON(1), TypeError).code, "ERR_INVALID_ARG_TYPE");
});
