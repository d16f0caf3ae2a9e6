/**
 * `node:os`: what Workers say of the machine, which is nothing about it.
 *
 * @module
 */

import { dlopen, errno, priority, signals } from "stated:node-support/os-constants";
import { checkInteger } from "stated:node-support/errors";
import { Buffer } from "stated:node/buffer";

export const EOL = "\n";
export const devNull = "/dev/null";
export const constants = {
  UV_UDP_REUSEADDR: 4, dlopen, errno, signals, priority,
};
export const arch = () => "x64";
export const availableParallelism = () => 1;
export const cpus = () => [];
export const endianness = () => "LE";
export const freemem = () => 0;
/** @param {any} [pid] */
export function getPriority(pid = 0) {
  checkInteger("pid", pid, -(2 ** 31), 2 ** 31 - 1);
  return 0;
}

export const homedir = () => "/tmp";
export const hostname = () => "localhost";
export const loadavg = () => [0, 0, 0];
export const machine = () => "x86_64";
export const networkInterfaces = () => ({});
export const platform = () => "linux";
export const release = () => "";
/** Is not told to the machine. @param {any} pid or the priority @param {any} [value] */
export function setPriority(pid, value = pid) {
  if (arguments.length > 1) checkInteger("pid", pid, -(2 ** 31), 2 ** 31 - 1);
  checkInteger("priority", value, -20, 19);
}

export const tmpdir = () => "/tmp";
export const totalmem = () => 0;
export const type = () => "Linux";
export const uptime = () => 0;
/** @param {any} [options] with `encoding` "buffer" for texts as bytes */
export function userInfo(options = undefined) {
  const text = (/** @type {string} */ value) => (options?.encoding === "buffer" ? Buffer.from(value) : value);
  return { uid: -1, gid: -1, username: text("worker"), homedir: text("/tmp"), shell: null };
}

export const version = () => "";

export default {
  arch, availableParallelism, constants, cpus, devNull, endianness, EOL, freemem, getPriority, homedir, hostname, loadavg, machine,
  networkInterfaces, platform, release, setPriority, tmpdir, totalmem, type, uptime, userInfo, version,
};
