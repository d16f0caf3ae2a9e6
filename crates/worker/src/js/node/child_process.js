/**
 * `node:child_process`, to be imported only: a Worker has no processes.
 *
 * @module
 */

import { checkString } from "stated:node-support/errors";
import { classNotImplemented, methodNotImplemented } from "stated:node-support/unimplemented";
import { EventEmitter } from "stated:node/events";

const stub = (/** @type {string} */ name) => methodNotImplemented(`child_process.${name}`);
/** A function whose first argument is looked at. @param {string} name */
function ofCommand(name) {
  const missing = stub(name);
  return {
    /** @param {any} command */
    [name](command) {
      checkString("command", command);
      missing();
    },
  }[name];
}

export const _forkChild = stub("_forkChild");
export const ChildProcess = classNotImplemented("child_process.ChildProcess", ["disconnect", "kill", "ref", "send", "spawn", "unref"], EventEmitter);
export const exec = ofCommand("exec");
export const execFile = stub("execFile");
export const execFileSync = stub("execFileSync");
export const execSync = stub("execSync");
export const fork = stub("fork");
export const spawn = stub("spawn");
export const spawnSync = ofCommand("spawnSync");

export default {
  _forkChild, ChildProcess, exec, execFile, execFileSync, execSync, fork, spawn, spawnSync,
};
