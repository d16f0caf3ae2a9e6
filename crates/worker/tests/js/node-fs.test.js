import { Buffer } from "stated:node/buffer";
import { promisify } from "stated:node/util";
import fs, { constants, createReadStream, createWriteStream, Stats } from "stated:node/fs";
import fsp from "stated:node/fs/promises";
import { assert, assertEquals, assertRejects, assertThrows, test } from "stated:test";

/** A fresh folder. */
const folder = () => fs.mkdtempSync("/tmp/node-fs-");

/** Message, code, number, call, path and destination of what a call throws; the folder is written as D. */
function failure(fn, dir = "") {
  return parts(assertThrows(fn), dir);
}

function parts(error, dir) {
  const name = (text) => (typeof text === "string" && dir !== "" ? text.replaceAll(dir, "D") : text);
  return [name(error.message), error.code, error.errno, error.syscall, name(error.path), name(error.dest)];
}

const enoent = (syscall, path) => [`ENOENT: no such file or directory, ${syscall} '${path}'`, "ENOENT", -2, syscall, path, undefined];

test("what is written is read: at once, by callback and by promise", async () => {
  const dir = folder();
  fs.writeFileSync(`${dir}/a`, "héllo");
  assertEquals(fs.readFileSync(`${dir}/a`, "utf8"), "héllo");
  assertEquals(fs.readFileSync(`${dir}/a`).toString("hex"), "68c3a96c6c6f");
  fs.appendFileSync(`${dir}/a`, Buffer.from("!"));
  await promisify(fs.writeFile)(`${dir}/b`, new Uint8Array([65, 66]));
  await promisify(fs.appendFile)(`${dir}/b`, "C");
  assertEquals(await promisify(fs.readFile)(`${dir}/b`, { encoding: "latin1" }), "ABC");
  await fsp.writeFile(`${dir}/c`, ["x", "y", "z"]);
  await fsp.appendFile(`${dir}/c`, "!");
  assertEquals([await fsp.readFile(`${dir}/c`, "utf8"), fs.readFileSync(`${dir}/a`, "utf8")], ["xyz!", "héllo!"]);
  fs.rmSync(dir, { recursive: true });
});

test("paths are text, bytes or URLs, and normalized", () => {
  const dir = folder();
  fs.mkdirSync(`${dir}/in`);
  fs.writeFileSync(Buffer.from(`${dir}/in/a`), "1");
  assertEquals([fs.readFileSync(new URL(`file://${dir}/in/a`), "utf8"), fs.readFileSync(`${dir}//in/../in/./a`, "utf8")], ["1", "1"]);
  assertEquals(fs.existsSync(`${dir}/in/a/`), false);
  assertEquals(failure(() => fs.readFileSync({}))[1], "ERR_INVALID_ARG_TYPE");
  assertEquals(failure(() => fs.readFileSync("/tmp/a\0b"))[1], "ERR_INVALID_ARG_VALUE");
  assertEquals(failure(() => fs.readFileSync(new URL("https://a.b/")))[1], "ERR_INVALID_URL_SCHEME");
  fs.rmSync(dir, { recursive: true });
});

test("what is not there is ENOENT, with the name of the call", async () => {
  const dir = folder();
  const no = `${dir}/no`;
  const calls = [["open", () => fs.readFileSync(no)], ["open", () => fs.openSync(no)], ["stat", () => fs.statSync(no)], ["lstat", () => fs.lstatSync(no)],
    ["scandir", () => fs.readdirSync(no)], ["unlink", () => fs.unlinkSync(no)], ["rmdir", () => fs.rmdirSync(no)], ["access", () => fs.accessSync(no)],
    ["readlink", () => fs.readlinkSync(no)], ["chmod", () => fs.chmodSync(no, 0o600)], ["utime", () => fs.utimesSync(no, 1, 1)],
    ["chown", () => fs.chownSync(no, 0, 0)], ["open", () => fs.truncateSync(no)]];
  for (const [syscall, call] of calls) assertEquals(failure(call), enoent(syscall, no), syscall);
  assertEquals(failure(() => fs.mkdirSync(`${no}/x`)), enoent("mkdir", `${no}/x`));
  assertEquals(failure(() => fs.renameSync(no, `${dir}/x`), dir),
    ["ENOENT: no such file or directory, rename 'D/no' -> 'D/x'", "ENOENT", -2, "rename", "D/no", "D/x"]);
  assertEquals(failure(() => fs.copyFileSync(no, `${dir}/x`), dir)[0], "ENOENT: no such file or directory, copyfile 'D/no' -> 'D/x'");
  assertEquals(failure(() => fs.linkSync(no, `${dir}/x`), dir)[0], "ENOENT: no such file or directory, link 'D/no' -> 'D/x'");
  assertEquals(parts(await assertRejects(() => fsp.stat(no)), ""), enoent("stat", no));
  assertEquals(parts(await assertRejects(() => promisify(fs.stat)(no)), ""), enoent("stat", no));
  assertEquals([fs.statSync(no, { throwIfNoEntry: false }), fs.existsSync(no), await new Promise((resolve) => { fs.exists(no, resolve); })], [undefined, false, false]);
  fs.rmSync(dir, { recursive: true });
});

test("folders", async () => {
  const dir = folder();
  assertEquals(fs.mkdirSync(`${dir}/a`), undefined);
  assertEquals(failure(() => fs.mkdirSync(`${dir}/a`), dir), ["EEXIST: file already exists, mkdir 'D/a'", "EEXIST", -17, "mkdir", "D/a", undefined]);
  assertEquals([fs.mkdirSync(`${dir}/p/q/r`, { recursive: true }), fs.mkdirSync(`${dir}/p/q/r`, { recursive: true })], [`${dir}/p`, undefined]);
  fs.writeFileSync(`${dir}/p/f`, "");
  assertEquals([fs.readdirSync(dir).sort(), fs.readdirSync(dir, { recursive: true }).sort()], [["a", "p"], ["a", "p", "p/f", "p/q", "p/q/r"]]);
  const entries = fs.readdirSync(`${dir}/p`, { withFileTypes: true }).map((entry) => [entry.name, entry.isFile(), entry.isDirectory(), entry.isSymbolicLink(), entry.parentPath === `${dir}/p`]);
  assertEquals(entries.sort(), [["f", true, false, false, true], ["q", false, true, false, true]]);
  assertEquals(failure(() => fs.readdirSync(`${dir}/p/f`), dir)[0], "ENOTDIR: not a directory, scandir 'D/p/f'");
  assertEquals(failure(() => fs.mkdirSync(`${dir}/p/f/g`), dir)[0], "ENOTDIR: not a directory, mkdir 'D/p/f/g'");
  assertEquals(failure(() => fs.rmdirSync(`${dir}/p`), dir), ["ENOTEMPTY: directory not empty, rmdir 'D/p'", "ENOTEMPTY", -39, "rmdir", "D/p", undefined]);
  assertEquals(failure(() => fs.unlinkSync(`${dir}/p`), dir).slice(1, 4), ["EISDIR", -21, "unlink"]);
  assertEquals(failure(() => fs.readFileSync(dir)).slice(0, 4), ["EISDIR: illegal operation on a directory, read", "EISDIR", -21, "read"]);
  assertEquals(failure(() => fs.writeFileSync(dir, "x"), dir)[0], "EISDIR: illegal operation on a directory, open 'D'");
  assertEquals(failure(() => fs.rmSync(`${dir}/p`), dir).slice(0, 2), ["Path is a directory: rm returned EISDIR (is a directory) D/p", "ERR_FS_EISDIR"]);
  const opened = fs.opendirSync(dir);
  const names = [];
  for await (const entry of opened) names.push(entry.name);
  assertEquals([opened.path, names.sort()], [dir, ["a", "p"]]);
  assertEquals(assertThrows(() => opened.readSync()).code, "ERR_DIR_CLOSED");
  fs.rmSync(dir, { recursive: true });
  assertEquals([failure(() => fs.rmSync(dir))[1], fs.rmSync(dir, { force: true })], ["ENOENT", undefined]);
});

test("descriptors have a position, flags and an end", () => {
  const dir = folder();
  const fd = fs.openSync(`${dir}/f`, "w+");
  assertEquals([fs.writeSync(fd, "abcdef"), fs.writeSync(fd, Buffer.from("XY"), 0, 2, 1), fs.writeSync(fd, "é", null, "latin1")], [6, 2, 1]);
  const bytes = Buffer.alloc(10);
  assertEquals([fs.readSync(fd, bytes, 0, 10, 0), bytes.toString("latin1", 0, 7)], [7, "aXYdefé"]);
  assertEquals([fs.readSync(fd, bytes, { position: 3, length: 2 }), bytes.toString("latin1", 0, 2), fs.fstatSync(fd).size], [2, "de", 7]);
  assertEquals(fs.readSync(fd, bytes), 0);
  fs.ftruncateSync(fd, 3);
  assertEquals(fs.readFileSync(`${dir}/f`, "latin1"), "aXY");
  fs.ftruncateSync(fd, 5);
  assertEquals([fs.readFileSync(`${dir}/f`, "latin1"), fs.writevSync(fd, [Buffer.from("1"), Buffer.from("23")], 0)], ["aXY\0\0", 3]);
  const [one, two] = [Buffer.alloc(2), Buffer.alloc(9)];
  assertEquals([fs.readvSync(fd, [one, two], 0), one.toString(), two.toString("latin1", 0, 3)], [5, "12", "3\0\0"]);
  fs.closeSync(fd);
  for (const call of [() => fs.closeSync(fd), () => fs.fstatSync(fd)]) assertEquals(failure(call)[1], "EBADF");
  assertEquals(failure(() => fs.readSync(fd, bytes)), ["EBADF: bad file descriptor, read", "EBADF", -9, "read", undefined, undefined]);
  const append = fs.openSync(`${dir}/f`, "a");
  fs.writeSync(append, "end", 0);
  assertEquals([fs.readFileSync(`${dir}/f`, "latin1"), failure(() => fs.readSync(append, bytes))[1]], ["123\0\0end", "EBADF"]);
  fs.closeSync(append);
  const read = fs.openSync(`${dir}/f`);
  assertEquals(failure(() => fs.writeSync(read, "x"))[1], "EBADF");
  fs.closeSync(read);
  assertEquals(failure(() => fs.writeFileSync(`${dir}/f`, "x", { flag: "wx" }), dir), ["EEXIST: file already exists, open 'D/f'", "EEXIST", -17, "open", "D/f", undefined]);
  assertEquals(failure(() => fs.openSync(`${dir}/f`, "zz")).slice(0, 2), ["The argument 'flags' is invalid. Received 'zz'", "ERR_INVALID_ARG_VALUE"]);
  fs.rmSync(dir, { recursive: true });
});

test("an open file outlives its name", () => {
  const dir = folder();
  const fd = fs.openSync(`${dir}/f`, "w+");
  fs.unlinkSync(`${dir}/f`);
  fs.writeSync(fd, "still");
  assertEquals([fs.fstatSync(fd).size, fs.fstatSync(fd).nlink, fs.existsSync(`${dir}/f`)], [5, 0, false]);
  fs.closeSync(fd);
  fs.rmSync(dir, { recursive: true });
});

test("links", () => {
  const dir = folder();
  fs.writeFileSync(`${dir}/f`, "1");
  fs.symlinkSync("f", `${dir}/l`);
  assertEquals([fs.readlinkSync(`${dir}/l`), fs.readFileSync(`${dir}/l`, "utf8"), fs.realpathSync(`${dir}/l`), fs.lstatSync(`${dir}/l`).isSymbolicLink(),
    fs.statSync(`${dir}/l`).isFile()], ["f", "1", `${dir}/f`, true, true]);
  fs.symlinkSync(dir, `${dir}/d`);
  assertEquals([fs.readFileSync(`${dir}/d/d/f`, "utf8"), fs.realpathSync(`${dir}/d/d/l`)], ["1", `${dir}/f`]);
  fs.symlinkSync(`${dir}/y`, `${dir}/x`);
  fs.symlinkSync(`${dir}/x`, `${dir}/y`);
  assertEquals(failure(() => fs.readFileSync(`${dir}/x`), dir), ["ELOOP: too many symbolic links encountered, open 'D/x'", "ELOOP", -40, "open", "D/x", undefined]);
  fs.symlinkSync(`${dir}/new`, `${dir}/dangling`);
  fs.writeFileSync(`${dir}/dangling`, "through");
  assertEquals(fs.readFileSync(`${dir}/new`, "utf8"), "through");
  fs.linkSync(`${dir}/f`, `${dir}/h`);
  fs.appendFileSync(`${dir}/f`, "2");
  assertEquals([fs.readFileSync(`${dir}/h`, "utf8"), fs.statSync(`${dir}/h`).nlink, fs.statSync(`${dir}/h`).ino === fs.statSync(`${dir}/f`).ino], ["12", 2, true]);
  assertEquals(failure(() => fs.readlinkSync(`${dir}/f`), dir)[0], "EINVAL: invalid argument, readlink 'D/f'");
  assertEquals(failure(() => fs.symlinkSync("f", `${dir}/l`), dir)[0], "EEXIST: file already exists, symlink 'f' -> 'D/l'");
  fs.unlinkSync(`${dir}/l`);
  assertEquals(fs.existsSync(`${dir}/f`), true);
  fs.rmSync(dir, { recursive: true });
});

test("renaming and copying", () => {
  const dir = folder();
  fs.writeFileSync(`${dir}/a`, "a");
  fs.writeFileSync(`${dir}/b`, "b");
  fs.renameSync(`${dir}/a`, `${dir}/b`);
  assertEquals([fs.readdirSync(dir), fs.readFileSync(`${dir}/b`, "utf8")], [["b"], "a"]);
  fs.mkdirSync(`${dir}/d/e`, { recursive: true });
  assertEquals(failure(() => fs.renameSync(`${dir}/d`, `${dir}/d/e/f`), dir)[0], "EINVAL: invalid argument, rename 'D/d' -> 'D/d/e/f'");
  assertEquals([failure(() => fs.renameSync(`${dir}/b`, `${dir}/d`))[1], failure(() => fs.renameSync(`${dir}/d`, `${dir}/b`))[1]], ["EISDIR", "ENOTDIR"]);
  fs.copyFileSync(`${dir}/b`, `${dir}/d/e/c`);
  assertEquals(failure(() => fs.copyFileSync(`${dir}/b`, `${dir}/d/e/c`, constants.COPYFILE_EXCL), dir)[0], "EEXIST: file already exists, copyfile 'D/b' -> 'D/d/e/c'");
  fs.cpSync(`${dir}/d`, `${dir}/n/m`, { recursive: true });
  assertEquals([fs.readFileSync(`${dir}/n/m/e/c`, "utf8"), failure(() => fs.cpSync(`${dir}/d`, `${dir}/z`))[1]], ["a", "ERR_FS_EISDIR"]);
  fs.renameSync(`${dir}/d`, `${dir}/moved`);
  assertEquals(fs.readdirSync(`${dir}/moved/e`), ["c"]);
  fs.rmSync(dir, { recursive: true });
});

test("stats", () => {
  const dir = folder();
  fs.writeFileSync(`${dir}/f`, "12345", { mode: 0o600 });
  const stats = fs.statSync(`${dir}/f`);
  assertEquals([stats instanceof Stats, stats.size, stats.isFile(), stats.isDirectory(), (stats.mode & 0o777).toString(8), stats.nlink], [true, 5, true, false, "600", 1]);
  assert(Math.abs(stats.mtimeMs - Date.now()) < 60_000 && stats.mtime instanceof Date && stats.birthtime.getTime() <= Date.now());
  assertEquals(Object.keys(stats).slice(0, 14), ["dev", "mode", "nlink", "uid", "gid", "rdev", "blksize", "ino", "size", "blocks", "atimeMs", "mtimeMs", "ctimeMs", "birthtimeMs"]);
  fs.chmodSync(`${dir}/f`, "644");
  fs.utimesSync(`${dir}/f`, 1, new Date(2000));
  const after = fs.statSync(`${dir}/f`, { bigint: true });
  assertEquals([(after.mode & 0o777n).toString(8), after.atimeMs, after.mtimeNs, after.size], ["644", 1000n, 2_000_000_000n, 5n]);
  assertEquals([fs.statSync(dir).isDirectory(), fs.statSync("/dev/null").isCharacterDevice()], [true, true]);
  fs.rmSync(dir, { recursive: true });
});

test("devices", () => {
  fs.writeFileSync("/dev/null", "lost");
  assertEquals(fs.readFileSync("/dev/null").length, 0);
  const fd = fs.openSync("/dev/zero");
  const bytes = Buffer.from("abc");
  assertEquals([fs.readSync(fd, bytes), bytes.toString("hex")], [3, "000000"]);
  fs.closeSync(fd);
  assertEquals(failure(() => fs.writeFileSync("/dev/full", "x")).slice(0, 4), ["ENOSPC: no space left on device, write", "ENOSPC", -28, "write"]);
  const random = fs.openSync("/dev/random");
  const [one, two] = [Buffer.alloc(16), Buffer.alloc(16)];
  assertEquals([fs.readSync(random, one), fs.readSync(random, two), one.equals(two)], [16, 16, false]);
  fs.closeSync(random);
});

test("streams read and write files", async () => {
  const dir = folder();
  const writer = createWriteStream(`${dir}/f`);
  writer.write("hello ");
  await new Promise((resolve, reject) => { writer.on("error", reject).end("world", () => resolve()); });
  assertEquals([writer.bytesWritten, writer.path, fs.readFileSync(`${dir}/f`, "utf8")], [11, `${dir}/f`, "hello world"]);
  const text = async (options) => {
    let all = "";
    for await (const chunk of createReadStream(`${dir}/f`, options)) all += chunk;
    return all;
  };
  assertEquals([await text(), await text({ start: 1, end: 3 }), await text({ encoding: "hex", end: 1 }), await text({ highWaterMark: 2 })],
    ["hello world", "ell", "6865", "hello world"]);
  const later = createWriteStream(`${dir}/f`, { flags: "r+", start: 6 });
  await new Promise((resolve) => { later.end("W", resolve); });
  assertEquals(fs.readFileSync(`${dir}/f`, "utf8"), "hello World");
  const error = await new Promise((resolve) => { createReadStream(`${dir}/no`).on("error", resolve); });
  assertEquals(parts(error, dir)[0], "ENOENT: no such file or directory, open 'D/no'");
  const events = [];
  const reader = createReadStream(`${dir}/f`);
  for (const name of ["open", "ready", "end", "close"]) reader.on(name, () => events.push(name));
  reader.resume();
  await new Promise((resolve) => { reader.on("close", resolve); });
  assertEquals([events, reader.bytesRead], [["open", "ready", "end", "close"], 11]);
  fs.rmSync(dir, { recursive: true });
});

test("a FileHandle", async () => {
  const dir = folder();
  const handle = await fsp.open(`${dir}/f`, "w+");
  assertEquals([typeof handle.fd, (await handle.write("one\ntwo\n")).bytesWritten, (await handle.stat()).size], ["number", 8, 8]);
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(3), 0, 3, 0);
  assertEquals([bytesRead, buffer.toString()], [3, "one"]);
  await handle.truncate(4);
  await handle.appendFile("2");
  await handle.close();
  assertEquals(await fsp.readFile(`${dir}/f`, "utf8"), "one\n\0\0\0\x002");
  const again = await fsp.open(`${dir}/f`);
  const lines = [];
  for await (const line of again.readLines()) lines.push(line);
  assertEquals(lines, ["one", "\0\0\0\x002"]);
  await again.close();
  assertEquals((await assertRejects(() => again.stat())).code, "EBADF");
  assertEquals(parts(await assertRejects(() => fsp.open(`${dir}/no`)), dir)[0], "ENOENT: no such file or directory, open 'D/no'");
  await fsp.rm(dir, { recursive: true });
});

test("an aborted signal stops what has one", async () => {
  const error = await assertRejects(() => fsp.readFile("/dev/null", { signal: AbortSignal.abort() }));
  assertEquals([error.name, error.code], ["AbortError", "ABORT_ERR"]);
});

test("arguments are checked in Node's words", () => {
  const message = (fn) => failure(fn).slice(0, 2);
  const type = (text) => [text, "ERR_INVALID_ARG_TYPE"];
  assertEquals(message(() => fs.readFileSync(undefined)), type("The \"path\" argument must be of type string or an instance of Buffer or URL. Received undefined"));
  assertEquals(message(() => fs.writeFileSync("/dev/null", 5)), type("The \"data\" argument must be of type string or an instance of Buffer, TypedArray, or DataView. Received type number (5)"));
  assertEquals(message(() => fs.closeSync("x")), type("The \"fd\" argument must be of type number. Received type string ('x')"));
  assertEquals(message(() => fs.readFile("/dev/null")), type("The \"cb\" argument must be of type function. Received undefined"));
  assertEquals(message(() => fs.readFileSync("/dev/null", "nothing")), ["The argument 'encoding' is invalid encoding. Received 'nothing'", "ERR_INVALID_ARG_VALUE"]);
  assertEquals(message(() => fs.closeSync(-1))[1], "ERR_OUT_OF_RANGE");
});

test("constants", () => {
  assertEquals([constants.O_CREAT, constants.S_IFDIR, fs.constants.W_OK, fsp.constants === constants], [64, 16384, 2, true]);
  fs.accessSync("/dev/null", constants.R_OK | constants.W_OK);
});

test("a callback may take the place of arguments that may be missing", async () => {
  const dir = folder();
  fs.writeFileSync(`${dir}/a`, "abc");
  const called = (name, ...args) => new Promise((resolve) => { fs[name](...args, (...results) => resolve(results)); });
  assertEquals(await called("access", `${dir}/a`), [null]);
  assertEquals((await called("stat", `${dir}/a`))[1].size, 3);
  assertEquals((await called("readFile", `${dir}/a`, "utf8")), [null, "abc"]);
  assertEquals(await called("truncate", `${dir}/a`, 1), [null]);
  assertEquals(failure(() => fs.stat(`${dir}/a`)), ['The "cb" argument must be of type function. Received undefined', "ERR_INVALID_ARG_TYPE", undefined, undefined, undefined, undefined]);
  assertEquals(failure(() => fs.opendir(`${dir}/a`))[0], 'The "callback" argument must be of type function. Received undefined');
  // What follows the callback does not count.
  const [first] = await Promise.race([new Promise((resolve) => { fs.access(`${dir}/a`, () => resolve(["early"]), () => resolve(["late"])); })]);
  assertEquals([first, fs.statSync.name, fs.statSync.length, fsp.rename.length], ["early", "statSync", 1, 2]);
  fs.rmSync(dir, { recursive: true });
});

test("read takes its arguments one by one, in an object, or not at all", async () => {
  const dir = folder();
  fs.writeFileSync(`${dir}/a`, "abcdef");
  const fd = fs.openSync(`${dir}/a`);
  const read = (...args) => new Promise((resolve) => { fs.read(fd, ...args, (error, count, buffer) => resolve([error, count, buffer.toString("latin1", 0, count), buffer.length])); });
  assertEquals(await read(), [null, 6, "abcdef", 16_384]);
  assertEquals(await read({ position: 2, length: 3 }), [null, 3, "cde", 16_384]);
  assertEquals(await read(Buffer.alloc(2), { position: 4 }), [null, 2, "ef", 2]);
  assertEquals(await read(Buffer.alloc(4), 1, 2, 0), [null, 2, "\0a", 4]);
  const code = (...args) => failure(() => fs.read(fd, ...args, () => {}))[1];
  assertEquals([code("text"), code("text", 0, 1, 0), code(Buffer.alloc(1), {}, 1, 0)], Array(3).fill("ERR_INVALID_ARG_TYPE"));
  assertEquals(failure(() => fs.write(fd, 5, () => {}))[0], 'The "buffer" argument must be of type string or an instance of Buffer, TypedArray, or DataView. Received type number (5)');
  fs.closeSync(fd);
  fs.rmSync(dir, { recursive: true });
});

test("options of removals and copies are objects, and checked", async () => {
  const dir = folder();
  fs.writeFileSync(`${dir}/a`, "");
  for (const call of [() => fs.rmSync(`${dir}/a`, null), () => fs.rmSync(`${dir}/a`, "x"), () => fs.rmdirSync(dir, 5), () => fs.cpSync(`${dir}/a`, `${dir}/b`, null)]) {
    assertEquals(failure(call).slice(0, 2), [`The "options" argument must be of type object. Received ${call.toString().includes("null") ? "null" : call.toString().includes("5") ? "type number (5)" : "type string ('x')"}`, "ERR_INVALID_ARG_TYPE"]);
  }
  assertEquals(failure(() => fs.rmSync(`${dir}/a`, { force: 1 }))[0], 'The "options.force" property must be of type boolean. Received type number (1)');
  assertEquals(failure(() => fs.rmSync(`${dir}/a`, { maxRetries: -1 }))[1], "ERR_OUT_OF_RANGE");
  assertEquals(failure(() => fs.cpSync(`${dir}/a`, `${dir}/b`, { dereference: true, verbatimSymlinks: true }))[1], "ERR_INCOMPATIBLE_OPTION_PAIR");
  assertEquals(failure(() => fs.cpSync(`${dir}/a`, `${dir}/b`, { filter: 1 }))[0], 'The "options.filter" property must be of type function. Received type number (1)');
  assertEquals(failure(() => fs.writeFileSync(`${dir}/a`, "", { flush: 1 }))[1], "ERR_INVALID_ARG_TYPE");
  assertEquals(failure(() => fs.ftruncateSync(3, null))[0], 'The "len" argument must be of type number. Received null');
  assertEquals([parts(await assertRejects(() => fsp.truncate(3)), dir)[1], failure(() => fs.openAsBlob(`${dir}/a`, null))[1]], ["ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE"]);
  fs.rmSync(dir, { recursive: true });
});

test("a copy of a link leads where the link led, and a filter may answer later", async () => {
  const dir = fs.realpathSync(folder());
  fs.mkdirSync(`${dir}/in/deep`, { recursive: true });
  fs.writeFileSync(`${dir}/in/a`, "a");
  fs.writeFileSync(`${dir}/in/deep/b`, "b");
  fs.symlinkSync("a", `${dir}/in/link`);
  await fsp.cp(`${dir}/in`, `${dir}/out`, { recursive: true, filter: async (from) => !from.endsWith("/a") });
  assertEquals([fs.readdirSync(`${dir}/out`).sort(), fs.readlinkSync(`${dir}/out/link`)], [["deep", "link"], `${dir}/in/a`]);
  fs.cpSync(`${dir}/in/link`, `${dir}/same`, { verbatimSymlinks: true });
  fs.cpSync(`${dir}/in/link`, `${dir}/file`, { dereference: true });
  assertEquals([fs.readlinkSync(`${dir}/same`), fs.lstatSync(`${dir}/file`).isFile()], ["a", true]);
  const code = (from, to) => parts(assertThrows(() => fs.cpSync(`${dir}/${from}`, `${dir}/${to}`, { recursive: true })), dir)[1];
  assertEquals([code("in/a", "in/a"), code("in", "in/deep/x"), code("in", "in/a"), code("in/a", "in/deep")],
    ["ERR_FS_CP_EINVAL", "ERR_FS_CP_EINVAL", "ERR_FS_CP_DIR_TO_NON_DIR", "ERR_FS_CP_NON_DIR_TO_DIR"]);
  assertEquals(failure(() => fs.cpSync(`${dir}/in/a`, `${dir}/c`, { filter: async () => true }))[1], "ERR_INVALID_RETURN_VALUE");
  fs.rmSync(dir, { recursive: true });
});

test("a slash at the end of a name that is made says nothing, at the end of a link it is not removed through", () => {
  const dir = folder();
  fs.mkdirSync(`${dir}/new/`);
  fs.writeFileSync(`${dir}/new/x`, "");
  fs.symlinkSync(`${dir}/new`, `${dir}/link`);
  fs.symlinkSync(`${dir}/no`, `${dir}/nowhere`);
  assertEquals(failure(() => fs.mkdirSync(`${dir}/new/x/`))[1], "EEXIST");
  try {
    fs.rmSync(`${dir}/link/`, { recursive: true });
  } catch (error) {
    assertEquals(error.code, "ENOTDIR");
  }
  assertEquals([fs.existsSync(`${dir}/new/x`), failure(() => fs.mkdirSync(`${dir}/nowhere`, { recursive: true }))[1]], [true, "ENOENT"]);
  assertEquals(failure(() => fs.symlinkSync("a", `${dir}/b`, "odd")).slice(0, 2), ['Symlink type must be one of "dir", "file", or "junction". Received "odd"', "ERR_FS_INVALID_SYMLINK_TYPE"]);
  assertEquals(failure(() => fs.copyFileSync(`${dir}/new/x`, `${dir}/y`, constants.COPYFILE_FICLONE_FORCE))[1], "ENOTSUP");
  fs.rmSync(dir, { recursive: true });
});

test("times are seconds, also as text, or dates", () => {
  const dir = folder();
  fs.writeFileSync(`${dir}/a`, "");
  fs.utimesSync(`${dir}/a`, "10", new Date(2500));
  assertEquals([fs.statSync(`${dir}/a`).atimeMs, fs.statSync(`${dir}/a`).mtimeMs], [10_000, 2500]);
  assertEquals(failure(() => fs.utimesSync(`${dir}/a`, NaN, 1)).slice(0, 2), ['The "time" argument must be an instance of Date or an Time in seconds. Received type number (NaN)', "ERR_INVALID_ARG_TYPE"]);
  const fd = fs.openSync(`${dir}/a`, "r+");
  assertEquals(failure(() => fs.futimesSync(fd, 1, "x"))[0], 'The "mtime" argument must be an instance of Date or an Time in seconds. Received type string (\'x\')');
  fs.closeSync(fd);
  fs.rmSync(dir, { recursive: true });
});

test("a stream reads 64 KiB at a time, and writes pieces that wait together", async () => {
  const dir = folder();
  fs.writeFileSync(`${dir}/a`, Buffer.alloc(200_000));
  const sizes = [];
  for await (const chunk of createReadStream(`${dir}/a`)) sizes.push(chunk.length);
  assertEquals(sizes, [65_536, 65_536, 65_536, 3392]);
  const stream = createWriteStream(`${dir}/b`);
  stream.cork();
  stream.write("a");
  stream.write("62", "hex");
  stream.end("c");
  await new Promise((resolve) => { stream.on("close", resolve); });
  assertEquals([fs.readFileSync(`${dir}/b`, "utf8"), typeof stream._writev], ["abc", "function"]);
  const kept = createReadStream(`${dir}/a`, { autoClose: false });
  assertEquals([failure(() => createReadStream(`${dir}/a`, { fd: -1 }))[1], kept.autoClose], ["ERR_OUT_OF_RANGE", false]);
  await new Promise((resolve) => { kept.on("close", resolve).destroy(); });
  fs.rmSync(dir, { recursive: true });
});
