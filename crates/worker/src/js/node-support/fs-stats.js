/**
 * What `node:fs` tells about files: Stats, Dirent, StatFs.
 *
 * @module
 */

import { TMP_BYTES_MAX } from "stated:node-support/fs-tree";

const S_IFMT = 0o170000;
const types = { FIFO: 0o010000, CharacterDevice: 0o020000, Directory: 0o040000, BlockDevice: 0o060000, File: 0o100000, SymbolicLink: 0o120000, Socket: 0o140000 };

/** Bytes of a block, as `blksize` and `blocks` count them. */
const BLOCK_BYTES = 4096;
const SECTOR_BYTES = 512;

/** @this {any} */
function StatsBase() {}

/**
 * @this {any}
 * @param {any} parts
 */
export function Stats(parts) {
  Object.assign(this, parts);
  setTimes(this);
}

/** @this {any} @param {any} parts */
function BigIntStats(parts) {
  for (const [name, value] of Object.entries(parts)) this[name] = BigInt(Math.trunc(value));
  for (const name of ["atime", "mtime", "ctime", "birthtime"]) this[`${name}Ns`] = BigInt(Math.round(parts[`${name}Ms`] * 1e6));
  setTimes(this);
}

/** @param {any} stats */
function setTimes(stats) {
  for (const name of ["atime", "mtime", "ctime", "birthtime"]) stats[name] = new Date(Number(stats[`${name}Ms`]));
}

for (const [name, type] of Object.entries(types)) {
  /** @this {any} */
  StatsBase.prototype[`is${name}`] = function () {
    return (Number(this.mode) & S_IFMT) === type;
  };
  Object.defineProperty(StatsBase.prototype[`is${name}`], "name", { value: `is${name}` });
}
for (const Class of [Stats, BigIntStats]) {
  Object.setPrototypeOf(Class.prototype, StatsBase.prototype);
  Object.setPrototypeOf(Class, StatsBase);
}

/**
 * @param {import("stated:node-support/fs-tree").AnyEntry} entry
 * @param {boolean} bigint
 */
export function statsOf(entry, bigint) {
  const parts = {
    dev: 1, mode: entry.mode, nlink: entry.links, uid: entry.uid, gid: entry.gid, rdev: 0, blksize: BLOCK_BYTES, ino: entry.inode,
    size: entry.size, blocks: Math.ceil(entry.size / BLOCK_BYTES) * (BLOCK_BYTES / SECTOR_BYTES), atimeMs: entry.accessed,
    mtimeMs: entry.modified, ctimeMs: entry.changed, birthtimeMs: entry.born,
  };
  return new /** @type {any} */ (bigint ? BigIntStats : Stats)(parts);
}

/** @this {any} @param {any} parts */
function StatFs(parts) {
  Object.assign(this, parts);
}

/** @param {number} free bytes @param {boolean} bigint */
export function statFsOf(free, bigint) {
  const blocks = { type: 0x0102_1994, bsize: BLOCK_BYTES, blocks: TMP_BYTES_MAX / BLOCK_BYTES, bfree: Math.floor(free / BLOCK_BYTES), bavail: Math.floor(free / BLOCK_BYTES), files: 0, ffree: 0 };
  const parts = bigint ? Object.fromEntries(Object.entries(blocks).map(([name, value]) => [name, BigInt(value)])) : blocks;
  return new /** @type {any} */ (StatFs)(parts);
}

const kind = Symbol("type");

/** An entry of a folder. */
export class Dirent {
  /** @param {any} name @param {number} mode @param {string} parentPath */
  constructor(name, mode, parentPath) {
    this.name = name;
    this.parentPath = parentPath;
    this.path = parentPath;
    Object.defineProperty(this, kind, { value: mode & S_IFMT });
  }
}
for (const [name, type] of Object.entries(types)) {
  Object.defineProperty(Dirent.prototype, `is${name}`, {
    configurable: true, writable: true,
    /** @this {any} */
    value() {
      return this[kind] === type;
    },
  });
}
