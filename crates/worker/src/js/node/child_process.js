/**
 * `node:child_process`, to be imported only: a Worker has no processes.
 *
 * @module
 */

import { unimplementedIn } from "stated:node-support/unimplemented";

const stub = unimplementedIn("child_process");

export const _forkChild = stub("_forkChild");
export const ChildProcess = stub("ChildProcess", ["disconnect", "kill", "ref", "send", "spawn", "unref"]);
export const exec = stub("exec");
export const execFile = stub("execFile");
export const execFileSync = stub("execFileSync");
export const execSync = stub("execSync");
export const fork = stub("fork");
export const spawn = stub("spawn");
export const spawnSync = stub("spawnSync");

export default {
  _forkChild, ChildProcess, exec, execFile, execFileSync, execSync, fork, spawn, spawnSync,
};
