/**
 * The binding of kind `worker_loaders`: workers whose code a program brings along (reference 17).
 *
 * The host evaluates a dynamic worker in a realm of its own and keeps a number of them; what it has dropped is loaded again by
 * the callback that loaded it.
 *
 * @module
 */

import { dataCloneError } from "stated:clone-errors";
import { commonJsModule } from "stated:common-js";
import { ServiceStub } from "stated:fetcher";
import { ops } from "stated:host";
import { encodeKept } from "stated:kept-message";
import { DurableObjectClass, encodeProps } from "stated:object-class";
import { registerPlatformClass } from "stated:platform-classes";
import { channelOf } from "stated:rpc-channel";
import { discard } from "stated:rpc-message";
import { badArgument, badField, defineInterface, illegalConstructor, internal, isAnyArrayBuffer, viewBytes } from "stated:webidl";

/** @typedef {import("stated:host").WireBody} WireBody */
/** @typedef {import("stated:host").WireMessage} WireMessage */
/** @typedef {import("stated:rpc-channel").SentMessage} SentMessage */

/** Named workers that a loader remembers; the host keeps about as many loaded. */
const NAMES_MAX = 64;

const NOT_TRANSFERABLE = "Entrypoints to dynamically-loaded workers cannot be transferred to other Workers, because the system "
  + "does not know how to reload this Worker from scratch. Instead, have the parent Worker expose an entrypoint which constructs "
  + "the dynamic worker and forwards to it.";

// --- code -------------------------------------------------------------------------------------------------------------

/**
 * What `dynamicLoad` takes.
 *
 * @typedef {object} Code
 * @property {string} config
 * @property {string} main
 * @property {boolean} mainIsScript whether the main module, if there is one, is an ES module
 * @property {(string | Uint8Array)[]} modules flat: name, kind, content
 * @property {WireMessage} env
 * @property {boolean} network
 */

/** @param {any} code a WorkerCode @returns {Code} */
function readCode(code) {
  const { modules, env, globalOutbound } = code;
  if ((typeof modules !== "object" && typeof modules !== "function") || modules === null) {
    throw badField("modules", "WorkerCode", "object");
  }
  const flags = code.compatibilityFlags ?? [];
  const config = { compatibilityDate: `${code.compatibilityDate}`, compatibilityFlags: Array.from(flags, String) };
  const names = Object.keys(modules);
  if (names.length === 0) throw new TypeError("Dynamic Worker code must contain at least one module.");
  const main = `${code.mainModule}`;
  const kinds = new Map(names.map((name) => [name, kindOf(name, modules[name])]));
  const list = names.flatMap((name) => moduleOf(name, /** @type {string} */ (kinds.get(name)), modules[name], kinds));
  const kind = kinds.get(main);
  return {
    config: JSON.stringify(config),
    main,
    mainIsScript: kind === undefined || kind === "js",
    modules: list,
    env: encodeKept([env ?? {}, outboundOf(globalOutbound)]),
    network: globalOutbound === undefined,
  };
}

/** @param {unknown} outbound */
function outboundOf(outbound) {
  if (outbound === undefined || outbound === null) return null;
  if (!(outbound instanceof ServiceStub)) throw badField("globalOutbound", "WorkerCode", "Fetcher");
  return outbound;
}

const KINDS = ["js", "cjs", "text", "data", "json", "py", "wasm"];

/** @param {string} name @param {any} content @returns {string} */
function kindOf(name, content) {
  if (typeof content === "string") {
    if (name.endsWith(".js")) return "js";
    if (name.endsWith(".py")) return "py";
    throw new TypeError("Module name must end with '.js' or '.py' (or the content must be an object indicating the type "
      + `explicitly). Got: ${name}`);
  }
  if (typeof content !== "object" || content === null) throw badField(name, "modules", "string or Module");
  const given = KINDS.filter((kind) => content[kind] !== undefined);
  if (given.length !== 1) {
    throw new TypeError("Each module must contain exactly one of 'js', 'cjs', 'text', 'data', 'json', 'py', or 'wasm'. Module "
      + `'${name}' contained ${given.length} properties.`);
  }
  return given[0];
}

/**
 * @param {string} name
 * @param {string} kind
 * @param {any} module
 * @param {ReadonlyMap<string, string>} kinds of all modules
 * @returns {(string | Uint8Array)[]}
 */
function moduleOf(name, kind, module, kinds) {
  const content = typeof module === "string" ? module : module[kind];
  switch (kind) {
    case "js":
    case "text":
      return [name, kind, `${content}`];
    case "cjs":
      return [name, "js", commonJsModule(name, `${content}`, kinds)];
    case "json":
      // Not as a literal, in which "__proto__" would be no name like others.
      return [name, "js", `export default JSON.parse(${JSON.stringify(JSON.stringify(content))});`];
    case "data":
    case "wasm":
      return [name, kind, bytesOf(name, kind, content)];
    default:
      throw new Error(`Module '${name}' is a Python module; Python is not supported.`);
  }
}

/** @param {string} name @param {string} kind @param {any} content */
function bytesOf(name, kind, content) {
  const bytes = isAnyArrayBuffer(content) ? new Uint8Array(content) : viewBytes(content);
  if (bytes === undefined) throw badField(kind, `Module '${name}'`, "ArrayBuffer or ArrayBufferView");
  return bytes;
}

// --- one worker -------------------------------------------------------------------------------------------------------

/** A dynamic worker, whether it is loaded at the moment or not. */
class DynamicWorker {
  #getCode;
  #number = 0;
  /** @type {{ error: unknown } | undefined} */ #failure = undefined;
  /** @type {Map<number, Promise<number>>} loads in progress, by the context that waits */ #loading = new Map();

  /** @param {() => Code | Promise<Code>} getCode */
  constructor(getCode) {
    this.#getCode = getCode;
  }

  /** The host's number of the worker, once it is loaded. @returns {number | Promise<number>} */
  loaded() {
    if (this.#number !== 0 && ops.dynamicIsLoaded(this.#number)) return this.#number;
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
    // Each context loads for itself: one that waited for another's would end with it.
    const contextId = ops.contextId();
    let loading = this.#loading.get(contextId);
    if (loading === undefined) {
      loading = this.#load().finally(() => this.#loading.delete(contextId));
      this.#loading.set(contextId, loading);
    }
    return loading;
  }

  async #load() {
    try {
      const { config, main, mainIsScript, modules, env, network } = await this.#getCode();
      if (!mainIsScript) throw new Error("Failed to start Worker:\nUncaught TypeError: Main module must be an ES module.");
      this.#number = await ops.dynamicLoad(config, main, modules, env, network);
      return this.#number;
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }
}

/** The way to one entrypoint of a dynamic worker. */
class DynamicChannel {
  #worker;
  #entrypoint;
  #props;
  /** Calls that wait for the worker and have not been made. */
  #waiting = 0;

  /** @param {DynamicWorker} worker @param {string} entrypoint @param {WireMessage | undefined} props */
  constructor(worker, entrypoint, props) {
    this.#worker = worker;
    this.#entrypoint = entrypoint;
    this.#props = props;
  }

  /**
   * @param {number} token
   * @param {string} method
   * @param {string} url
   * @param {string[]} headers
   * @param {WireBody} body
   * @param {string | undefined} cf JSON
   */
  fetch(token, method, url, headers, body, cf) {
    return this.#send((number) =>
      ops.dynamicFetch(number, this.#entrypoint, this.#props, token, method, url, headers, body, cf));
  }

  /** @param {string[]} path @param {SentMessage | undefined} message */
  call(path, message) {
    let sent = false;
    const answer = this.#send((number) => {
      sent = true;
      return ops.dynamicCall(number, this.#entrypoint, this.#props, path, message?.bytes, message?.capabilities ?? []);
    });
    return answer.catch((error) => {
      if (!sent) discard(message);
      throw error;
    });
  }

  /** @returns {never} */
  reference() {
    throw dataCloneError(NOT_TRANSFERABLE);
  }

  /** @template T @param {(number: number) => Promise<T>} action @returns {Promise<T>} */
  async #send(action) {
    let number = this.#worker.loaded();
    if (typeof number !== "number" || this.#waiting > 0) {
      this.#waiting += 1;
      try {
        number = await number;
      } finally {
        this.#waiting -= 1;
      }
    }
    return action(number);
  }
}

/** The stub of an entrypoint of a dynamic worker. */
class DynamicStub extends ServiceStub {}

defineInterface(DynamicStub, undefined, "Fetcher");
registerPlatformClass(DynamicStub, {
  outsideRpc: "ServiceStub cannot be serialized in this context.",
  pass: (_writer, _message, stub) => channelOf(stub).reference(),
});

/** A dynamic worker, as the program sees it. */
export class WorkerStub {
  #worker;

  /** @param {symbol} key @param {DynamicWorker} worker */
  constructor(key, worker) {
    if (key !== internal) throw illegalConstructor();
    this.#worker = worker;
  }

  /**
   * @param {string | null} [name] of the export; the default one if there is none
   * @param {{ props?: unknown }} [options]
   * @returns {any}
   */
  getEntrypoint(name = undefined, options = undefined) {
    const props = encodeProps(options?.props, "EntrypointOptions");
    return new DynamicStub(internal, new DynamicChannel(this.#worker, exportName(name), props));
  }

  /**
   * @param {string | null} [name] of the export; the default one if there is none
   * @param {{ props?: unknown }} [options]
   */
  getDurableObjectClass(name = undefined, options = undefined) {
    const props = encodeProps(options?.props, "EntrypointOptions");
    const worker = this.#worker;
    return new DurableObjectClass(internal, { program: () => worker.loaded(), className: exportName(name), props });
  }
}

defineInterface(WorkerStub);
registerPlatformClass(WorkerStub);

/** @param {unknown} name */
function exportName(name) {
  return name === undefined || name === null ? "default" : `${name}`;
}

// --- the binding ------------------------------------------------------------------------------------------------------

/** Loads dynamic workers. */
export class WorkerLoader {
  /** @type {Map<string, DynamicWorker>} the most recently used one last */ #workers = new Map();

  /** @param {symbol} key */
  constructor(key) {
    if (key !== internal) throw illegalConstructor();
  }

  /**
   * The worker of a name, whose code is asked for when it is first needed.
   *
   * @param {string | null | undefined} name without one, every call makes another worker
   * @param {() => any} getCode gives a WorkerCode
   */
  get(name, getCode) {
    if (arguments.length < 1) throw badArgument("WorkerLoader", "get", 1, "string");
    if (typeof getCode !== "function") throw badArgument("WorkerLoader", "get", 2, "function");
    return new WorkerStub(internal, name === undefined || name === null ? lazy(getCode) : this.#named(`${name}`, getCode));
  }

  /** A worker of its own. @param {any} code a WorkerCode */
  load(code) {
    if ((typeof code !== "object" && typeof code !== "function") || code === null) {
      throw badArgument("WorkerLoader", "load", 1, "WorkerCode");
    }
    const read = readCode(code);
    return new WorkerStub(internal, new DynamicWorker(() => read));
  }

  /** @param {string} name @param {() => any} getCode */
  #named(name, getCode) {
    const worker = this.#workers.get(name) ?? lazy(getCode);
    this.#workers.delete(name);
    this.#workers.set(name, worker);
    if (this.#workers.size > NAMES_MAX) this.#workers.delete(/** @type {string} */ (this.#workers.keys().next().value));
    return worker;
  }
}

defineInterface(WorkerLoader);
registerPlatformClass(WorkerLoader);

/** @param {() => any} getCode */
function lazy(getCode) {
  return new DynamicWorker(async () => {
    const code = await getCode();
    if ((typeof code !== "object" && typeof code !== "function") || code === null) {
      throw new TypeError("The callback of a worker loader did not return a WorkerCode.");
    }
    return readCode(code);
  });
}
