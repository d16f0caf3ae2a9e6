/**
 * `node:process`, also the global `process`.
 *
 * @module
 */

import { variables } from "stated:bindings";
import { console } from "stated:console";
import { objectOf } from "stated:context";
import { abortEvent } from "stated:error-transport";
import { ops } from "stated:host";
import { format } from "stated:inspect";
import { EventEmitter } from "stated:node/events";
import { checkString, invalidArgType, invalidArgValue, nodeError, outOfRange } from "stated:node-support/errors";
import { nextTick } from "stated:node-support/next-tick";
import { methodNotImplemented } from "stated:node-support/unimplemented";
import { setWarner } from "stated:node-support/warning";
import { flag } from "stated:settings";

const stub = (/** @type {string} */ name) => methodNotImplemented(`process.${name}`);

/** @param {unknown} value @returns {string} */
function variableText(value) {
  if (typeof value === "symbol") throw new TypeError("Cannot convert a Symbol value to a string");
  return String(value);
}

/** @param {any} descriptor */
function checkVariable(descriptor) {
  if ("get" in descriptor || "set" in descriptor) {
    throw nodeError(TypeError, "ERR_INVALID_OBJECT_DEFINE_PROPERTY", "'process.env' does not accept an accessor(getter/setter) descriptor");
  }
  if (!descriptor.configurable || !descriptor.writable || !descriptor.enumerable) {
    throw nodeError(TypeError, "ERR_INVALID_OBJECT_DEFINE_PROPERTY", "'process.env' only accepts a configurable, writable, and enumerable data descriptor");
  }
}

/** Variables are strings, whatever is assigned. @type {Record<string, string>} */
export const env = new Proxy(flag("nodejs_compat_populate_process_env") && !flag("disallow_importable_env") ? { ...variables } : {}, {
  set(target, key, value) {
    return Reflect.set(target, variableText(key), variableText(value));
  },
  defineProperty(target, key, descriptor) {
    checkVariable(descriptor);
    return Reflect.defineProperty(target, variableText(key), { ...descriptor, value: variableText(descriptor.value) });
  },
});

export const version = "v22.19.0";
/** Those of libraries that are not here are empty, as on Workers. @type {Record<string, string>} */
export const versions = {
  node: "22.19.0", v8: "", modules: "", zlib: "", brotli: "", zstd: "", ares: "", napi: "", llhttp: "", nghttp2: "", acorn: "", ada: "",
  simdutf: "", nbytes: "", ncrypto: "", uvwasi: "", uv: "", openssl: "", sqlite: "", icu: "", undici: "", simdjson: "", unicode: "", cldr: "",
  tz: "", cjs_module_lexer: "", amaro: "", merve: "",
};
export const release = { name: "node", lts: "Jod", sourceUrl: "", headersUrl: "" };
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
export const config = { target_defaults: { default_configuration: "Release" }, variables: {} };
export const features = {
  inspector: false, debug: false, uv: true, ipv6: true, openssl_is_boringssl: true, tls_alpn: true, tls_sni: true, tls_ocsp: true,
  tls: true, cached_builtins: true, require_module: false, typescript: false,
};
export const debugPort = 0;
export const allowedNodeEnvironmentFlags = new Set();
export const noDeprecation = false;
/** There are no reports. */
export const report = {
  compact: false, directory: "", filename: "", getReport: methodNotImplemented("process.report.getReport"), reportOnFatalError: false,
  reportOnSignal: false, reportOnUncaughtException: false, excludeNetwork: false, excludeEnv: false, signal: "SIGUSR2",
  writeReport: methodNotImplemented("process.report.writeReport"),
};
export const sourceMapsEnabled = false;
export const exitCode = undefined;

let directory = "/bundle";

export function cwd() {
  return directory;
}

/** @param {string} path */
export function chdir(path) {
  checkString("directory", path);
  const fs = ops.builtInModule("node:fs");
  const folder = ops.builtInModule("node:path").resolve(directory, path);
  const stat = fs.statSync(folder, { throwIfNoEntry: false });
  if (stat?.isDirectory()) {
    directory = folder;
    return;
  }
  const [errno, code, text] = stat === undefined ? [-2, "ENOENT", "no such file or directory"] : [-20, "ENOTDIR", "not a directory"];
  throw Object.assign(new Error(`${code}: ${text}, chdir '${directory}' -> '${path}'`), { errno, code, syscall: "chdir", path: directory, dest: path });
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

/**
 * Tells the listeners for "warning", in a turn of its own, or the console when there are none.
 *
 * @param {string | Error} warning
 * @param {any} [type] its name, or options with `type`, `code` and `detail`
 * @param {any} [code]
 */
export function emitWarning(warning, type = undefined, code = undefined) {
  let detail;
  if (typeof type === "object" && type !== null && !Array.isArray(type)) ({ type = "Warning", code, detail } = type);
  else if (typeof type === "function") type = code = undefined;
  if (typeof code === "function") code = undefined;
  if (type !== undefined) checkString("type", type);
  if (code !== undefined) checkString("code", code);
  if (typeof warning !== "string" && !(warning instanceof Error)) throw invalidArgType("warning", "of type string or an instance of Error", warning);
  const error = /** @type {any} */ (typeof warning === "string" ? Object.assign(new Error(warning), { name: type || "Warning" }) : warning);
  if (typeof warning === "string") Object.assign(error, code === undefined ? {} : { code }, typeof detail === "string" ? { detail } : {});
  if (error.name === "DeprecationWarning" && process.noDeprecation) return;
  nextTick(() => {
    if (process.emit("warning", error)) return;
    console.warn(`(node:${pid}) ${error.code === undefined ? "" : `[${error.code}] `}${error}${error.detail === undefined ? "" : `\n${error.detail}`}`);
  });
}

/**
 * @param {string} name with or without `node:`
 * @returns {any} the module; undefined when there is none
 */
export function getBuiltinModule(name) {
  checkString("id", name);
  // These have their names only with the prefix.
  if (name === "test" || name === "sqlite") return undefined;
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
/** Is always the same. @param {any} [mask] */
export function umask(mask = undefined) {
  if (typeof mask === "string" ? !/^[0-7]+$/.test(mask) : typeof mask === "number" && !(mask >>> 0 === mask)) {
    throw invalidArgValue("mask", mask, "must be a 32-bit unsigned integer or an octal string");
  }
  if (mask !== undefined && typeof mask !== "string" && typeof mask !== "number") throw invalidArgType("mask", "of type number", mask);
  return 0o22;
}

export const getuid = () => 0;
export const geteuid = () => 0;
export const getgid = () => 0;
export const getegid = () => 0;

/**
 * Ends the event, and resets an object; the program cannot catch it. It does nothing in the global scope, as on Workers.
 *
 * @param {any} [code]
 * @returns {any}
 */
export function exit(code = 0) {
  const contextId = ops.contextId();
  if (contextId === 0) return undefined;
  const text = `The Node.js process.exit(${code | 0}) API was called. Canceling the request.`;
  ops.reportUncaught(`Error: ${text}`);
  if (objectOf(contextId) !== undefined) return ops.abortObject(contextId, text, true);
  return abortEvent(contextId, new Error(text));
}

export function abort() {
  exit(1);
}

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
  reallyExit: exit,
  send: () => false,
  threadCpuUsage: methodNotImplemented("process.threadCpuUsage"),
  ...Object.fromEntries(["initgroups", "setegid", "seteuid", "setgid", "setgroups", "setuid"].map((name) => [name, {
    [name]() {
      throw Object.assign(new Error("operation not permitted"), { code: "EPERM", syscall: name, errno: 1 });
    },
  }[name]])),
};

/**
 * Lines for the console. They are a stream of `node:stream` as soon as a program uses more of them than `write`, so that one which
 * does not has no streams to load.
 *
 * @param {number} level as in host.d.ts @param {number} fd
 */
function lineWriter(level, fd) {
  /** @param {any} chunk */
  const print = (chunk) => {
    const text = typeof chunk === "string" ? chunk : ops.textDecode("utf-8", chunk, false, true);
    ops.log(level, text.replace(/\n$/, ""));
  };
  const become = () => {
    const { Writable } = ops.builtInModule("node:stream");
    class SyncWriteStream extends Writable {
      constructor() {
        super({ autoDestroy: false, emitClose: false, decodeStrings: true });
      }

      /** @param {any} chunk @param {string} encoding @param {() => void} callback */
      _write(chunk, encoding, callback) {
        void encoding;
        print(chunk);
        callback();
      }

      /** Its end is that of the process. @param {unknown} error @param {(error: unknown) => void} callback */
      _destroy(error, callback) {
        callback(error);
      }
    }
    Object.setPrototypeOf(writer, null);
    delete writer.write;
    Object.defineProperties(writer, Object.getOwnPropertyDescriptors(new SyncWriteStream()));
    Object.setPrototypeOf(writer, SyncWriteStream.prototype);
  };
  const members = new Proxy({}, {
    get(_, key, receiver) {
      become();
      return Reflect.get(writer, key, receiver);
    },
    set(_, key, value, receiver) {
      become();
      return Reflect.set(writer, key, value, receiver);
    },
    has(_, key) {
      become();
      return key in writer;
    },
    getPrototypeOf() {
      become();
      return Object.getPrototypeOf(writer);
    },
  });
  /** @type {any} */
  const writer = {
    fd, _type: "fs", _isStdio: true,
    /** @param {any} chunk @param {any} [encoding] @param {any} [callback] */
    write(chunk, encoding = undefined, callback = undefined) {
      if (typeof chunk === "string" && typeof (callback ?? encoding) !== "function" && (encoding === undefined || /^utf-?8$/i.test(encoding))) {
        print(chunk);
        return true;
      }
      become();
      return writer.write(chunk, encoding, callback);
    },
  };
  return Object.setPrototypeOf(writer, members);
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
    class ReadStream extends Readable {
      _read() {
        /** @type {any} */ (this).push(null);
      }
    }
    const value = Object.assign(new ReadStream(), { fd: 0, isTTY: undefined });
    Object.defineProperty(process, "stdin", { value, writable: true, configurable: true, enumerable: true });
    return value;
  },
});

/** @param {string} name */
const bound = (name) => process[name].bind(process);
export const [addListener, emit, listenerCount, listeners, off, on, once, prependListener, prependOnceListener, removeAllListeners,
  removeListener] = ["addListener", "emit", "listenerCount", "listeners", "off", "on", "once", "prependListener", "prependOnceListener",
  "removeAllListeners", "removeListener"].map(bound);

setWarner(emitWarning);

// Rejections that nobody handles, for those who listen here.
for (const [name, told] of [["unhandledrejection", "unhandledRejection"], ["rejectionhandled", "rejectionHandled"]]) {
  /** @type {any} */ (globalThis).addEventListener?.(name, (/** @type {any} */ event) => {
    const known = told === "rejectionHandled" ? process.emit(told, event.promise) : process.emit(told, event.reason, event.promise);
    if (known) event.preventDefault();
  });
}

export { nextTick };
export default process;
