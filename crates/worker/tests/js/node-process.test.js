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
