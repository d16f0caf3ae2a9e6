/** On Node only, with our modules: what can be imported and not be used. */

import { readdirSync } from "node:fs";
import { builtinModules } from "stated:node-support/builtin-modules";
import { execSync } from "stated:node/child_process";
import { Worker } from "stated:node/worker_threads";
import net from "stated:node/net";
import { createRequire, isBuiltin } from "stated:node/module";
import { assert, assertEquals, assertThrows, test } from "stated:test";

const folder = new URL("../../../src/js/node/", import.meta.url);
const modules = readdirSync(folder, { recursive: true }).filter((file) => file.endsWith(".js")).map((file) => file.slice(0, -3)).sort();
const prefixed = ["sqlite", "test"];

test("every module is listed, can be imported and has a default export", async () => {
  assertEquals(modules.filter((name) => !prefixed.includes(name)), builtinModules);
  for (const name of modules) assert("default" in await import(`stated:node/${name}`), name);
});

test("a function that does not exist throws its own name", () => {
  const error = assertThrows(() => execSync("ls"), Error, "The child_process.execSync method is not implemented");
  assertEquals(error.code, "ERR_METHOD_NOT_IMPLEMENTED");
});

test("a class that does not exist can be extended and not be constructed", () => {
  class Mine extends Worker {}
  const error = assertThrows(() => new Mine(), Error, "The Worker method is not implemented");
  assertEquals([error.code, Worker.name], ["ERR_METHOD_NOT_IMPLEMENTED", "Worker"]);
  assertThrows(() => Mine.prototype.postMessage(), Error, "The Worker.postMessage method is not implemented");
});

test("addresses are told apart", () => {
  assertEquals(["127.0.0.1", "256.0.0.1", "::1", "1::2::3", "fe80::1%eth0", "", "01.0.0.1"].map(net.isIP), [4, 0, 6, 0, 6, 0, 0]);
});

test("only built-in modules can be required", () => {
  const require = createRequire("/bundle/index.js");
  assertEquals([isBuiltin("fs"), isBuiltin("node:fs/promises"), isBuiltin("hono")], [true, true, false]);
  const error = assertThrows(() => require("hono"), Error, "Cannot find module 'hono'\nRequire stack:\n- /bundle/index.js");
  assertEquals([error.code, error.requireStack], ["MODULE_NOT_FOUND", ["/bundle/index.js"]]);
  assertEquals([require.resolve("fs"), require.resolve.paths("fs"), isBuiltin("node:sqlite"), isBuiltin("sqlite"), isBuiltin(1)], ["fs", null, true, false, false]);
  assertEquals(assertThrows(() => require("node:none"), Error, "No such built-in module: node:none").code, "ERR_UNKNOWN_BUILTIN_MODULE");
  assertEquals(assertThrows(() => require(""), TypeError, "The argument 'id' must be a non-empty string. Received ''").code, "ERR_INVALID_ARG_VALUE");
  assertEquals(assertThrows(() => require.resolve(1), TypeError).code, "ERR_INVALID_ARG_TYPE");
  assertEquals(assertThrows(() => createRequire("relative"), TypeError).code, "ERR_INVALID_ARG_VALUE");
});
