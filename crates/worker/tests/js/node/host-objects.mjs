/**
 * A stand-in host that runs programs: contexts, calls, Durable Objects, critical sections. It drives the library through
 * `Main` as the real host does, without gates and without durability.
 *
 * One host per test file: the library keeps its program in module variables.
 *
 * @module
 */

import { AsyncLocalStorage } from "node:async_hooks";
import { createHash } from "node:crypto";
import * as main from "stated:main";
import { Sockets } from "./host-sockets.mjs";
import { MemoryStorage, storageOps } from "./host-storage.mjs";
import { defineOps, ops } from "./host.js";

const NESTING_MAX = 64;
const REMOTE = 4;
const RESET = 8;

/** What `abort()` throws, since JavaScript here cannot be ended from below. */
export class Aborted extends Error {}

/** Every flag a current compatibility date switches on and that the library looks at. */
export const currentFlags = ["rpc", "rpc_params_dup_stubs", "durable_object_fetch_requires_full_url", "enable_ctx_exports", "delete_all_deletes_alarm",
  "websocket_close_reason_byte_limit", "websocket_standard_binary_type", "web_socket_auto_reply_to_close"];

export class Host {
  main = main;
  current = new AsyncLocalStorage();
  frames = new AsyncLocalStorage();
  sockets = new Sockets(this);
  /** @type {string[]} texts of failed socket handlers */ failures = [];
  /** @type {string[]} */ uncaught = [];
  /** @type {[number, string][]} */ logged = [];
  /** @type {Map<number, { contextId: number, resolve: Function, reject: Function }>} */ calls = new Map();
  /** @type {Map<number, number>} tasks by context */ tasks = new Map();
  /** @type {Set<number>} contexts with a failed task */ failedTasks = new Set();
  /** @type {number[]} contexts */ noRetries = [];
  /** @type {any[][]} */ rateLimitUses = [];
  /** @type {Map<string, any>} objects by id */ objects = new Map();
  /** @type {Map<number, any>} objects by context */ byContext = new Map();
  /** @type {[number, any]} */ sectionEnds = [];
  fetchAborts = [];
  /** @type {Map<number, any>} */ capabilities = new Map();
  lastCapability = 0;
  lastCall = 0;
  lastContext = 0;

  constructor() {
    defineOps({
      contextId: () => this.contextId(),
      checkContext: () => {},
      asyncFrame: () => this.frames.getStore(),
      withAsyncFrame: (frame, fn, ...args) => this.frames.run(frame, fn, ...args),
      taskBegin: (context) => void this.tasks.set(context, (this.tasks.get(context) ?? 0) + 1),
      taskEnd: (context, failed) => {
        this.tasks.set(context, this.tasks.get(context) - 1);
        if (failed) this.failedTasks.add(context);
      },
      scheduledNoRetry: (context) => void this.noRetries.push(context),
      rateLimit: (...use) => this.rateLimitUses.push(use) === 1,
      log: (level, text) => void this.logged.push([level, text]),
      reportUncaught: (text) => void this.uncaught.push(text),
      respond: (callId, ...response) => this.settle(callId).resolve(response),
      respondValue: (callId, bytes, capabilities) => this.settle(callId).resolve({ bytes: bytes.slice(), capabilities: this.take(capabilities) }),
      respondDone: (callId) => this.settle(callId).resolve(undefined),
      respondError: (callId, text, stack, flags, value) => this.settle(callId).reject({ text, stack, flags, value: value?.slice() }),
      idFromName: (namespace, name) => createHash("sha256").update(`${namespace}/${name}`).digest("hex"),
      idRandom: (namespace) => createHash("sha256").update(`${namespace}//${++this.lastCall}`).digest("hex"),
      idParse: (_namespace, text) => {
        if (!/^[0-9a-f]{64}$/i.test(text)) throw new TypeError("Invalid Durable Object ID: must be 64 hex digits");
        return text.toLowerCase();
      },
      stubFetch: (namespace, id, name, generation, token, ...request) => this.stub(namespace, id, name, generation,
        (callId, context) => main.fetchObject(callId, context, ...request), toWireResponse),
      stubCall: (namespace, id, name, generation, path, args, capabilities) => this.stub(namespace, id, name, generation,
        this.objectCall(path, args, capabilities), (answer) => this.receive(answer)),
      serviceFetch: (service, props, token, ...request) => this.service((callId, context) =>
        main.fetchEntrypoint(callId, context, this.serviceName(service), props, ...request)).then(toWireResponse),
      serviceCall: (service, props, path, args, capabilities) => this.serviceCall(this.serviceName(service), props, path, args, capabilities),
      ...this.capabilityOps(),
      sectionRequest: (context, _kind, token) => this.requestSection(context, token),
      sectionEnd: (context, sectionId, errorText) => void this.sectionEnds.push([context, errorText]),
      abortObject: (context, reason) => {
        this.breakObject(this.byContext.get(context), `Error: ${reason}`);
        throw new Aborted(reason);
      },
      ...storageOps((context) => this.byContext.get(context).storage),
      ...this.sockets.ops(),
    });
  }

  /**
   * Makes the realm run a program.
   *
   * @param {Record<string, any>} program its exports
   * @param {{ flags?: string[], namespaces?: { className: string, sqlite?: boolean }[], services?: string[], bindings?: any[] }} config
   */
  run(program, { flags = currentFlags, namespaces = [], services = [], bindings = [] } = {}) {
    this.program = program;
    this.namespaces = namespaces;
    this.services = services;
    const classes = {};
    namespaces.forEach(({ className, sqlite = true }, namespace) => {
      classes[className] = { namespace, sqlite };
      bindings.push({ type: "namespace", name: className, namespace, className, sqlite });
    });
    services.forEach((entrypoint, service) => bindings.push({ type: "service", name: entrypoint, service, entrypoint }));
    main.init(JSON.stringify({ serviceName: "test", compatibilityDate: "2026-08-01", flags, bindings, classes }), "a-version", 1_764_403_200_000);
    return JSON.parse(main.start(program));
  }

  contextId() {
    return this.current.getStore()?.contextId ?? 0;
  }

  /** @param {number} contextId @param {() => any} fn */
  inContext(contextId, fn) {
    return this.current.run({ contextId, nesting: 0 }, fn);
  }

  /** @param {number} callId */
  settle(callId) {
    const call = this.calls.get(callId);
    if (call === undefined) throw new Error(`call ${callId} was answered twice`);
    this.calls.delete(callId);
    return call;
  }

  /** Begins a call in a context. @param {number} contextId @param {(callId: number, contextId: number) => void} begin */
  call(contextId, begin) {
    return new Promise((resolve, reject) => {
      const callId = ++this.lastCall;
      this.calls.set(callId, { contextId, resolve, reject });
      this.inContext(contextId, () => begin(callId, contextId));
    });
  }

  /** A stateless event. @param {(callId: number, contextId: number) => void} begin */
  service(begin) {
    return this.call(++this.lastContext, begin).catch((failure) => {
      throw main.makeError("", failure.text, failure.flags | REMOTE, "", failure.value);
    });
  }

  /** @param {number | string} service */
  serviceName(service) {
    return typeof service === "number" ? this.services[service] : service;
  }

  // --- capabilities ---------------------------------------------------------------------------------------------------

  /** What messages refer to: targets are counted, everything else is data. */
  capabilityOps() {
    const insert = (capability) => {
      this.capabilities.set(++this.lastCapability, { contextId: this.contextId(), ...capability });
      return this.lastCapability;
    };
    return {
      capabilityOfTarget: (target) => insert({ kind: 0, lease: { contextId: this.contextId(), target, references: 1 } }),
      capabilityOfObject: (...object) => insert({ kind: 1, object }),
      capabilityOfService: (service, props) => insert({ kind: 1, service: [service, props] }),
      capabilityOfBody: (body) => insert({ kind: 2, body }),
      capabilityDup: (id) => {
        const capability = this.capabilities.get(id);
        if (capability.lease !== undefined) capability.lease.references++;
        return insert(capability);
      },
      capabilityIsHeld: (id) => this.capabilities.has(id),
      capabilityDrop: (id) => {
        const capability = this.capabilities.get(id);
        this.capabilities.delete(id);
        if (capability !== undefined) this.release(capability);
      },
      capabilityCall: async (id, path, args, capabilities) => {
        const { lease, object, service } = this.capabilities.get(id);
        if (object !== undefined) return (await ops.stubCall(...object, path, args, capabilities))[1];
        if (service !== undefined) return ops.serviceCall(...service, path, args, capabilities);
        const taken = this.take(capabilities);
        const bytes = args?.slice();
        await undefined;
        try {
          return this.receive(await this.call(lease.contextId, (callId, context) =>
            main.callTarget(callId, context, lease.target, [...path], bytes, this.give(taken))));
        } catch (failure) {
          throw main.makeError("", failure.text, failure.flags | REMOTE, "", failure.value);
        }
      },
      capabilityFetch: async (id, token, ...request) => {
        const { object, service } = this.capabilities.get(id);
        return object === undefined ? ops.serviceFetch(...service, token, ...request) : (await ops.stubFetch(...object, token, ...request))[1];
      },
    };
  }

  /** Takes what leaves a context out of the table. @param {number[]} capabilities */
  take(capabilities) {
    return capabilities.map((id) => {
      const capability = this.capabilities.get(id);
      if (capability === undefined) throw new Error(`there is no capability ${id}`);
      this.capabilities.delete(id);
      return capability;
    });
  }

  /** Puts it into the table of the running context. @param {any[]} taken */
  give(taken) {
    return taken.flatMap((capability) => {
      if (capability.kind === 2) return [2, capability.body];
      this.capabilities.set(++this.lastCapability, { ...capability, contextId: this.contextId() });
      return [capability.kind, this.lastCapability];
    });
  }

  /** @param {{ bytes: Uint8Array, capabilities: any[] }} answer */
  receive({ bytes, capabilities }) {
    return [bytes, this.give(capabilities)];
  }

  /** @param {any} capability */
  release({ lease }) {
    if (lease === undefined || --lease.references > 0) return;
    setImmediate(() => this.inContext(lease.contextId, () => main.releaseTarget(lease.contextId, lease.target)));
  }

  /** @param {string[]} path @param {Uint8Array | undefined} args @param {number[]} capabilities */
  objectCall(path, args, capabilities) {
    const taken = this.take(capabilities);
    const bytes = args?.slice();
    return (callId, context) => main.callObject(callId, context, [...path], bytes, this.give(taken));
  }

  /** @param {string} entrypoint @param {any} props @param {string[]} path @param {Uint8Array | undefined} args @param {number[]} capabilities */
  async serviceCall(entrypoint, props, path, args, capabilities) {
    const taken = this.take(capabilities);
    const bytes = args?.slice();
    return this.receive(await this.service((callId, context) =>
      main.callEntrypoint(callId, context, entrypoint, props, [...path], bytes, this.give(taken))));
  }

  /** Fetches from the default entrypoint, as the outside does. */
  fetch(url, { method = "GET", headers = [], body = null, entrypoint = "default" } = {}) {
    return this.call(++this.lastContext, (callId, context) => main.fetchEntrypoint(callId, context, entrypoint, undefined, method, url, headers, body));
  }

  /** The host's record of an object; made on first use. */
  object(namespace, id, name) {
    let object = this.objects.get(id);
    if (object === undefined) {
      object = { namespace, id, name, storage: new MemoryStorage(), generation: 0, contextId: 0, broken: new Map() };
      this.objects.set(id, object);
    }
    return object;
  }

  /** Starts the object unless it is live. */
  start(object) {
    if (object.contextId !== 0) return;
    const contextId = ++this.lastContext;
    object.contextId = contextId;
    object.generation++;
    this.byContext.set(contextId, object);
    try {
      const { className } = this.namespaces[object.namespace];
      this.inContext(contextId, () => main.createObject(contextId, className, object.namespace, object.id, object.name));
    } catch (error) {
      const [text] = main.describeError(error);
      this.breakObject(object, text);
      throw { text, flags: RESET };
    }
  }

  /** Ends the instance's life without an error, as inactivity does. */
  evict(object) {
    main.dropObject(object.contextId);
    object.contextId = 0;
  }

  /** Ends the life with an error, which the calls under way reject with. */
  breakObject(object, text) {
    object.broken.set(object.generation, text);
    for (const [callId, call] of this.calls) {
      if (call.contextId !== object.contextId) continue;
      this.calls.delete(callId);
      call.reject({ text, flags: RESET });
    }
    object.storage.savepoints.length = 0;
    this.evict(object);
  }

  /** Delivers an event to the object behind a record. */
  objectEvent(object, begin) {
    try {
      this.start(object);
    } catch (failure) {
      return Promise.reject(failure);
    }
    return this.call(object.contextId, begin);
  }

  async stub(namespace, id, name, generation, begin, convert) {
    const object = this.object(namespace, id, name);
    await undefined;
    if (object.broken.has(generation)) throw main.makeError("", object.broken.get(generation), REMOTE | RESET, id);
    try {
      const answer = await this.objectEvent(object, begin);
      return [object.generation, convert(answer)];
    } catch (failure) {
      throw main.makeError("", failure.text, failure.flags | REMOTE, id, failure.value);
    }
  }

  /** @param {number} contextId */
  objectOf(contextId) {
    return this.byContext.get(contextId);
  }

  /** @param {number} contextId @param {number} token */
  requestSection(contextId, token) {
    const nesting = (this.current.getStore()?.nesting ?? 0) + 1;
    if (nesting > NESTING_MAX) throw new Error("blockConcurrencyWhile() calls are nested too deeply.");
    setImmediate(() => this.current.run({ contextId, nesting }, () => main.runSection(++this.lastCall, token)));
  }
}

/** @param {any[]} response @returns {any[]} */
function toWireResponse([status, statusText, headers, body, socketId]) {
  return [status, statusText, headers, body, "", false, socketId];
}

/** Lets everything that is due happen: a few turns of the event loop. */
export async function settle() {
  for (let i = 0; i < 12; i++) await new Promise((resolve) => setImmediate(resolve));
}
