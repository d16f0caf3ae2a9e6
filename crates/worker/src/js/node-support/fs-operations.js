/**
 * The operations of `node:fs`, all synchronous: `node:fs` and `node:fs/promises` offer them in their other forms.
 *
 * @module
 */

import { whenContextEnds } from "stated:context";
import { ops } from "stated:host";
import { bytesOfData, decoded, descriptor, encodedName, givenPath, listOfViews, O, openFlags, optionsOf, pathText, permissions, positionOf,
  region, timeMs } from "stated:node-support/fs-arguments";
import { fsError, fsSystemError } from "stated:node-support/fs-errors";
import { Dirent, statFsOf, statsOf } from "stated:node-support/fs-stats";
import { addEntry, changeable, childOf, currentTmp, DeviceEntry, FileEntry, FolderEntry, LinkEntry, namesOf, releaseEntry, removeEntry,
  walk } from "stated:node-support/fs-tree";
import { checkBoolean, checkInteger, checkObject, invalidArgType, nodeError } from "stated:node-support/errors";

/** @typedef {import("stated:node-support/fs-tree").AnyEntry} AnyEntry */
/** @typedef {import("stated:node-support/fs-tree").Place} Place */

/** Descriptors that one context may have open. */
export const DESCRIPTORS_MAX = 1024;
/** The first one: those below are the standard streams. */
const DESCRIPTOR_FIRST = 3;
/** How much a device gives to one that asks for all. */
const DEVICE_READ_BYTES_MAX = 64 << 10;

/** @typedef {{ entry: AnyEntry, flags: number, position: number, contextId: number, path: string }} Open */

/** @type {Map<number, Open>} */
const opened = new Map();
let lastDescriptor = DESCRIPTOR_FIRST - 1;
/** How many each context has. @type {Map<number, number>} */
const counts = new Map();

/** Standard input, which is at its end, and the two outputs, whose text goes to the log. @type {[DeviceEntry, number][]} */
const standard = [[new DeviceEntry("stdin"), O.RDONLY], [new DeviceEntry("stdout"), O.WRONLY], [new DeviceEntry("stderr"), O.WRONLY]];

whenContextEnds((contextId) => {
  if (!counts.delete(contextId)) return;
  for (const [fd, { contextId: owner }] of opened) {
    if (owner === contextId) opened.delete(fd);
  }
});

/** Replaces the path of an error by the one that was given. @template T @param {any} path @param {() => T} run @returns {T} */
function naming(path, run) {
  try {
    return run();
  } catch (/** @type {any} */ error) {
    const text = typeof error?.syscall === "string" ? givenPath(path) : undefined;
    if (text === undefined || error.path === undefined || error.path === text) throw error;
    throw fsError(error.code, error.syscall, text, error.dest);
  }
}

/** @param {any} path @param {string} syscall @param {"follow" | "keep"} [last] @returns {Place & { entry: AnyEntry }} */
function existing(path, syscall, last = "follow") {
  const text = pathText(path);
  return naming(path, () => {
    const place = walk(text, syscall, last);
    if (place.entry === undefined) throw fsError("ENOENT", syscall, text);
    return /** @type {any} */ (place);
  });
}

/** A name that is to be made may have a slash at its end. @param {string} text */
function withoutSlash(text) {
  return text.replace(/(?<=[^/])\/+$/, "");
}

/** @param {any} path @param {string} syscall @returns {Place} where a new name may be made */
function vacant(path, syscall) {
  const text = withoutSlash(pathText(path));
  return naming(path, () => {
    const place = walk(text, syscall, "keep");
    if (place.entry !== undefined) throw fsError("EEXIST", syscall, text);
    changeable(place, syscall, text);
    return place;
  });
}

/** @param {any} fd @param {string} syscall @returns {Open} */
function openOf(fd, syscall) {
  if (descriptor(fd) < DESCRIPTOR_FIRST) {
    const [entry, flags] = standard[fd];
    return { entry, flags, position: 0, contextId: ops.contextId(), path: "" };
  }
  const open = opened.get(fd);
  if (open === undefined || open.contextId !== ops.contextId()) throw fsError("EBADF", syscall);
  return open;
}

/** @param {AnyEntry} entry @param {string} syscall @param {string} [path] */
function requireChangeable(entry, syscall, path = undefined) {
  if (entry.home === undefined) throw fsError("EPERM", syscall, path);
}

// --- opening ----------------------------------------------------------------------------------------------------------

/** @param {any} path @param {any} [flags] @param {any} [mode] @returns {number} */
export function open(path, flags = "r", mode = undefined) {
  const text = pathText(path);
  const number = openFlags(flags);
  const allowed = permissions(mode, "mode", 0o666);
  const entry = naming(path, () => opening(text, number, allowed));
  const contextId = ops.contextId();
  const count = counts.get(contextId) ?? 0;
  if (count >= DESCRIPTORS_MAX) throw fsError("EMFILE", "open", givenPath(path));
  if (count === 0) ops.contextKept();
  counts.set(contextId, count + 1);
  let fd = lastDescriptor + 1;
  while (opened.has(fd)) fd++;
  lastDescriptor = fd >= 0x7fff_fff0 ? DESCRIPTOR_FIRST - 1 : fd;
  entry.opened++;
  opened.set(fd, { entry, flags: number, position: 0, contextId, path: text });
  return fd;
}

/** @param {string} text @param {number} flags @param {number} mode @returns {AnyEntry} */
function opening(text, flags, mode) {
  const writes = (flags & O.ACCMODE) !== O.RDONLY;
  const exclusive = (flags & O.CREAT) !== 0 && (flags & O.EXCL) !== 0;
  const place = walk(text, "open", exclusive || (flags & O.NOFOLLOW) !== 0 ? "keep" : "follow");
  const { entry } = place;
  if (entry === undefined) {
    if ((flags & O.CREAT) === 0) throw fsError("ENOENT", "open", text);
    const tmp = changeable(place, "open", text);
    tmp.addNode("open", text);
    const made = new FileEntry(tmp, mode & ~0o22 & 0o7777);
    addEntry(place, made);
    return made;
  }
  if (exclusive) throw fsError("EEXIST", "open", text);
  if (entry instanceof LinkEntry) throw fsError("ELOOP", "open", text);
  if (entry instanceof FolderEntry && (writes || (flags & O.CREAT) !== 0)) throw fsError("EISDIR", "open", text);
  if (!(entry instanceof FolderEntry) && (flags & O.DIRECTORY) !== 0) throw fsError("ENOTDIR", "open", text);
  if (writes && !(entry instanceof DeviceEntry)) requireChangeable(entry, "open", text);
  if ((flags & O.TRUNC) !== 0 && writes && entry instanceof FileEntry && entry.size > 0) entry.resize(0, "open");
  return entry;
}

/** @param {any} fd */
export function close(fd) {
  const { entry, contextId } = openOf(fd, "close");
  // Standard input and output stay.
  if (fd < DESCRIPTOR_FIRST) return;
  opened.delete(fd);
  counts.set(contextId, (counts.get(contextId) ?? 1) - 1);
  entry.opened--;
  releaseEntry(entry);
}

/** Runs with a descriptor of a path, or with one that was given. @template T @param {any} path @param {any} flags @param {any} mode @param {(fd: number) => T} run */
function withDescriptor(path, flags, mode, run) {
  if (typeof path === "number") return run(descriptor(path));
  const fd = open(path, flags, mode);
  try {
    return run(fd);
  } finally {
    close(fd);
  }
}

// --- reading and writing ----------------------------------------------------------------------------------------------

/** @param {Open} open @param {Uint8Array} bytes @param {number | null} position @returns {number} */
function readInto(open, bytes, position) {
  const { entry, flags } = open;
  if ((flags & O.ACCMODE) === O.WRONLY) throw fsError("EBADF", "read");
  if (entry instanceof DeviceEntry) return entry.read(bytes);
  if (!(entry instanceof FileEntry)) throw fsError("EISDIR", "read");
  const at = position ?? open.position;
  const part = entry.content().subarray(at, at + bytes.length);
  bytes.set(part);
  if (position === null) open.position += part.length;
  return part.length;
}

/** @param {Open} open @param {Uint8Array} bytes @param {number | null} position @returns {number} */
function writeFrom(open, bytes, position) {
  const { entry, flags } = open;
  if ((flags & O.ACCMODE) === O.RDONLY) throw fsError("EBADF", "write");
  if (entry instanceof DeviceEntry) {
    entry.write(bytes);
    return bytes.length;
  }
  if (!(entry instanceof FileEntry)) throw fsError("EBADF", "write");
  const at = (flags & O.APPEND) !== 0 ? entry.size : position ?? open.position;
  if (bytes.length > 0) entry.write(bytes, at, "write");
  if (position === null) open.position = at + bytes.length;
  return bytes.length;
}

/** @param {any} fd @param {any} buffer @param {any} [offset] or options @param {any} [length] @param {any} [position] */
export function read(fd, buffer, offset = undefined, length = undefined, position = undefined) {
  descriptor(fd);
  const { bytes, position: at } = region(buffer, offset, length, position);
  return readInto(openOf(fd, "read"), bytes, at);
}

/** @param {any} fd @param {any} data bytes or text @param {any} [offset] position for text @param {any} [length] encoding for text @param {any} [position] */
export function write(fd, data, offset = undefined, length = undefined, position = undefined) {
  descriptor(fd);
  if (typeof data === "string") return writeFrom(openOf(fd, "write"), bytesOfData(data, length), positionOf(offset));
  if (!ArrayBuffer.isView(data)) throw invalidArgType("buffer", "of type string or an instance of Buffer, TypedArray, or DataView", data);
  const { bytes, position: at } = region(data, offset, length, position);
  return writeFrom(openOf(fd, "write"), bytes, at);
}

/** @param {any} fd @param {any} buffers @param {any} [position] */
export function readv(fd, buffers, position = undefined) {
  descriptor(fd);
  const views = listOfViews(buffers);
  let at = positionOf(position);
  let total = 0;
  for (const view of views) {
    const count = readInto(openOf(fd, "read"), view, at);
    total += count;
    if (at !== null) at += count;
    if (count < view.length) break;
  }
  return total;
}

/** @param {any} fd @param {any} buffers @param {any} [position] */
export function writev(fd, buffers, position = undefined) {
  descriptor(fd);
  const views = listOfViews(buffers);
  let at = positionOf(position);
  let total = 0;
  for (const view of views) {
    total += writeFrom(openOf(fd, "write"), view, at);
    if (at !== null) at += view.length;
  }
  return total;
}

/** @param {any} path or a descriptor @param {any} [options] @returns {any} */
export function readFile(path, options = undefined) {
  const { encoding, flag } = optionsOf(options, { encoding: null, flag: "r" });
  if (encoding === "buffer") throw nodeError(TypeError, "ERR_UNKNOWN_ENCODING", "Unknown encoding: buffer");
  return withDescriptor(path, flag, 0o666, (fd) => {
    const open = openOf(fd, "read");
    const { entry } = open;
    if (entry instanceof DeviceEntry) {
      const bytes = new Uint8Array(DEVICE_READ_BYTES_MAX);
      return decoded(bytes.slice(0, readInto(open, bytes, null)), encoding);
    }
    const bytes = new Uint8Array(Math.max(0, entry.size - open.position));
    readInto(open, bytes, null);
    return decoded(bytes, encoding);
  });
}

/** @param {any} path or a descriptor @param {any} data @param {any} [options] */
export function writeFile(path, data, options = undefined) {
  const { encoding, flag, mode, flush } = optionsOf(options, { encoding: "utf8", mode: 0o666, flag: "w", flush: false });
  checkBoolean("options.flush", flush ?? false);
  const bytes = bytesOfData(data, encoding);
  withDescriptor(path, flag, mode, (fd) => void writeFrom(openOf(fd, "write"), bytes, null));
}

/** @param {any} path or a descriptor @param {any} data @param {any} [options] */
export function appendFile(path, data, options = undefined) {
  const all = optionsOf(options, { encoding: "utf8", mode: 0o666, flag: "a" });
  writeFile(path, data, { ...all, flag: all.flag ?? "a" });
}

/** @param {any} fd @param {any} [length] */
export function ftruncate(fd, length = 0) {
  descriptor(fd);
  checkInteger("len", length);
  const { entry, flags } = openOf(fd, "ftruncate");
  if ((flags & O.ACCMODE) === O.RDONLY || !(entry instanceof FileEntry)) throw fsError("EINVAL", "ftruncate");
  entry.resize(Math.max(0, length), "ftruncate");
}

/** @param {any} path @param {any} [length] */
export function truncate(path, length = 0) {
  if (typeof path === "number") return ftruncate(path, length);
  return withDescriptor(path, "r+", 0o666, (fd) => ftruncate(fd, length));
}

/** @param {any} fd */
export function fsync(fd) {
  openOf(fd, "fsync");
}

/** @param {any} fd */
export function fdatasync(fd) {
  openOf(fd, "fdatasync");
}

/** @param {any} from @param {any} to @param {any} [mode] */
export function copyFile(from, to, mode = 0) {
  const [source, target] = [pathText(from, "src"), pathText(to, "dest")];
  const names = [givenPath(from), givenPath(to)];
  checkInteger("mode", mode ?? 0, 0, 7);
  const fail = (/** @type {string} */ code) => fsError(code, "copyfile", ...names);
  // COPYFILE_FICLONE_FORCE: nothing here shares its bytes.
  if (((mode ?? 0) & 4) !== 0) throw fail("ENOTSUP");
  try {
    const { entry } = walk(source, "copyfile");
    if (entry === undefined) throw fail("ENOENT");
    if (entry instanceof FolderEntry) throw fail("EISDIR");
    const place = walk(target, "copyfile");
    if (place.entry !== undefined && ((mode ?? 0) & 1) !== 0) throw fail("EEXIST");
    if (place.entry instanceof FolderEntry) throw fail("EISDIR");
    if (place.entry === entry) return;
    writeFile(to, entry instanceof FileEntry ? entry.content().slice() : new Uint8Array(), { mode: entry.mode & 0o7777 });
  } catch (/** @type {any} */ error) {
    throw typeof error?.syscall === "string" ? fail(error.code) : error;
  }
}

// --- folders ----------------------------------------------------------------------------------------------------------

/** @param {any} path @param {any} [options] or permissions @returns {string | undefined} the first folder that was made */
export function mkdir(path, options = undefined) {
  const { recursive = false, mode = undefined } = typeof options === "object" && options !== null ? options : { mode: options };
  if (typeof recursive !== "boolean") throw invalidArgType("options.recursive", "of type boolean", recursive);
  const allowed = permissions(mode, "mode", 0o777) & ~0o22;
  if (!recursive) {
    makeFolder(vacant(path, "mkdir"), allowed, givenPath(path));
    return undefined;
  }
  let first;
  let made = "";
  for (const part of pathText(path).split("/").filter((step) => step !== "")) {
    made += `/${part}`;
    const place = naming(path, () => {
      const found = walk(made, "mkdir");
      // A link that leads nowhere is no folder, and none is made behind it.
      if (found.entry === undefined && walk(made, "mkdir", "keep").entry !== undefined) throw fsError("ENOENT", "mkdir", made);
      return found;
    });
    if (place.entry instanceof FolderEntry) continue;
    if (place.entry !== undefined) throw fsError(made === pathText(path) ? "EEXIST" : "ENOTDIR", "mkdir", givenPath(path));
    naming(path, () => changeable(place, "mkdir", made));
    makeFolder(place, allowed, givenPath(path));
    first ??= made;
  }
  return first;
}

/** @param {Place} place @param {number} mode @param {string} path */
function makeFolder(place, mode, path) {
  const tmp = changeable(place, "mkdir", path);
  tmp.addNode("mkdir", path);
  addEntry(place, new FolderEntry(tmp, mode & 0o7777));
}

/** @param {any} prefix @param {any} [options] */
export function mkdtemp(prefix, options = undefined) {
  const { encoding } = optionsOf(options, { encoding: "utf8" });
  const start = givenPath(prefix, "prefix");
  const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  const random = new Uint8Array(6);
  ops.randomFill(random);
  const path = start + Array.from(random, (byte) => letters[byte % letters.length]).join("");
  const text = pathText(path);
  try {
    const place = walk(text, "mkdtemp", "keep");
    if (place.entry !== undefined) throw fsError("EEXIST", "mkdtemp", text);
    const tmp = changeable(place, "mkdtemp", text);
    tmp.addNode("mkdtemp", text);
    addEntry(place, new FolderEntry(tmp, 0o700));
  } catch (/** @type {any} */ error) {
    throw fsError(error.code, "mkdtemp", `${start}XXXXXX`);
  }
  return encodedName(path, encoding);
}

/** @param {any} path @param {any} [options] @returns {any[]} */
export function readdir(path, options = undefined) {
  const { encoding, withFileTypes, recursive } = optionsOf(options, { encoding: "utf8", withFileTypes: false, recursive: false });
  const { entry } = existing(path, "scandir");
  if (!(entry instanceof FolderEntry)) throw fsError("ENOTDIR", "scandir", givenPath(path));
  const given = givenPath(path);
  /** @type {any[]} */
  const found = [];
  /** @param {FolderEntry} folder @param {string} prefix */
  const list = (folder, prefix) => {
    for (const name of namesOf(folder)) {
      const child = /** @type {AnyEntry} */ (childOf(folder, name));
      const parent = prefix === "" ? given : `${given.replace(/\/$/, "")}/${prefix}`;
      found.push(withFileTypes ? new Dirent(encodedName(name, encoding), child.mode, parent) : encodedName(prefix === "" ? name : `${prefix}/${name}`, encoding));
      if (recursive && child instanceof FolderEntry) list(child, prefix === "" ? name : `${prefix}/${name}`);
    }
  };
  list(entry, "");
  return found;
}

/** The options of `rm` and `rmdir`, checked; nothing is tried again. @param {any} options */
function removalOptions(options) {
  if (options === undefined) return { force: false, recursive: false };
  checkObject("options", options);
  const { force = false, recursive = false, retryDelay = 100, maxRetries = 0 } = options;
  checkBoolean("options.force", force);
  checkBoolean("options.recursive", recursive);
  checkInteger("options.retryDelay", retryDelay, 0, 0x7fff_ffff);
  checkInteger("options.maxRetries", maxRetries, 0, 0xffff_ffff);
  return { force, recursive };
}

/** @param {any} path @param {any} [options] */
export function rmdir(path, options = undefined) {
  if (removalOptions(options).recursive) return rm(path, { recursive: true, force: false });
  const place = existing(path, "rmdir", "keep");
  const given = givenPath(path);
  if (!(place.entry instanceof FolderEntry)) throw fsError("ENOTDIR", "rmdir", given);
  changeable(place, "rmdir", given);
  if (place.entry.entries.size > 0) throw fsError("ENOTEMPTY", "rmdir", given);
  removeEntry(place);
  return undefined;
}

/** @param {any} path */
export function unlink(path) {
  const place = existing(path, "unlink", "keep");
  const given = givenPath(path);
  if (place.entry instanceof FolderEntry) throw fsError("EISDIR", "unlink", given);
  changeable(place, "unlink", given);
  removeEntry(place);
}

/** @param {any} path @param {any} [options] */
export function rm(path, options = undefined) {
  const { force, recursive } = removalOptions(options);
  const text = pathText(path);
  const given = givenPath(path);
  const place = naming(path, () => walkOrNothing(withoutSlash(text), "lstat"));
  if (place?.entry !== undefined && text.endsWith("/") && !(place.entry instanceof FolderEntry)) throw fsError("ENOTDIR", "rm", given);
  if (place?.entry === undefined) {
    if (force) return;
    throw fsError("ENOENT", "lstat", given);
  }
  if (place.entry instanceof FolderEntry && !recursive) {
    throw fsSystemError("ERR_FS_EISDIR", "Path is a directory", "EISDIR", "rm", given, "is a directory");
  }
  changeable(place, "rm", given);
  removeAll(place);
}

/** @param {string} text @param {string} syscall @returns {Place | undefined} */
function walkOrNothing(text, syscall) {
  try {
    return walk(text, syscall, "keep");
  } catch (/** @type {any} */ error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** @param {Place} place */
function removeAll(place) {
  const { entry } = place;
  if (entry instanceof FolderEntry) {
    for (const [name, child] of [...entry.entries]) removeAll({ folder: entry, name, entry: child, path: `${place.path}/${name}` });
  }
  removeEntry(place);
}

/** @param {any} from @param {any} to */
export function rename(from, to) {
  const [source, target] = [pathText(from, "oldPath"), pathText(to, "newPath")];
  const names = [givenPath(from), givenPath(to)];
  const fail = (/** @type {string} */ code) => fsError(code, "rename", ...names);
  try {
    const old = walk(source, "rename", "keep");
    if (old.entry === undefined) throw fail("ENOENT");
    const place = walk(target, "rename", "keep");
    changeable(old, "rename", source);
    changeable(place, "rename", target);
    if (place.entry === old.entry) return;
    if (old.entry instanceof FolderEntry && `${place.path}/`.startsWith(`${old.path}/`)) throw fail("EINVAL");
    if (place.entry instanceof FolderEntry) {
      if (!(old.entry instanceof FolderEntry)) throw fail("EISDIR");
      if (place.entry.entries.size > 0) throw fail("ENOTEMPTY");
    } else if (place.entry !== undefined && old.entry instanceof FolderEntry) throw fail("ENOTDIR");
    if (place.entry !== undefined) removeEntry(place);
    old.folder.entries.delete(old.name);
    old.folder.touch();
    addEntry(place, old.entry);
  } catch (/** @type {any} */ error) {
    throw typeof error?.syscall === "string" ? fail(error.code) : error;
  }
}

// --- links ------------------------------------------------------------------------------------------------------------

/** @param {any} target @param {any} path @param {any} [type] for Windows */
export function symlink(target, path, type = undefined) {
  if (typeof type === "string" && !["dir", "file", "junction"].includes(type)) {
    throw nodeError(Error, "ERR_FS_INVALID_SYMLINK_TYPE", `Symlink type must be one of "dir", "file", or "junction". Received "${type}"`);
  }
  const [to, at] = [givenPath(target, "target"), givenPath(path)];
  const text = withoutSlash(pathText(path));
  try {
    const place = walk(text, "symlink", "keep");
    if (place.entry !== undefined) throw fsError("EEXIST", "symlink");
    const tmp = changeable(place, "symlink", text);
    tmp.addNode("symlink", text);
    addEntry(place, new LinkEntry(tmp, to));
  } catch (/** @type {any} */ error) {
    throw typeof error?.syscall === "string" ? fsError(error.code, "symlink", to, at) : error;
  }
}

/** @param {any} from @param {any} to */
export function link(from, to) {
  const names = [givenPath(from, "existingPath"), givenPath(to, "newPath")];
  const fail = (/** @type {string} */ code) => fsError(code, "link", ...names);
  try {
    const { entry } = walk(pathText(from), "link", "keep");
    if (entry === undefined) throw fail("ENOENT");
    const place = walk(withoutSlash(pathText(to)), "link", "keep");
    if (place.entry !== undefined) throw fail("EEXIST");
    changeable(place, "link", names[1]);
    if (entry instanceof FolderEntry) throw fail("EPERM");
    if (entry.home !== place.folder.home) throw fail("EXDEV");
    entry.links++;
    entry.changed = ops.now();
    addEntry(place, entry);
  } catch (/** @type {any} */ error) {
    throw typeof error?.syscall === "string" ? fail(error.code) : error;
  }
}

/** @param {any} path @param {any} [options] */
export function readlink(path, options = undefined) {
  const { encoding } = optionsOf(options, { encoding: "utf8" });
  const { entry } = existing(path, "readlink", "keep");
  if (!(entry instanceof LinkEntry)) throw fsError("EINVAL", "readlink", givenPath(path));
  return encodedName(entry.target, encoding);
}

/** @param {any} path @param {any} [options] */
export function realpath(path, options = undefined) {
  const { encoding } = optionsOf(options, { encoding: "utf8" });
  // A slash at the end asks for nothing here.
  const text = withoutSlash(pathText(path));
  return encodedName(naming(path, () => existing(text, "lstat")).path, encoding);
}

// --- metadata ---------------------------------------------------------------------------------------------------------

/** @param {any} path @param {any} options @param {string} syscall @param {"follow" | "keep"} last */
function statAt(path, options, syscall, last) {
  if (options === null) checkObject("options", options);
  const { bigint = false, throwIfNoEntry = true } = options ?? {};
  try {
    return statsOf(existing(path, syscall, last).entry, bigint);
  } catch (/** @type {any} */ error) {
    if (throwIfNoEntry === false && (error.code === "ENOENT" || error.code === "ENOTDIR")) return undefined;
    throw error;
  }
}

/** @param {any} path @param {any} [options] */
export function stat(path, options = undefined) {
  return statAt(path, options, "stat", "follow");
}

/** @param {any} path @param {any} [options] */
export function lstat(path, options = undefined) {
  return statAt(path, options, "lstat", "keep");
}

/** @param {any} fd @param {any} [options] */
export function fstat(fd, options = undefined) {
  return statsOf(openOf(fd, "fstat").entry, options?.bigint === true);
}

/** @param {any} path @param {any} [options] */
export function statfs(path, options = undefined) {
  const { entry } = existing(path, "statfs");
  return statFsOf(entry.home === undefined ? 0 : currentTmp().free, options?.bigint === true);
}

/** Readable by all; what is in `/tmp` and the devices also writable. @param {any} path @param {any} [mode] */
export function access(path, mode = 0) {
  checkInteger("mode", mode ?? 0, 0, 7);
  const { entry } = existing(path, "access");
  const writable = entry.home !== undefined || entry instanceof DeviceEntry;
  const runnable = (entry.mode & 0o111) !== 0;
  if (((mode ?? 0) & 2) !== 0 && !writable || ((mode ?? 0) & 1) !== 0 && !runnable) throw fsError("EACCES", "access", givenPath(path));
}

/** @param {any} path */
export function exists(path) {
  try {
    existing(path, "access");
    return true;
  } catch {
    return false;
  }
}

/** @param {AnyEntry} entry @param {any} mode @param {string} syscall @param {string} [path] */
function setMode(entry, mode, syscall, path = undefined) {
  const allowed = permissions(mode, "mode");
  requireChangeable(entry, syscall, path);
  entry.mode = (entry.mode & ~0o7777) | (allowed & 0o7777);
  entry.changed = ops.now();
}

/** @param {any} path @param {any} mode */
export function chmod(path, mode) {
  permissions(mode, "mode");
  setMode(existing(path, "chmod").entry, mode, "chmod", givenPath(path));
}

/** @param {any} path @param {any} mode */
export function lchmod(path, mode) {
  permissions(mode, "mode");
  setMode(existing(path, "lchmod", "keep").entry, mode, "lchmod", givenPath(path));
}

/** @param {any} fd @param {any} mode */
export function fchmod(fd, mode) {
  setMode(openOf(fd, "fchmod").entry, mode, "fchmod");
}

/** @param {any} uid @param {any} gid -1 leaves it as it is */
function checkOwner(uid, gid) {
  checkInteger("uid", uid, -1, 0xffff_ffff);
  checkInteger("gid", gid, -1, 0xffff_ffff);
}

/** @param {AnyEntry} entry @param {any} uid @param {any} gid @param {string} syscall @param {string} [path] */
function setOwner(entry, uid, gid, syscall, path = undefined) {
  checkOwner(uid, gid);
  requireChangeable(entry, syscall, path);
  if (uid !== -1) entry.uid = uid;
  if (gid !== -1) entry.gid = gid;
  entry.changed = ops.now();
}

/** @param {any} path @param {any} uid @param {any} gid */
export function chown(path, uid, gid) {
  setOwner(existing(path, "chown").entry, uid, gid, "chown", givenPath(path));
}

/** @param {any} path @param {any} uid @param {any} gid */
export function lchown(path, uid, gid) {
  setOwner(existing(path, "lchown", "keep").entry, uid, gid, "lchown", givenPath(path));
}

/** @param {any} fd @param {any} uid @param {any} gid */
export function fchown(fd, uid, gid) {
  checkOwner(uid, gid);
  setOwner(openOf(fd, "fchown").entry, uid, gid, "fchown");
}

/** @param {AnyEntry} entry @param {any} accessed @param {any} modified @param {string} syscall @param {string} [path] */
function setTimes(entry, accessed, modified, syscall, path = undefined) {
  const times = [timeMs(accessed), timeMs(modified)];
  requireChangeable(entry, syscall, path);
  [entry.accessed, entry.modified] = times;
  entry.changed = ops.now();
}

/** @param {any} path @param {any} accessed @param {any} modified */
export function utimes(path, accessed, modified) {
  setTimes(existing(path, "utime").entry, accessed, modified, "utime", givenPath(path));
}

/** @param {any} path @param {any} accessed @param {any} modified */
export function lutimes(path, accessed, modified) {
  setTimes(existing(path, "lutime", "keep").entry, accessed, modified, "lutime", givenPath(path));
}

/** @param {any} fd @param {any} accessed @param {any} modified */
export function futimes(fd, accessed, modified) {
  timeMs(accessed, "atime");
  timeMs(modified, "mtime");
  setTimes(openOf(fd, "futime").entry, accessed, modified, "futime");
}

/** What is refused because nothing ever changes here from outside. @returns {never} */
export function refuseWatching() {
  throw nodeError(Error, "ERR_UNSUPPORTED_OPERATION", "The requested operation is unsupported");
}

