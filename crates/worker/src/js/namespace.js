/**
 * Namespaces and stubs of Durable Objects (reference 1). Ids are derived and objects found by the host; a stub here is the
 * place where calls to one object meet.
 *
 * @module
 */

import { DurableObjectId, isDurableObjectId } from "stated:durable-object-id";
import { isReset } from "stated:error-transport";
import { passService, ServiceStub } from "stated:fetcher";
import { ops } from "stated:host";
import { callableClass } from "stated:object-class";
import { registerPlatformClass } from "stated:platform-classes";
import { badArgument, defineInterface, illegalConstructor, internal } from "stated:webidl";

/** @typedef {import("stated:host").WireBody} WireBody */
/** @typedef {import("stated:host").WireResponse} WireResponse */

/** Ids of names used lately are kept, per namespace: deriving one costs two HMACs. */
const NAMES_KEPT_MAX = 1024;
const NAME_KEPT_LENGTH_MAX = 256;

const NO_JURISDICTIONS = "Jurisdiction restrictions are not implemented in workerd.";

let lastStub = 0;

/**
 * The way to one object, as one stub sees it.
 *
 * `generation` is the life of the object that answered. When that life is broken the host refuses further calls of it; a
 * break before the first answer is remembered here. Until either, calls say which stub they are of, since all are for the
 * life that the first of them meets.
 */
class ObjectChannel {
  #namespace;
  #id;
  #name;
  #generation = 0;
  #number = 0;
  /** @type {unknown} */ #broken = undefined;

  /** @param {number} namespace @param {string} id @param {string | undefined} name */
  constructor(namespace, id, name) {
    this.#namespace = namespace;
    this.#id = id;
    this.#name = name;
  }

  /**
   * @param {number} token
   * @param {string} method
   * @param {string} url
   * @param {string[]} headers
   * @param {WireBody} body
   * @param {string | undefined} cf JSON
   * @returns {Promise<WireResponse>}
   */
  fetch(token, method, url, headers, body, cf) {
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    return this.#answer(ops.stubFetch(this.#namespace, this.#id, this.#name, this.#life(), token, method, url, headers, body, cf));
  }

  /** @param {string[]} path @param {import("stated:rpc-channel").SentMessage | undefined} message */
  call(path, message) {
    if (this.#broken !== undefined) throw this.#broken;
    return this.#answer(ops.stubCall(this.#namespace, this.#id, this.#name, this.#life(), path, message?.bytes,
      message?.capabilities ?? []));
  }

  /** The stub stays usable whatever is sent; what is sent is broken if it is. */
  reference() {
    return ops.capabilityOfObject(this.#namespace, this.#id, this.#name, this.#life());
  }

  /** The generation, or the stub's number, negative. */
  #life() {
    if (this.#generation !== 0) return this.#generation;
    if (this.#number === 0) this.#number = ++lastStub;
    return -this.#number;
  }

  get objectId() {
    return this.#id;
  }

  get leadsToObject() {
    return true;
  }

  /** @template T @param {Promise<[number, T]>} answer @returns {Promise<T>} */
  #answer(answer) {
    return answer.then(
      (result) => {
        this.#generation = result[0];
        return result[1];
      },
      (error) => {
        if (isReset(error)) this.#broken = error;
        throw error;
      },
    );
  }
}

/** The stub of an object, as its callers see it. */
class DurableObject extends ServiceStub {
  /** @param {symbol} key @param {ObjectChannel} channel @param {DurableObjectId} id */
  constructor(key, channel, id) {
    super(key, channel);
    /** @readonly */
    this.id = id;
    /** @readonly */
    this.name = id.name;
  }
}

defineInterface(DurableObject);
registerPlatformClass(DurableObject, {
  outsideRpc: "ServiceStub cannot be serialized in this context.",
  pass: passService,
  isStorable: true,
});

/** @param {number} namespace @param {DurableObjectId} id */
function newStub(namespace, id) {
  return new DurableObject(internal, new ObjectChannel(namespace, id.toString(), id.name), id);
}

/** Lets a function be a namespace: the private fields are the function's then. */
class Bearer {
  /** @param {object | undefined} bearer */
  constructor(bearer) {
    if (bearer !== undefined) return bearer;
  }
}

/**
 * The objects of one class.
 *
 * Source: https://developers.cloudflare.com/durable-objects/api/namespace/
 */
export class DurableObjectNamespace extends Bearer {
  #index;
  /** @type {Map<string, string>} id by name */ #ids = new Map();

  /** @param {symbol} key @param {number} index the host's number of the namespace @param {object} [bearer] */
  constructor(key, index, bearer = undefined) {
    if (key !== internal) throw illegalConstructor();
    super(bearer);
    this.#index = index;
  }

  /** @param {{ jurisdiction?: string }} [options] */
  newUniqueId(options = undefined) {
    if (options !== undefined && options !== null) {
      if (typeof options !== "object") throw badArgument("DurableObjectNamespace", "newUniqueId", 1, "NewUniqueIdOptions");
      checkJurisdiction(options.jurisdiction);
    }
    return new DurableObjectId(internal, ops.idRandom(this.#index), undefined);
  }

  /** @param {string} name any string */
  idFromName(name) {
    if (arguments.length < 1) throw badArgument("DurableObjectNamespace", "idFromName", 1, "string");
    const text = `${name}`;
    return new DurableObjectId(internal, this.#hexOf(text), text);
  }

  /** @param {string} text 64 hexadecimal digits, made by this namespace */
  idFromString(text) {
    if (arguments.length < 1) throw badArgument("DurableObjectNamespace", "idFromString", 1, "string");
    return new DurableObjectId(internal, ops.idParse(this.#index, `${text}`), undefined);
  }

  /**
   * Returns a stub. Neither does this look for the object nor does it create it.
   *
   * @param {DurableObjectId} id
   * @param {{ locationHint?: string, routingMode?: string }} [options] the hint has no effect here
   * @returns {any}
   */
  get(id, options = undefined) {
    if (!isDurableObjectId(id)) throw badArgument("DurableObjectNamespace", "get", 1, "DurableObjectId");
    if (options !== undefined) checkGetOptions("get", options);
    return newStub(this.#index, id);
  }

  /** @param {string} name @param {{ locationHint?: string, routingMode?: string }} [options] @returns {any} */
  getByName(name, options = undefined) {
    if (arguments.length < 1) throw badArgument("DurableObjectNamespace", "getByName", 1, "string");
    if (options !== undefined) checkGetOptions("getByName", options);
    return newStub(this.#index, this.idFromName(name));
  }

  /** @param {string} [jurisdiction] only absent here @returns {DurableObjectNamespace} */
  jurisdiction(jurisdiction = undefined) {
    checkJurisdiction(jurisdiction);
    return new DurableObjectNamespace(internal, this.#index);
  }

  /** @param {string} name */
  #hexOf(name) {
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    const hex = ops.idFromName(this.#index, name);
    if (name.length <= NAME_KEPT_LENGTH_MAX) {
      if (this.#ids.size === NAMES_KEPT_MAX) this.#ids.clear();
      this.#ids.set(name, hex);
    }
    return hex;
  }
}

// Programs find nothing between the namespace and Object.
Object.setPrototypeOf(DurableObjectNamespace.prototype, Object.prototype);
defineInterface(DurableObjectNamespace);
registerPlatformClass(DurableObjectNamespace);

/** The class of `ctx.exports.Name`: a namespace that is also the class. */
class LoopbackDurableObjectNamespace extends DurableObjectNamespace {}

defineInterface(LoopbackDurableObjectNamespace);
registerPlatformClass(LoopbackDurableObjectNamespace);

/**
 * Makes the namespace of one of the program's own classes, which is also that class.
 *
 * @param {string} className
 * @param {number} index the host's number of the namespace
 * @returns {any}
 */
export function loopBackNamespace(className, index) {
  const callable = callableClass(className, "LoopbackDurableObjectNamespace", LoopbackDurableObjectNamespace.prototype);
  return new DurableObjectNamespace(internal, index, callable);
}

/** @param {unknown} jurisdiction */
function checkJurisdiction(jurisdiction) {
  if (jurisdiction !== undefined && jurisdiction !== null) throw new Error(NO_JURISDICTIONS);
}

/** @param {string} method @param {any} options */
function checkGetOptions(method, options) {
  if (options === null) return;
  if (typeof options !== "object") throw badArgument("DurableObjectNamespace", method, 2, "GetDurableObjectOptions");
  const { routingMode } = options;
  if (routingMode !== undefined && routingMode !== "primary-only") throw new RangeError(`unknown routingMode: ${routingMode}`);
}
