import process from "stated:node/process";
import { assert, assertEquals, assertThrows, test } from "stated:test";

test("variables are strings, and are listed and deleted like members", () => {
  process.env.STATED_TEST = 5;
  assertEquals([process.env.STATED_TEST, "STATED_TEST" in process.env, Object.keys(process.env).includes("STATED_TEST")], ["5", true, true]);
  process.env.STATED_TEST = undefined;
  assertEquals([process.env.STATED_TEST, delete process.env.STATED_TEST, process.env.STATED_TEST, "STATED_TEST" in process.env], ["undefined", true, undefined, false]);
});

test("features and versions have Node's names", () => {
  assertEquals([process.features.ipv6, process.features.tls, process.features.debug, typeof process.versions.node, process.version === `v${process.versions.node}`],
    [true, true, false, "string", true]);
  assert(process.allowedNodeEnvironmentFlags instanceof Set && "zlib" in process.versions && process.release.name === "node");
});

test("time passes and what is used is told in Node's form", () => {
  const [seconds, nanoseconds] = process.hrtime(process.hrtime());
  assert(seconds === 0 && nanoseconds >= 0 && typeof process.hrtime.bigint() === "bigint" && process.uptime() > 0);
  assertEquals(Object.keys(process.memoryUsage()), ["rss", "heapTotal", "heapUsed", "external", "arrayBuffers"]);
  assertEquals([typeof process.resourceUsage().maxRSS, typeof process.cpuUsage().user, typeof process.constrainedMemory()], ["number", "number", "number"]);
  assertEquals(assertThrows(() => process.setUncaughtExceptionCaptureCallback(5)).code, "ERR_INVALID_ARG_TYPE");
});

test("a warning has a name, a code and details, and comes later", async () => {
  const heard = [];
  const listener = (warning) => heard.push([warning.name, warning.message, warning.code, warning.detail]);
  process.on("warning", listener);
  process.emitWarning("a");
  process.emitWarning("b", "Own", "C1");
  process.emitWarning("c", { type: "T", code: "C2", detail: "more" });
  process.emitWarning(new TypeError("d"));
  const before = heard.length;
  await new Promise((resolve) => { setTimeout(resolve, 1); });
  process.off("warning", listener);
  assertEquals([before, heard], [0, [["Warning", "a", undefined, undefined], ["Own", "b", "C1", undefined], ["T", "c", "C2", "more"], ["TypeError", "d", undefined, undefined]]]);
  for (const args of [[1], ["a", 1], ["a", "T", 1], [{}]]) assertEquals(assertThrows(() => process.emitWarning(...args), TypeError).code, "ERR_INVALID_ARG_TYPE");
});

test("variables have no accessors and no symbols", () => {
  const code = (descriptor) => assertThrows(() => Object.defineProperty(process.env, "STATED_OWN", descriptor), TypeError).code;
  assertEquals([code({ value: "1" }), code({ get() { return 1; } })], ["ERR_INVALID_OBJECT_DEFINE_PROPERTY", "ERR_INVALID_OBJECT_DEFINE_PROPERTY"]);
  for (const set of [() => { process.env[Symbol("a")] = 1; }, () => { process.env.STATED_OWN = Symbol("a"); }]) assertThrows(set, TypeError, "Cannot convert a Symbol value to a string");
});

test("the mask of files is checked", () => {
  assertThrows(() => process.umask("x"), TypeError, "The argument 'mask' must be a 32-bit unsigned integer or an octal string. Received 'x'");
  assertEquals(assertThrows(() => process.umask({}), TypeError).code, "ERR_INVALID_ARG_TYPE");
});
