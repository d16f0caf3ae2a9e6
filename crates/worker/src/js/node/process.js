/**
 * `node:process`, also the global `process`.
 *
 * @module
 */

import { variables } from "stated:bindings";
import { console } from "stated:console";
import { ops } from "stated:host";
import { format } from "stated:inspect";
import { EventEmitter } from "stated:node/events";
import { checkString, invalidArgType, outOfRange } from "stated:node-support/errors";
import { nextTick } from "stated:node-support/next-tick";
import { methodNotImplemented, unimplementedIn } from "stated:node-support/unimplemented";
import { flag } from "stated:settings";

const stub = unimplementedIn("process");

/** Variables are strings, whatever is assigned. @type {Record<string, string>} */
export const env = new Proxy(flag("nodejs_compat_populate_process_env") ? { ...variables } : {}, {
  set: (target, key, value) => Reflect.set(target, key, String(value)),
  defineProperty: (target, key, descriptor) => Reflect.defineProperty(target, key,
    "value" in descriptor ? { ...descriptor, value: String(descriptor.value) } : descriptor),
});

export const version = "v22.19.0";
/** Those of libraries that are not here are empty, as on Workers. @type {Record<string, string>} */
export const versions = {
  node: "22.19.0", v8: "", modules: "", zlib: "", brotli: "", zstd: "", ares: "", napi: "", llhttp: "", nghttp2: "", acorn: "", ada: "",
  simdutf: "", nbytes: "", ncrypto: "", uvwasi: "", uv: "", openssl: "", sqlite: "", icu: "", undici: "", simdjson: "", unicode: "", cldr: "",
  tz: "", cjs_module_lexer: "", amaro: "",
};
export const release = { name: "node", lts: "Jod" };
export const title = "workerd";
export const platform = "linux";
export const arch = "x64";
export const argv = ["workerd"];
export const argv0 = "workerd";
/** @type {string[]} */
export const execArgv = [];
export const execPath = "";
export const pid = 1;
export const ppid = 0;
export const config = { target_defaults: {}, variables: {} };
export const features = {
  inspector: false, debug: false, uv: true, ipv6: true, openssl_is_boringssl: true, tls_alpn: true, tls_sni: true, tls_ocsp: true,
  tls: true, cached_builtins: true, require_module: false, typescript: false,
};
export const debugPort = 0;
export const allowedNodeEnvironmentFlags = new Set();
export const noDeprecation = false;
export const report = undefined;
export const sourceMapsEnabled = false;
export const exitCode = undefined;

let directory = "/bundle";

export function cwd() {
  return directory;
}

/** @param {string} path */
export function chdir(path) {
  checkString("directory", path);
  const steps = path.startsWith("/") ? [] : directory.split("/");
  for (const step of path.split("/")) {
    if (step === "..") steps.pop();
    else if (step !== ".") steps.push(step);
  }
  directory = `/${steps.filter((step) => step !== "").join("/")}`;
}

/** @param {[number, number]} [earlier] @returns {[number, number]} seconds and nanoseconds */
export function hrtime(earlier = undefined) {
  const nanoseconds = hrtime.bigint();
  const seconds = Number(nanoseconds / 1_000_000_000n);
  const rest = Number(nanoseconds % 1_000_000_000n);
  if (earlier === undefined) return [seconds, rest];
  if (!Array.isArray(earlier)) throw invalidArgType("time", "an instance of Array", earlier);
  if (earlier.length !== 2) throw outOfRange("time", "2", earlier.length);
  const difference = rest - earlier[1];
  return difference < 0 ? [seconds - earlier[0] - 1, difference + 1_000_000_000] : [seconds - earlier[0], difference];
}
hrtime.bigint = () => BigInt(Math.round(ops.monotonicNow() * 1e6));

export function uptime() {
  return ops.monotonicNow() / 1000;
}

/** Unknown here, as on Workers. */
export function memoryUsage() {
  return { rss: 0, heapTotal: 0, heapUsed: 0, external: 0, arrayBuffers: 0 };
}
memoryUsage.rss = () => 0;

export function cpuUsage() {
  return { user: 0, system: 0 };
}

/** @param {string | Error} warning @param {any} [options] its name, or options */
export function emitWarning(warning, options = undefined) {
  const name = typeof options === "string" ? options : options?.type ?? "Warning";
  const error = typeof warning === "string" ? Object.assign(new Error(warning), { name }) : warning;
  nextTick(() => {
    if (!process.emit("warning", error)) console.warn(`(node) ${error}`);
  });
}

/**
 * @param {string} name with or without `node:`
 * @returns {any} the module; undefined when there is none
 */
export function getBuiltinModule(name) {
  checkString("id", name);
  try {
    return ops.builtInModule(name.startsWith("node:") ? name : `node:${name}`).default;
  } catch {
    return undefined;
  }
}

/** What the machine has, which a program is not told. */
export const availableMemory = () => 0;
export const constrainedMemory = () => 0;

export function resourceUsage() {
  return {
    userCPUTime: 0, systemCPUTime: 0, maxRSS: 0, sharedMemorySize: 0, unsharedDataSize: 0, unsharedStackSize: 0, minorPageFault: 0,
    majorPageFault: 0, swappedOut: 0, fsRead: 0, fsWrite: 0, ipcSent: 0, ipcReceived: 0, signalsCount: 0, voluntaryContextSwitches: 0,
    involuntaryContextSwitches: 0,
  };
}

/** Nothing here keeps a process running. */
export function ref() {}
export function unref() {}
/** Stacks are always those of the sources. */
export function setSourceMapsEnabled() {}

/** @type {Function | null} */
let uncaughtCallback = null;
export const hasUncaughtExceptionCaptureCallback = () => uncaughtCallback !== null;
/** @param {any} callback is kept, and not called: uncaught exceptions end their event */
export function setUncaughtExceptionCaptureCallback(callback) {
  if (callback !== null && typeof callback !== "function") throw invalidArgType("fn", "of type function or null", callback);
  uncaughtCallback = callback;
}

/** Sets the variables of a file, but none that is there. @param {any} [path] */
export function loadEnvFile(path = ".env") {
  const text = ops.builtInModule("node:fs").readFileSync(path, "utf8");
  for (const [name, value] of Object.entries(ops.builtInModule("node:util").parseEnv(text))) {
    if (!(name in env)) env[name] = /** @type {string} */ (value);
  }
}

export const getgroups = () => [0];
export const umask = () => 0o22;
export const getuid = () => 0;
export const geteuid = () => 0;
export const getgid = () => 0;
export const getegid = () => 0;
export const exit = stub("exit");
export const abort = stub("abort");
export const kill = stub("kill");
export const binding = stub("binding");
export const dlopen = stub("dlopen");
export const getActiveResourcesInfo = stub("getActiveResourcesInfo");
export const execve = stub("execve");

/** Members of Node's inside, of processes with parents, and of users; all of them as on Workers. */
const inner = {
  _channel: undefined, _disconnect: undefined, _exiting: false, _handleQueue: undefined, _pendingMessage: undefined, _preload_modules: [],
  _send: undefined, channel: null, connected: false, domain: null, moduleLoadList: [], throwDeprecation: false, traceDeprecation: false,
  _debugEnd() {}, _debugProcess() {}, _startProfilerIdleNotifier() {}, _stopProfilerIdleNotifier() {}, _tickCallback() {},
  _fatalException: () => false,
  _getActiveHandles: () => [],
  _getActiveRequests: () => [],
  /** @param {...any} args */
  _rawDebug(...args) {
    ops.log(4, format(args));
  },
  _kill: methodNotImplemented("process._kill"),
  _linkedBinding: methodNotImplemented("process._linkedBinding"),
  /** @param {any} value @param {any} [message] */
  assert(value, message = undefined) {
    ops.builtInModule("node:assert").default.ok(value, message);
  },
  finalization: {
    register: methodNotImplemented("process.finalization.register"),
    registerBeforeExit: methodNotImplemented("process.finalization.registerBeforeExit"),
    unregister: methodNotImplemented("process.finalization.unregister"),
  },
  getSourceMapsSupport: () => Object.freeze({ __proto__: null, enabled: false, nodeModules: false, generatedCode: false }),
  /** @returns {any} */
  openStdin: () => process.stdin.resume(),
  permission: { has: methodNotImplemented("process.permission.has") },
  reallyExit: stub("reallyExit"),
  send: () => false,
  threadCpuUsage: methodNotImplemented("process.threadCpuUsage"),
  ...Object.fromEntries(["initgroups", "setegid", "seteuid", "setgid", "setgroups", "setuid"].map((name) => [name, {
    [name]() {
      throw Object.assign(new Error("operation not permitted"), { code: "EPERM" });
    },
  }[name]])),
};

/** Lines for the console. @param {number} level as in host.d.ts @param {number} fd */
function lineWriter(level, fd) {
  return {
    fd, isTTY: false, writable: true,
    /** @param {string | Uint8Array} chunk @param {any} [encoding] @param {any} [callback] */
    write(chunk, encoding = undefined, callback = undefined) {
      const text = typeof chunk === "string" ? chunk : ops.textDecode("utf-8", chunk, false, true);
      ops.log(level, text.replace(/\n$/, ""));
      const done = typeof encoding === "function" ? encoding : callback;
      if (typeof done === "function") nextTick(done);
      return true;
    },
    end() {},
    on() {
      return this;
    },
    once() {
      return this;
    },
    emit: () => false,
    removeListener() {
      return this;
    },
  };
}
export const stdout = lineWriter(1, 1);
export const stderr = lineWriter(4, 2);

class Process extends /** @type {any} */ (EventEmitter) {
  get [Symbol.toStringTag]() {
    return "process";
  }
}
Object.defineProperty(Process, "name", { value: "process" });

/** @type {any} */
const process = Object.assign(new Process(), inner, {
  abort, allowedNodeEnvironmentFlags, arch, argv, argv0, availableMemory, binding, chdir, config, constrainedMemory, cpuUsage, cwd,
  debugPort, dlopen, emitWarning, env, execArgv, execPath, execve, exit, exitCode, features, getActiveResourcesInfo, getBuiltinModule,
  getegid, geteuid, getgid, getgroups, getuid, hasUncaughtExceptionCaptureCallback, hrtime, kill, loadEnvFile, memoryUsage, nextTick,
  noDeprecation, pid, platform, ppid, ref, release, report, resourceUsage, setSourceMapsEnabled, setUncaughtExceptionCaptureCallback,
  sourceMapsEnabled, stderr, stdout, title, umask, unref, uptime, version, versions,
});

/** Standard input, which is at its end; streams are loaded when it is asked for. */
Object.defineProperty(process, "stdin", {
  configurable: true, enumerable: true,
  get() {
    const { Readable } = ops.builtInModule("node:stream");
    const value = Object.assign(new Readable({
      /** @this {any} */
      read() {
        this.push(null);
      },
    }), { fd: 0, isTTY: false });
    Object.defineProperty(process, "stdin", { value, writable: true, configurable: true, enumerable: true });
    return value;
  },
});

/** @param {string} name */
const bound = (name) => process[name].bind(process);
export const [addListener, emit, listenerCount, listeners, off, on, once, prependListener, prependOnceListener, removeAllListeners,
  removeListener] = ["addListener", "emit", "listenerCount", "listeners", "off", "on", "once", "prependListener", "prependOnceListener",
  "removeAllListeners", "removeListener"].map(bound);

export { nextTick };
export default process;
