/** Members that are few to a module: numbers, the names of errors, old functions. */

import { Console } from "stated:node/console";
import constants, { E2BIG, RTLD_GLOBAL, SIGWINCH } from "stated:node/constants";
import crypto from "stated:node/crypto";
import events from "stated:node/events";
import fs from "stated:node/fs";
import inspector from "stated:node/inspector";
import os from "stated:node/os";
import repl from "stated:node/repl";
import stream from "stated:node/stream";
import timers from "stated:node/timers";
import tracing from "stated:node/trace_events";
import util from "stated:node/util";
import v8 from "stated:node/v8";
import vm from "stated:node/vm";
import wt from "stated:node/worker_threads";
import { assert, assertEquals, assertThrows, test } from "stated:test";

const told = (fn, Class) => {
  const error = assertThrows(fn, Class);
  return [error.code, error.message];
};

const streamOf = (write) => ({ write, once() {}, removeListener() {}, listenerCount: () => 0 });

test("numbers are those of Linux", () => {
  const { errno, signals, dlopen, priority } = os.constants;
  assertEquals([errno.ENOENT, errno.EADDRINUSE, errno.EAGAIN, errno.EWOULDBLOCK, errno.EXDEV, Object.keys(errno).length], [2, 98, 11, 11, 18, 79]);
  assertEquals([signals.SIGCHLD, signals.SIGSYS, signals.SIGPOLL, Object.keys(signals).length], [17, 31, 29, 33]);
  assertEquals([dlopen.RTLD_GLOBAL, priority.PRIORITY_HIGHEST], [256, -20]);
  assertEquals([crypto.constants.SSL_OP_NO_SSLv3, crypto.constants.ENGINE_METHOD_ALL, crypto.constants.RSA_X931_PADDING, crypto.constants.TLS1_3_VERSION],
    [33554432, 65535, 5, 772]);
});

test("the constants of os, fs and crypto are one object", () => {
  for (const part of [os.constants.errno, os.constants.signals, os.constants.priority, os.constants.dlopen, fs.constants, crypto.constants]) {
    // Node has some of fs and crypto in their modules alone.
    for (const [name, value] of Object.entries(part)) assert(!(name in constants) || constants[name] === value, name);
  }
  assertEquals([E2BIG, RTLD_GLOBAL, SIGWINCH, constants.O_CREAT, constants.DH_NOT_SUITABLE_GENERATOR], [7, 256, 28, 64, 8]);
});

test("errors of the system have names", () => {
  assertEquals([util.getSystemErrorName(-2), util.getSystemErrorName(-111), util.getSystemErrorName(-3008)], ["ENOENT", "ECONNREFUSED", "EAI_NONAME"]);
  assertEquals([util.getSystemErrorMap().get(-2), util.getSystemErrorMap().get(-4095)], [["ENOENT", "no such file or directory"], ["EOF", "end of file"]]);
  util.getSystemErrorMap().clear();
  assert(util.getSystemErrorMap().size > 80);
  assertEquals(told(() => util.getSystemErrorName(2), RangeError),
    ["ERR_OUT_OF_RANGE", 'The value of "err" is out of range. It must be a negative integer. Received 2']);
  assertEquals(told(() => util.getSystemErrorName("2"), TypeError),
    ["ERR_INVALID_ARG_TYPE", `The "err" argument must be of type number. Received type string ('2')`]);
});

test("errors of system calls are made", () => {
  const error = util._errnoException(-2, "open", "it");
  assertEquals([error.message, { ...error }], ["open ENOENT it", { errno: -2, code: "ENOENT", syscall: "open" }]);
  assertEquals(util._errnoException(-2, "open").message, "open ENOENT");
  const refused = util._exceptionWithHostPort(-111, "connect", "127.0.0.1", 80, "local");
  assertEquals([refused.message, { ...refused }], ["connect ECONNREFUSED 127.0.0.1:80 - Local (local)",
    { errno: -111, code: "ECONNREFUSED", syscall: "connect", address: "127.0.0.1", port: 80 }]);
  const local = util._exceptionWithHostPort(-111, "connect", "/tmp/socket");
  assertEquals([local.message, "port" in local], ["connect ECONNREFUSED /tmp/socket", false]);
});

test("signals for threads are signals", () => {
  const controller = util.transferableAbortController();
  assertEquals([controller.signal.aborted, util.transferableAbortSignal(controller.signal).aborted], [false, false]);
  assertEquals(assertThrows(() => util.transferableAbortSignal(1), TypeError).code, "ERR_INVALID_ARG_TYPE");
});

test("an object is its own timer", async () => {
  const item = {};
  const ended = new Promise((resolve) => { item._onTimeout = function () { resolve(this); }; });
  timers.enroll(item, 1);
  assertEquals(item._idleTimeout, 1);
  timers.active(item);
  assert(await ended === item);
  const left = { _onTimeout() { throw new Error("has no timer"); } };
  timers.enroll(left, 1);
  timers.active(left);
  timers.unenroll(left);
  assertEquals(left._idleTimeout, -1);
  timers.active(left);
  await new Promise((resolve) => { timers.setTimeout(resolve, 5); });
  assertEquals(told(() => timers.enroll({}, "1"), TypeError)[0], "ERR_INVALID_ARG_TYPE");
  assertEquals(told(() => timers.enroll({}, -1), RangeError)[0], "ERR_OUT_OF_RANGE");
});

test("a console of its own has the methods of the global one", () => {
  const lines = [];
  const stdout = streamOf((text) => lines.push(text));
  const stderr = streamOf((text) => lines.push(`! ${text}`));
  const own = new Console({ stdout, stderr, groupIndentation: 1, inspectOptions: { depth: 0 } });
  const { log, count, groupCollapsed } = own;
  log("a %d", 1, { b: { c: 1 } });
  count();
  count("x");
  own.countReset();
  count();
  groupCollapsed("group");
  own.dirxml("in", "it");
  own.warn("two\nlines");
  own.groupEnd();
  own.dir({ a: 1 });
  own.assert(false, "no");
  own.clear();
  assertEquals(lines, ["a 1 { b: [Object] }\n", "default: 1\n", "x: 1\n", "default: 1\n", "group\n", " in it\n", "!  two\n lines\n", "{ a: 1 }\n",
    "! Assertion failed: no\n"]);
  assert(own._stdout === stdout && own._stderr === stderr && own._ignoreErrors && own._times.size === 0);
});

test("a console of its own measures time and traces", () => {
  const lines = [];
  const own = new Console(streamOf((text) => lines.push(text)));
  own.time("work");
  assertEquals([...own._times.keys()], ["work"]);
  own.timeLog("work", 5);
  own.timeEnd("work");
  own.trace("here %d", 1);
  assert(/^work: [\d.]+m?s 5\n$/.test(lines[0]) && /^work: [\d.]+m?s\n$/.test(lines[1]), lines.join());
  assert(lines[2].startsWith("Trace: here 1\n"), lines[2]);
  assertEquals(own._times.size, 0);
  assertEquals(told(() => new Console({}), TypeError), ["ERR_CONSOLE_WRITABLE_STREAM", "Console expects a writable stream instance for stdout"]);
});

test("a console of its own hides what its stream throws, unless it is told not to", () => {
  const stdout = streamOf(() => { throw new Error("closed"); });
  new Console({ stdout }).log("lost");
  assertThrows(() => new Console({ stdout, ignoreErrors: false }).log("lost"), Error, "closed");
});

test("some members are there under their old names", () => {
  assertEquals([stream._isArrayBufferView(new DataView(new ArrayBuffer(1))), stream._isArrayBufferView(new ArrayBuffer(1))], [true, false]);
  assertEquals(String(events.kMaxEventTargetListeners), "Symbol(events.maxEventTargetListeners)");
  const target = new EventTarget();
  events.setMaxListeners(3, target);
  assertEquals([target[events.kMaxEventTargetListeners], events.getMaxListeners(target), events.getMaxListeners(new EventTarget())], [3, 3, 10]);
  assertEquals(crypto.pseudoRandomBytes(4).length, 4);
  assert(repl.builtinModules.includes("fs") && !repl.builtinModules.some((name) => name.startsWith("_")));
});

test("channels are there for threads that are not", () => {
  const { port1, port2 } = new wt.MessageChannel();
  port1.postMessage({ a: 1 });
  port1.postMessage(undefined);
  assertEquals([wt.receiveMessageOnPort(port2), wt.receiveMessageOnPort(port2), wt.receiveMessageOnPort(port2)],
    [{ message: { a: 1 } }, { message: undefined }, undefined]);
  port1.close();
  assertEquals(told(() => wt.receiveMessageOnPort({}), TypeError)[0], "ERR_INVALID_ARG_TYPE");
  wt.setEnvironmentData("key", { b: 1 });
  assertEquals([wt.getEnvironmentData("key"), wt.getEnvironmentData("none")], [{ b: 1 }, undefined]);
  wt.setEnvironmentData("key");
  assertEquals(wt.getEnvironmentData("key"), undefined);
});

test("questions about what is not there have answers", () => {
  assertEquals([inspector.url(), tracing.getEnabledCategories(), vm.isContext({})], [undefined, undefined, false]);
  assertEquals(told(() => vm.isContext(1), TypeError), ["ERR_INVALID_ARG_TYPE", 'The "object" argument must be of type object. Received type number (1)']);
  const heap = v8.getHeapStatistics();
  for (const name of ["used_heap_size", "total_heap_size", "heap_size_limit", "external_memory"]) assertEquals(typeof heap[name], "number", name);
  assertEquals([Array.isArray(v8.getHeapSpaceStatistics()), typeof v8.getHeapCodeStatistics().bytecode_and_metadata_size], [true, "number"]);
});
