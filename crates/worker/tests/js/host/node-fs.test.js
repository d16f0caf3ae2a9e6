import fs from "stated:node/fs";
import { FILE_BYTES_MAX, TMP_NODES_MAX, tmpCount } from "stated:node-support/fs-tree";
import { DESCRIPTORS_MAX } from "stated:node-support/fs-operations";
import { assert, assertEquals, assertThrows, test } from "stated:test";

const code = (fn) => assertThrows(fn).code;

test("the root has three folders, of which one can be changed", () => {
  assertEquals([fs.readdirSync("/"), fs.readdirSync("/dev")], [["bundle", "tmp", "dev"], ["null", "zero", "full", "random"]]);
  for (const change of [() => fs.writeFileSync("/x", "x"), () => fs.mkdirSync("/bundle/x"), () => fs.writeFileSync("/bundle/worker.js", "x"),
    () => fs.rmSync("/dev/null"), () => fs.rmdirSync("/tmp"), () => fs.renameSync("/tmp", "/x"), () => fs.unlinkSync("/bundle/worker.js"),
    () => fs.chmodSync("/bundle", 0o777), () => fs.copyFileSync("/bundle/worker.js", "/bundle/y")]) {
    assertEquals(code(change), "EPERM");
  }
  assertEquals(code(() => fs.accessSync("/bundle/worker.js", fs.constants.W_OK)), "EACCES");
});

test("the program's modules are in /bundle", () => {
  assertEquals(fs.readFileSync("/bundle/worker.js", "utf8").includes("test-file"), true);
  assertEquals([fs.readFileSync("/bundle/add.wasm").toString("latin1", 1, 4), fs.statSync("/bundle/worker.js").mtimeMs], ["asm", 0]);
  assertEquals(fs.readdirSync("/bundle").includes("worker.js"), true);
  fs.copyFileSync("/bundle/worker.js", "/tmp/copy.js");
  assertEquals(fs.readFileSync("/tmp/copy.js", "utf8"), fs.readFileSync("/bundle/worker.js", "utf8"));
});

test("what does not happen is not waited for", () => {
  for (const name of ["watch", "watchFile"]) assertEquals(code(() => fs[name]("/tmp")), "ERR_UNSUPPORTED_OPERATION");
});

test("a file has 128 MiB at most, and so has /tmp", () => {
  const fd = fs.openSync("/tmp/large", "w");
  assertEquals(code(() => fs.ftruncateSync(fd, FILE_BYTES_MAX + 1)), "EFBIG");
  fs.writeFileSync("/tmp/small", "12345");
  assertEquals(code(() => fs.ftruncateSync(fd, FILE_BYTES_MAX)), "ENOSPC");
  const used = ["small", "copy.js"].reduce((sum, name) => sum + fs.statSync(`/tmp/${name}`).size, 0);
  fs.ftruncateSync(fd, FILE_BYTES_MAX - used);
  assertEquals(code(() => fs.appendFileSync("/tmp/small", "6")), "ENOSPC");
  fs.unlinkSync("/tmp/large");
  assertEquals(code(() => fs.appendFileSync("/tmp/small", "6")), "ENOSPC");
  fs.closeSync(fd);
  fs.appendFileSync("/tmp/small", "6");
  assertEquals(fs.readFileSync("/tmp/small", "utf8"), "123456");
});

test("/tmp has so many files, and a context so many descriptors", () => {
  const before = fs.readdirSync("/tmp").length;
  fs.mkdirSync("/tmp/many");
  for (let i = before + 1; i < TMP_NODES_MAX; i++) fs.writeFileSync(`/tmp/many/${i}`, "");
  assertEquals(code(() => fs.writeFileSync("/tmp/many/more", "")), "ENOSPC");
  fs.rmSync("/tmp/many", { recursive: true });
  const open = [];
  for (let i = 0; i < DESCRIPTORS_MAX; i++) open.push(fs.openSync("/dev/null"));
  assertEquals(code(() => fs.openSync("/dev/null")), "EMFILE");
  for (const fd of open) fs.closeSync(fd);
  fs.closeSync(fs.openSync("/dev/null"));
});

test("names and paths are as long as on Linux", () => {
  fs.writeFileSync(`/tmp/${"n".repeat(255)}`, "");
  assertEquals(code(() => fs.writeFileSync(`/tmp/${"n".repeat(256)}`, "")), "ENAMETOOLONG");
  assertEquals(code(() => fs.statSync(`/tmp/${"./".repeat(2100)}x`)), "ENAMETOOLONG");
  assertEquals(tmpCount(), 1);
  assert(fs.existsSync(`/tmp/${"./".repeat(2000)}copy.js`));
});

test("standard input is at its end, and the outputs stay open", () => {
  assertEquals([fs.readFileSync(0).length, fs.writeSync(1, ""), fs.fstatSync(2).isFile()], [0, 0, false]);
  fs.closeSync(1);
  assertEquals([fs.writeSync(1, ""), code(() => fs.writeSync(0, "x")), code(() => fs.readSync(2, new Uint8Array(1)))], [0, "EBADF", "EBADF"]);
});

test("no text is decoded as buffer", () => {
  assertEquals(code(() => fs.readFileSync("/bundle/worker.js", "buffer")), "ERR_UNKNOWN_ENCODING");
  assertEquals(code(() => new fs.Dir()), "ERR_MISSING_ARGS");
});

test("a web stream locks its file, and closes it if it is asked to", async () => {
  fs.writeFileSync("/tmp/web", "0123456789");
  const handle = await fs.promises.open("/tmp/web");
  assertEquals(code(() => handle.readableWebStream({ autoClose: 1 })), "ERR_INVALID_ARG_TYPE");
  const stream = handle.readableWebStream({ autoClose: true });
  assertEquals(assertThrows(() => handle.readableWebStream()).message, "Invalid state: The FileHandle is locked");
  const reader = stream.getReader({ mode: "byob" });
  assertEquals((await reader.read(new Uint8Array(4))).value.length, 4);
  assertEquals((await reader.read(new Uint8Array(20))).value.length, 6);
  assertEquals([(await reader.read(new Uint8Array(1))).done, handle.fd], [true, -1]);
  assertEquals(assertThrows(() => handle.readableWebStream()).message, "Invalid state: The FileHandle is closed");
});
