/** Modules for what a Worker has not, whose members do nothing rather than throw, as on Workers. */

import child from "stated:node/child_process";
import cluster from "stated:node/cluster";
import dgram from "stated:node/dgram";
import domain from "stated:node/domain";
import { EventEmitter } from "stated:node/events";
import http2 from "stated:node/http2";
import inspector from "stated:node/inspector";
import sessions from "stated:node/inspector/promises";
import { Socket } from "stated:node/net";
import perf from "stated:node/perf_hooks";
import readline from "stated:node/readline";
import promises from "stated:node/readline/promises";
import repl from "stated:node/repl";
import sqlite from "stated:node/sqlite";
import tracing from "stated:node/trace_events";
import tty from "stated:node/tty";
import v8 from "stated:node/v8";
import vm from "stated:node/vm";
import { WASI } from "stated:node/wasi";
import tlsCommon from "stated:node/_tls_common";
import { assert, assertEquals, assertThrows, test } from "stated:test";

const absent = (fn, name) => {
  assertEquals(assertThrows(fn, Error, `The ${name} method is not implemented`).code, "ERR_METHOD_NOT_IMPLEMENTED", name);
};

const refused = (fn, code, message) => {
  assertEquals(assertThrows(fn, TypeError, message).code, code);
};

test("a domain runs functions and leaves their errors to who called", () => {
  const one = domain.createDomain();
  assert(one instanceof domain.Domain && one instanceof EventEmitter);
  assertEquals(one.run(function (a, b) { return [this === one, a, b]; }, 1, 2), [true, 1, 2]);
  const fn = () => 5;
  assert(one.bind(fn) === fn && one.intercept(fn) === fn);
  assertEquals([one.enter(), one.exit(), one.add(one), one.remove(one), one.members, domain.active], [undefined, undefined, undefined, undefined, undefined, null]);
  one.on("error", () => { throw new Error("is not called"); });
  assertThrows(() => one.run(() => { throw new RangeError("x"); }), RangeError, "x");
});

test("a terminal answers every question with nothing", async () => {
  const lines = readline.createInterface({ prompt: "> " });
  const answers = [];
  lines.question("a?", (answer) => answers.push(answer));
  lines.question("a?", {}, (answer) => answers.push(answer));
  lines.setPrompt("b");
  lines.prompt();
  lines.write("x");
  lines.close();
  assertEquals([answers, lines.getPrompt(), lines.line, lines.cursor, lines.terminal, lines.getCursorPos()], [["", ""], "", "", 0, false, { rows: 0, cols: 0 }]);
  assert(lines.pause() === lines && lines.resume() === lines);
  assertEquals(await Array.fromAsync(lines), [""]);
  assertEquals([readline.clearLine(), readline.clearScreenDown(), readline.cursorTo(), readline.moveCursor(), readline.emitKeypressEvents()], [false, false, false, false, undefined]);
  assertEquals(await promises.createInterface({}).question("a?"), "");
  const moves = new promises.Readline({});
  assert(moves.clearLine(1).clearScreenDown().cursorTo(1).moveCursor(1, 1).rollback() === moves);
  assertEquals([await moves.commit(), readline.promises === promises], [undefined, true]);
});

test("streams of a terminal write nothing and call back", () => {
  const [input, output] = [new tty.ReadStream(0), new tty.WriteStream(1)];
  assert(input instanceof Socket && output instanceof Socket);
  assertEquals([input.fd, input.isTTY, input.setRawMode(true) === input, input.isRaw], [0, false, true, true]);
  assertEquals([output.fd, output.isTTY, output.columns, output.rows, output.getColorDepth(), output.hasColors(16), output.getWindowSize()], [1, true, 0, 0, 8, false, [0, 0]]);
  const called = [];
  const call = (name) => () => called.push(name);
  const results = [output.clearLine(1, call("line")), output.clearScreenDown(call("screen")), output.cursorTo(1, call("cursor")), output.moveCursor(1, 1, call("move"))];
  assertEquals([results, called, tty.isatty(1)], [[false, false, false, false], ["line", "screen", "cursor", "move"], false]);
});

test("a datagram socket sends nothing", () => {
  const socket = dgram.createSocket("udp4", () => {});
  assert(socket instanceof dgram.Socket && socket instanceof EventEmitter);
  for (const name of ["bind", "close", "ref", "unref"]) assert(socket[name]() === socket, name);
  for (const name of ["send", "connect", "setBroadcast", "addMembership", "setTTL"]) assertEquals(socket[name](), undefined, name);
  assertEquals([socket.address(), socket.remoteAddress(), socket.getSendQueueSize(), socket.getRecvBufferSize()], [{}, {}, 0, 0]);
  refused(() => dgram.createSocket(), "ERR_INVALID_ARG_TYPE", 'The "type" argument must be of type object. Received undefined');
  refused(() => dgram.createSocket("udp4", 1), "ERR_INVALID_ARG_TYPE", 'The "callback" argument must be of type function. Received type number (1)');
});

test("a cluster has one process, which is the primary one", () => {
  const worker = new cluster.Worker();
  assertEquals([worker.id, worker.isConnected(), worker.isDead(), worker.send({}), worker.exitedAfterDisconnect, worker.process === globalThis.process], [0, false, true, false, false, true]);
  assert(worker.disconnect() === worker && worker.kill() === undefined);
  assertEquals([cluster.isPrimary, cluster.isWorker, cluster.settings, cluster.constructor.name], [true, false, {}, "Cluster"]);
  for (const name of ["fork", "disconnect", "setupPrimary"]) absent(() => cluster[name](), `cluster.${name}`);
});

test("scripts can be made and not be run", () => {
  const script = new vm.Script("1", "name.js");
  assertEquals([script.cachedDataRejected, script.createCachedData().length, Object.keys(script).length], [undefined, 0, 4]);
  assert(vm.createScript("1") instanceof vm.Script);
  const context = vm.createContext({ a: 1 });
  assertEquals([vm.isContext(context), vm.isContext({}), context.a, vm.createContext(context) === context], [true, false, 1, true]);
  absent(() => script.runInThisContext(), "runInThisContext");
  absent(() => vm.runInContext("1", context), "runInThisContext");
  absent(() => vm.runInNewContext("1"), "runInThisContext");
  absent(() => vm.compileFunction("1", ["a"]), "compileFunction");
  absent(() => vm.measureMemory({ mode: "summary" }), "measureMemory");
  refused(() => vm.runInContext("1", {}), "ERR_INVALID_ARG_TYPE", 'The "contextifiedObject" argument must be an vm.Context. Received an instance of Object');
  refused(() => new vm.Script("1", 1), "ERR_INVALID_ARG_TYPE", 'The "options" argument must be of type object. Received type number (1)');
  refused(() => new vm.Script("1", { filename: 1 }), "ERR_INVALID_ARG_TYPE", 'The "options.filename" property must be of type string. Received type number (1)');
  refused(() => new vm.Script("1", { cachedData: 1 }), "ERR_INVALID_ARG_TYPE",
    'The "options.cachedData" property must be an instance of Buffer, TypedArray, or DataView. Received type number (1)');
  refused(() => new vm.Script("1", { produceCachedData: 1 }), "ERR_INVALID_ARG_TYPE", 'The "options.produceCachedData" property must be of type boolean. Received type number (1)');
  refused(() => vm.compileFunction("1", [1]), "ERR_INVALID_ARG_TYPE", 'The "params[0]" argument must be of type string. Received type number (1)');
  refused(() => vm.compileFunction("1", [], { parsingContext: {} }), "ERR_INVALID_ARG_TYPE", 'The "options.parsingContext" property must be an instance of Context. Received an instance of Object');
  refused(() => vm.measureMemory({ mode: "x" }), "ERR_INVALID_ARG_VALUE", "The property 'options.mode' must be one of: 'summary', 'detailed'. Received 'x'");
});

test("there is no inspector to open", () => {
  assertEquals([inspector.close(), inspector.url(), inspector.waitForDebugger(), inspector.console.log("unseen")], [undefined, undefined, undefined, undefined]);
  assertEquals(typeof inspector.open()[Symbol.dispose], "function");
  absent(() => new inspector.Session(), "Session");
  absent(() => inspector.Network.dataSent(), "Network.dataSent");
  absent(() => sessions.open(), "Inspector.open");
});

test("tracing can be switched on, and nothing is traced", () => {
  const traced = tracing.createTracing({ categories: ["a", "b"] });
  assertEquals([traced.enabled, traced.categories, traced.enable(), traced.enabled, traced.disable(), traced.enabled, tracing.getEnabledCategories()],
    [false, "a,b", undefined, true, undefined, false, undefined]);
  refused(() => tracing.createTracing({}), "ERR_INVALID_ARG_TYPE", 'The "options.categories" property must be an instance of Array. Received undefined');
  refused(() => tracing.createTracing({ categories: [] }), "ERR_TRACE_EVENTS_CATEGORY_REQUIRED", "At least one category is required");
});

test("the engine that is not there looks at its arguments first", () => {
  absent(() => v8.setFlagsFromString("--x"), "setFlagsFromString");
  refused(() => v8.setFlagsFromString(1), "ERR_INVALID_ARG_TYPE", 'The "flags" argument must be of type string. Received type number (1)');
  absent(() => v8.setHeapSnapshotNearHeapLimit(1), "setHeapSnapshotNearHeapLimit");
  assertEquals(assertThrows(() => v8.setHeapSnapshotNearHeapLimit(0), RangeError).code, "ERR_OUT_OF_RANGE");
  absent(() => v8.queryObjects(Object), "queryObjects");
  absent(() => v8.getHeapSnapshot(), "getHeapSnapshot");
  absent(() => v8.promiseHooks.onInit(), "promiseHooks.onInit");
  refused(() => v8.getCppHeapStatistics("x"), "ERR_INVALID_ARG_VALUE", "The argument 'type' must be one of: 'brief', 'detailed'. Received 'x'");
  assertEquals([v8.cachedDataVersionTag(), v8.startupSnapshot.isBuildingSnapshot()], [0, false]);
});

test("processes, WASI, databases and HTTP/2 cannot be had", () => {
  absent(() => child.exec("ls"), "child_process.exec");
  refused(() => child.exec(1), "ERR_INVALID_ARG_TYPE", 'The "command" argument must be of type string. Received type number (1)');
  absent(() => new WASI({ version: "preview1" }), "WASI");
  refused(() => new WASI({ version: 1 }), "ERR_INVALID_ARG_VALUE", "The property 'options.version' must be one of: 'unstable', 'preview1'. Received 1");
  assertThrows(() => new sqlite.DatabaseSync(), TypeError, "Illegal constructor");
  assertThrows(() => new sqlite.StatementSync(), TypeError, "Illegal constructor");
  assertThrows(() => sqlite.backup(), Error, "backup is not implemented");
  assertEquals([sqlite.constants.SQLITE_RECURSIVE, sqlite.constants.SQLITE_DENY], [33, 1]);
  absent(() => http2.connect("https://example.com"), "http2.connect");
  absent(() => new http2.Http2ServerRequest(), "http2.Http2ServerRequest");
  assertEquals([http2.getDefaultSettings(), http2.getPackedSettings().length, http2.getUnpackedSettings()], [{}, 0, {}]);
  absent(() => repl.start(), "start");
  absent(() => new repl.REPLServer(), "REPLServer");
  const recoverable = new repl.Recoverable(new Error("x"));
  assertEquals([recoverable instanceof SyntaxError, recoverable.err.message, repl.writer.options.breakLength], [true, "x", 80]);
});

test("what passes between two moments is counted in nanoseconds", async () => {
  const times = perf.createHistogram();
  times.recordDelta();
  assertEquals(times.count, 0);
  await new Promise((resolve) => { setTimeout(resolve, 2); });
  times.recordDelta();
  assert(times.count === 1 && times.min > 1_000_000, String(times.min));
});

test("the delay of the loop is that of timers", async () => {
  const delays = perf.monitorEventLoopDelay({ resolution: 1 });
  assertEquals([delays.enable(), delays.enable()], [true, false]);
  while (delays.count < 2) await new Promise((resolve) => { setTimeout(resolve, 1); });
  assertEquals([delays.disable(), delays.disable(), delays.max >= delays.min], [true, false, true]);
  assertEquals(assertThrows(() => perf.monitorEventLoopDelay({ resolution: 0 }), RangeError).code, "ERR_OUT_OF_RANGE");
});

test("numbers of performance are there", () => {
  assertEquals(perf.eventLoopUtilization(), { idle: 0, active: 0, utilization: 0 });
  assertEquals([perf.constants.NODE_PERFORMANCE_GC_MAJOR, perf.constants.NODE_PERFORMANCE_GC_WEAKCB, perf.PerformanceResourceTiming.name], [4, 16, "PerformanceResourceTiming"]);
});

test("contexts of connections are the same under both names", async () => {
  const { default: tls } = await import("stated:node/tls");
  assert(tlsCommon.createSecureContext === tls.createSecureContext && tlsCommon.SecureContext === tls.SecureContext);
  assertEquals([tlsCommon.translatePeerCertificate(null), tlsCommon.translatePeerCertificate({ a: 1 })], [null, { a: 1 }]);
});

test("smaller members are there under all their names", async () => {
  const { Duplex, default: duplex } = await import("stated:node/_stream_duplex");
  const { Transform } = await import("stated:node/_stream_transform");
  const { default: stream } = await import("stated:node/stream");
  const { default: streamPromises } = await import("stated:node/stream/promises");
  assert(Duplex === stream.Duplex && duplex === Duplex && Transform === stream.Transform && stream.promises === streamPromises);
  const { Z_BEST_SPEED, BROTLI_PARAM_QUALITY, ZSTD_error_GENERIC } = await import("stated:node/zlib");
  assertEquals([Z_BEST_SPEED, BROTLI_PARAM_QUALITY, ZSTD_error_GENERIC], [1, 1, 1]);
  const { asyncWrapProviders, createHook } = await import("stated:node/async_hooks");
  const hook = createHook({});
  assertEquals([asyncWrapProviders.TIMER, asyncWrapProviders.PROMISE, hook.enable() === hook, hook.constructor.name], [undefined, 0, true, "AsyncHook"]);
  const { default: equal, ok } = await import("stated:node/assert");
  assert(ok === equal && equal.ok === equal && typeof ok.deepEqual === "function");
  await readline.createInterface({})[Symbol.asyncDispose]();
});
