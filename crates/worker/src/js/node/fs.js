/**
 * `node:fs`, to be imported only: there are no files.
 *
 * @module
 */

import { unimplementedIn } from "stated:node-support/unimplemented";
import promises from "stated:node/fs/promises";

const stub = unimplementedIn("fs");

export const _toUnixTimestamp = stub("_toUnixTimestamp");
export const access = stub("access");
export const accessSync = stub("accessSync");
export const appendFile = stub("appendFile");
export const appendFileSync = stub("appendFileSync");
export const chmod = stub("chmod");
export const chmodSync = stub("chmodSync");
export const chown = stub("chown");
export const chownSync = stub("chownSync");
export const close = stub("close");
export const closeSync = stub("closeSync");
export const copyFile = stub("copyFile");
export const copyFileSync = stub("copyFileSync");
export const cp = stub("cp");
export const cpSync = stub("cpSync");
export const createReadStream = stub("createReadStream");
export const createWriteStream = stub("createWriteStream");
export const Dir = stub("Dir");
export const Dirent = stub("Dirent");
export const exists = stub("exists");
export const fchmod = stub("fchmod");
export const fchmodSync = stub("fchmodSync");
export const fchown = stub("fchown");
export const fchownSync = stub("fchownSync");
export const fdatasync = stub("fdatasync");
export const fdatasyncSync = stub("fdatasyncSync");
export const FileReadStream = stub("FileReadStream");
export const FileWriteStream = stub("FileWriteStream");
export const fstat = stub("fstat");
export const fstatSync = stub("fstatSync");
export const fsync = stub("fsync");
export const fsyncSync = stub("fsyncSync");
export const ftruncate = stub("ftruncate");
export const ftruncateSync = stub("ftruncateSync");
export const futimes = stub("futimes");
export const futimesSync = stub("futimesSync");
export const lchmod = stub("lchmod");
export const lchmodSync = stub("lchmodSync");
export const lchown = stub("lchown");
export const lchownSync = stub("lchownSync");
export const link = stub("link");
export const linkSync = stub("linkSync");
export const lstat = stub("lstat");
export const lstatSync = stub("lstatSync");
export const lutimes = stub("lutimes");
export const lutimesSync = stub("lutimesSync");
export const mkdir = stub("mkdir");
export const mkdirSync = stub("mkdirSync");
export const mkdtemp = stub("mkdtemp");
export const mkdtempSync = stub("mkdtempSync");
export const open = stub("open");
export const openAsBlob = stub("openAsBlob");
export const opendir = stub("opendir");
export const opendirSync = stub("opendirSync");
export const openSync = stub("openSync");
export const read = stub("read");
export const readdir = stub("readdir");
export const readdirSync = stub("readdirSync");
export const readFile = stub("readFile");
export const readFileSync = stub("readFileSync");
export const readlink = stub("readlink");
export const readlinkSync = stub("readlinkSync");
export const ReadStream = stub("ReadStream");
export const readSync = stub("readSync");
export const readv = stub("readv");
export const readvSync = stub("readvSync");
export const realpath = stub("realpath");
export const realpathSync = stub("realpathSync");
export const rename = stub("rename");
export const renameSync = stub("renameSync");
export const rm = stub("rm");
export const rmdir = stub("rmdir");
export const rmdirSync = stub("rmdirSync");
export const rmSync = stub("rmSync");
export const stat = stub("stat");
export const statfs = stub("statfs");
export const statfsSync = stub("statfsSync");
export const Stats = stub("Stats");
export const statSync = stub("statSync");
export const symlink = stub("symlink");
export const symlinkSync = stub("symlinkSync");
export const truncate = stub("truncate");
export const truncateSync = stub("truncateSync");
export const unlink = stub("unlink");
export const unlinkSync = stub("unlinkSync");
export const unwatchFile = stub("unwatchFile");
export const utimes = stub("utimes");
export const utimesSync = stub("utimesSync");
export const watch = stub("watch");
export const watchFile = stub("watchFile");
export const write = stub("write");
export const writeFile = stub("writeFile");
export const writeFileSync = stub("writeFileSync");
export const WriteStream = stub("WriteStream");
export const writeSync = stub("writeSync");
export const writev = stub("writev");
export const writevSync = stub("writevSync");
export const constants = {
  UV_FS_SYMLINK_DIR: 1, UV_FS_SYMLINK_JUNCTION: 2, O_RDONLY: 0, O_WRONLY: 1, O_RDWR: 2, UV_DIRENT_UNKNOWN: 0,
  UV_DIRENT_FILE: 1, UV_DIRENT_DIR: 2, UV_DIRENT_LINK: 3, UV_DIRENT_FIFO: 4, UV_DIRENT_SOCKET: 5, UV_DIRENT_CHAR: 6,
  UV_DIRENT_BLOCK: 7, EXTENSIONLESS_FORMAT_JAVASCRIPT: 0, EXTENSIONLESS_FORMAT_WASM: 1, S_IFMT: 61440, S_IFREG: 32768,
  S_IFDIR: 16384, S_IFCHR: 8192, S_IFBLK: 24576, S_IFIFO: 4096, S_IFLNK: 40960, S_IFSOCK: 49152, O_CREAT: 64, O_EXCL: 128,
  UV_FS_O_FILEMAP: 0, O_NOCTTY: 256, O_TRUNC: 512, O_APPEND: 1024, O_DIRECTORY: 65536, O_NOATIME: 262144, O_NOFOLLOW: 131072,
  O_SYNC: 1052672, O_DSYNC: 4096, O_DIRECT: 16384, O_NONBLOCK: 2048, S_IRWXU: 448, S_IRUSR: 256, S_IWUSR: 128, S_IXUSR: 64,
  S_IRWXG: 56, S_IRGRP: 32, S_IWGRP: 16, S_IXGRP: 8, S_IRWXO: 7, S_IROTH: 4, S_IWOTH: 2, S_IXOTH: 1, F_OK: 0, R_OK: 4, W_OK: 2,
  X_OK: 1, UV_FS_COPYFILE_EXCL: 1, COPYFILE_EXCL: 1, UV_FS_COPYFILE_FICLONE: 2, COPYFILE_FICLONE: 2,
  UV_FS_COPYFILE_FICLONE_FORCE: 4, COPYFILE_FICLONE_FORCE: 4,
};
export const F_OK = 0;
export const R_OK = 4;
export const W_OK = 2;
export const X_OK = 1;

/** There are no files. */
export function existsSync() {
  return false;
}

export { promises };

export default {
  _toUnixTimestamp, access, accessSync, appendFile, appendFileSync, chmod, chmodSync, chown, chownSync, close, closeSync,
  constants, copyFile, copyFileSync, cp, cpSync, createReadStream, createWriteStream, Dir, Dirent, exists, existsSync, F_OK,
  fchmod, fchmodSync, fchown, fchownSync, fdatasync, fdatasyncSync, FileReadStream, FileWriteStream, fstat, fstatSync, fsync,
  fsyncSync, ftruncate, ftruncateSync, futimes, futimesSync, lchmod, lchmodSync, lchown, lchownSync, link, linkSync, lstat,
  lstatSync, lutimes, lutimesSync, mkdir, mkdirSync, mkdtemp, mkdtempSync, open, openAsBlob, opendir, opendirSync, openSync,
  promises, R_OK, read, readdir, readdirSync, readFile, readFileSync, readlink, readlinkSync, ReadStream, readSync, readv,
  readvSync, realpath, realpathSync, rename, renameSync, rm, rmdir, rmdirSync, rmSync, stat, statfs, statfsSync, Stats,
  statSync, symlink, symlinkSync, truncate, truncateSync, unlink, unlinkSync, unwatchFile, utimes, utimesSync, W_OK, watch,
  watchFile, write, writeFile, writeFileSync, WriteStream, writeSync, writev, writevSync, X_OK,
};
