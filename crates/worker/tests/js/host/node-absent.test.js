/** Members whose behaviour is that of Workers: most throw, with its texts. */

import assertions from "stated:node/assert";
import child from "stated:node/child_process";
import cluster from "stated:node/cluster";
import console from "stated:node/console";
import crypto from "stated:node/crypto";
import domain from "stated:node/domain";
import module, { findPackageJSON, Module, SourceMap } from "stated:node/module";
import path from "stated:node/path";
import perf from "stated:node/perf_hooks";
import process from "stated:node/process";
import testing, { MockTracker } from "stated:node/test";
import tls from "stated:node/tls";
import url from "stated:node/url";
import util from "stated:node/util";
import v8 from "stated:node/v8";
import vm from "stated:node/vm";
import wt from "stated:node/worker_threads";
import zlib from "stated:node/zlib";
import { assert, assertEquals, assertThrows, test } from "stated:test";

const absent = (fn, name) => {
  const error = assertThrows(fn, Error, `The ${name} method is not implemented`);
  assertEquals(error.code, "ERR_METHOD_NOT_IMPLEMENTED", name);
};

test("a failed partial comparison has the text of Workers", () => {
  assertThrows(() => assertions.partialDeepStrictEqual({ a: 1 }, { b: 1 }), Error, "Expected actual to be partially deeply strictly equal to expected");
});

test("what would load modules throws", () => {
  for (const name of ["_debug", "_findPath", "_initPaths", "_load", "_nodeModulePaths", "_preloadModules", "_resolveFilename", "_resolveLookupPaths", "findPackageJSON",
    "findSourceMap", "Module", "register", "registerHooks", "runMain", "setSourceMapsSupport", "SourceMap", "stripTypeScriptTypes", "wrap"]) {
    absent(() => module[name](), `module.${name}`);
  }
  assert(Module === module && module.findPackageJSON === findPackageJSON && module.SourceMap === SourceMap);
  assertEquals([module.globalPaths, Object.keys(module._extensions), Object.keys(module._pathCache), module.enableCompileCache()], [[], [".js", ".json", ".node"], [], undefined]);
  absent(() => module._extensions[".js"](), "module._extensions.js");
  absent(() => Module.prototype.require.call({}, "x"), "module.Module.require");
  assertEquals(Module.prototype.isPreloading, false);
});

test("ciphers of passwords throw", () => {
  for (const name of ["Cipher", "createCipher", "createDecipher", "Decipher"]) absent(() => crypto[name]("aes192", "x"), name);
  assertEquals(assertThrows(() => { crypto.fips = true; }, TypeError).code, "ERR_INVALID_ARG_VALUE");
  assert(crypto.CryptoKey === globalThis.CryptoKey);
});

test("threads have channels and no broadcasts", () => {
  absent(() => new wt.BroadcastChannel("a"), "BroadcastChannel");
  assert(wt.MessageChannel === globalThis.MessageChannel && wt.MessagePort === globalThis.MessagePort);
});

test("a process has no parent, no users and no handles", () => {
  for (const name of ["setuid", "setgid", "seteuid", "setegid", "setgroups", "initgroups"]) {
    const error = assertThrows(() => process[name](1, 1), Error, "operation not permitted");
    assertEquals([error.code, process[name].name], ["EPERM", name]);
  }
  assertEquals([process.channel, process.connected, process.send({}), process.domain, process._exiting, process.moduleLoadList], [null, false, false, null, false, []]);
  assertEquals([process._getActiveHandles(), process._getActiveRequests(), process._fatalException(), process._tickCallback()], [[], [], false, undefined]);
  assertEquals([process.throwDeprecation, process.traceDeprecation, "_pendingMessage" in process], [false, false, true]);
  assertEquals({ ...process.getSourceMapsSupport() }, { enabled: false, nodeModules: false, generatedCode: false });
  absent(() => process._kill(), "process._kill");
  absent(() => process._linkedBinding(), "process._linkedBinding");
  absent(() => process.threadCpuUsage(), "process.threadCpuUsage");
  absent(() => process.permission.has("fs"), "process.permission.has");
  absent(() => process.finalization.register({}), "process.finalization.register");
});

test("the console has what Node's has", () => {
  absent(() => console.context("a"), "Console.context");
  absent(() => console.createTask("a"), "Console.createTask");
  assertEquals([console._ignoreErrors, console._times.size, "_stdout" in console, "_stderr" in console], [true, 0, true, true]);
});

test("classes that do not exist have methods that say so", () => {
  for (const [Class, name, method] of [[child.ChildProcess, "child_process.ChildProcess", "kill"], [v8.Serializer, "Serializer", "writeHeader"],
    [v8.Deserializer, "Deserializer", "readValue"], [wt.Worker, "Worker", "postMessage"]]) {
    absent(() => new Class(), name);
    absent(() => Class.prototype[method].call({}), `${name}.${method}`);
    assertEquals(Class.prototype[method].name, method);
  }
  absent(() => new v8.GCProfiler().start(), "GCProfiler.start");
  for (const [Class, method] of [[tls.TLSSocket, "renegotiate"]]) {
    const error = assertThrows(() => Class.prototype[method].call({}), Error);
    assert(error.message.endsWith(`${Class.name}.${method} is not implemented by stated`), error.message);
  }
});

test("mocks are those of the module", () => {
  assert(testing.mock instanceof MockTracker && testing.MockTracker === MockTracker);
});

test("smaller members are those of Workers", () => {
  assertEquals([url.toPathIfFileURL("/a b"), url.toPathIfFileURL(new URL("file:///a%20b"))], ["/a b", "/a b"]);
  assertEquals(v8.getCppHeapStatistics("brief"), { committed_size_bytes: 0, resident_size_bytes: 0, used_size_bytes: 0, space_statistics: [], type_names: [], detail_level: "brief" });
  const timed = perf.timerify(function add(a, b) { return a + b; });
  assertEquals([timed(1, 2), timed.name, timed.length], [3, "timerified add", 2]);
  assertEquals(assertThrows(() => perf.timerify(1), TypeError).code, "ERR_INVALID_ARG_TYPE");
  assertEquals([cluster.listenerCount("fork"), cluster.domain, zlib.constants.ZSTD_ENCODE, zlib.ZSTD_DECODE], [0, null, 10, 11]);
  assert(Array.isArray(util.getCallSite()));
});

test("a pattern with a long range is tried one number after the other", () => {
  assert(path.matchesGlob("7", "{1..1000000000}"));
});

test("calls are told up to a number, and deprecated functions keep their length", async () => {
  const { default: util } = await import("stated:node/util");
  assertEquals([util.deprecate((a, b) => [a, b], "old").length, util.getCallSites(1).length, util.getCallSites({}).length > 0], [2, 1, true]);
  for (const [count, code] of [[0, "ERR_OUT_OF_RANGE"], [201, "ERR_OUT_OF_RANGE"], ["a", "ERR_INVALID_ARG_TYPE"]]) {
    assertEquals(assertThrows(() => util.getCallSites(count), Error).code, code);
  }
  assert(util.getCallSites(200).length > 0);
});
