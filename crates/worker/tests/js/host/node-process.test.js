import fs from "stated:node/fs";
import process from "stated:node/process";
import { Readable, Writable } from "stated:node/stream";
import { pipeline } from "stated:node/stream/promises";
import { assert, assertEquals, assertThrows, test } from "stated:test";

test("the folder of the program is where relative paths begin", () => {
  assertEquals([process.cwd(), fs.existsSync("worker.js")], ["/bundle", true]);
  process.chdir("../tmp");
  fs.writeFileSync("relative", "here");
  assertEquals([process.cwd(), fs.readFileSync("/tmp/relative", "utf8")], ["/tmp", "here"]);
  process.chdir("/bundle");
  const missing = assertThrows(() => process.chdir("/nope"), Error, "ENOENT: no such file or directory, chdir '/bundle' -> '/nope'");
  assertEquals({ ...missing }, { errno: -2, code: "ENOENT", syscall: "chdir", path: "/bundle", dest: "/nope" });
  assertEquals(assertThrows(() => process.chdir("/dev/null"), Error, "ENOTDIR: not a directory, chdir '/bundle' -> '/dev/null'").code, "ENOTDIR");
});

test("output is a stream when a program asks for one", async () => {
  assertEquals([process.stdout.fd, process.stderr.fd, process.stdout.write("plain\n")], [1, 2, true]);
  assert(process.stdout instanceof Writable && process.stderr.writable && process.stdout.isTTY === undefined);
  assertEquals(process.stdout.constructor.name, "SyncWriteStream");
  await new Promise((resolve) => process.stdout.write(Buffer.from("bytes\n"), resolve));
  await pipeline(Readable.from(["a", "b\n"]), process.stdout, { end: false });
  assertEquals(assertThrows(() => process.stdout.write(5), TypeError).code, "ERR_INVALID_ARG_TYPE");
});

test("rejections that nobody handles are events of the process", async () => {
  const heard = [];
  const told = new Promise((resolve) => {
    process.on("unhandledRejection", (reason, promise) => heard.push([reason.message, promise instanceof Promise]));
    process.on("rejectionHandled", (promise) => { heard.push(promise instanceof Promise); resolve(); });
  });
  const rejected = Promise.reject(new Error("nobody"));
  await new Promise((resolve) => { setTimeout(resolve, 0); });
  rejected.catch(() => {});
  await told;
  process.removeAllListeners("unhandledRejection").removeAllListeners("rejectionHandled");
  assertEquals(heard, [["nobody", true], true]);
});

test("what a process has not throws its name", () => {
  for (const name of ["kill", "dlopen", "binding", "execve", "getActiveResourcesInfo"]) {
    assertEquals(assertThrows(() => process[name](), Error, `The process.${name} method is not implemented`).code, "ERR_METHOD_NOT_IMPLEMENTED");
  }
  assertThrows(() => process.report.getReport(), Error, "The process.report.getReport method is not implemented");
  assertEquals([process.getBuiltinModule("test"), typeof process.getBuiltinModule("node:test"), process.getBuiltinModule("none")], [undefined, "function", undefined]);
});

test("standard input is a stream at its end, and no terminal", async () => {
  assertEquals([process.stdin.constructor.name, process.stdin.fd, process.stdin.isTTY], ["ReadStream", 0, undefined]);
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  assertEquals(chunks, []);
});
