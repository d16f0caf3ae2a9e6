/**
 * `ctx.facets`: child objects of an object (reference 2.8).
 *
 * The host runs facets and keeps their storage. Here is what starts one: the callback of whoever calls it first, and the order
 * of the calls that wait for that. A *life* of a facet is the time from one start to the abort or break that ends it; a stub
 * belongs to the life of its first call for ever.
 *
 * @module
 */

import { isDurableObjectId } from "stated:durable-object-id";
import { describeError, encodeThrown, isReset } from "stated:error-transport";
import { ServiceStub } from "stated:fetcher";
import { ops } from "stated:host";
import { codeOfClass } from "stated:object-class";
import { registerPlatformClass } from "stated:platform-classes";
import { discard } from "stated:rpc-message";
import { badArgument, badField, defineInterface, illegalConstructor, internal } from "stated:webidl";

/** @typedef {import("stated:host").WireBody} WireBody */
/** @typedef {import("stated:rpc-channel").SentMessage} SentMessage */
/** @typedef {() => any} GetStartupOptions */

const CLASS_TYPES = "DurableObjectClass or LoopbackDurableObjectNamespace or LoopbackColoLocalActorNamespace";

/** One life of a facet, from the first call on. */
class Life {
  /** The host's number of it; 0 while it starts. */
  generation = 0;
  /** Calls that wait for the start and have not been made. */
  waiting = 0;
  ended = false;
  /** @type {unknown} */ reason = undefined;
  #start = Promise.withResolvers();

  /** Settles when the facet is ready, or can never be. */
  get started() {
    return this.#start.promise;
  }

  /** @param {number} generation */
  begin(generation) {
    this.generation = generation;
    this.#start.resolve(undefined);
  }

  /** @param {unknown} reason what its stubs fail with from now on */
  end(reason) {
    if (this.ended) return;
    this.ended = true;
    this.reason = reason;
    this.#start.promise.catch(() => {});
    this.#start.reject(reason);
  }
}

/** The lives of the facets of one object. */
class Lives {
  /** @type {Map<string, Life>} */ #byName = new Map();

  /** @param {number} contextId @param {any} parentId what the parent's `ctx.id` is */
  constructor(contextId, parentId) {
    this.contextId = contextId;
    this.parentId = parentId;
  }

  /**
   * The present life of a facet, which begins now if there is none.
   *
   * @param {string} name
   * @param {GetStartupOptions} getStartupOptions
   */
  life(name, getStartupOptions) {
    const known = this.#byName.get(name);
    if (known !== undefined && !known.ended && (known.generation === 0 || this.isCurrent(name, known))) return known;
    const life = new Life();
    this.#byName.set(name, life);
    this.#start(name, life, getStartupOptions);
    return life;
  }

  /** Whether the host still runs this life. @param {string} name @param {Life} life */
  isCurrent(name, life) {
    return ops.facetGeneration(this.contextId, name) === life.generation;
  }

  /** Ends the present life. @param {string} name @param {unknown} reason */
  end(name, reason) {
    this.#byName.get(name)?.end(reason);
    this.#byName.delete(name);
  }

  /** @param {string} name @param {Life} life @param {GetStartupOptions} getStartupOptions */
  async #start(name, life, getStartupOptions) {
    try {
      const { id, code } = startupOptions(await getStartupOptions(), this.parentId);
      const program = await code.program();
      if (life.ended) return;
      const isText = !isDurableObjectId(id);
      const idName = isDurableObjectId(id) ? id.name : undefined;
      life.begin(ops.facetStart(this.contextId, name, program, code.className, code.props, `${id}`, idName, isText));
    } catch (error) {
      life.end(error);
      if (this.#byName.get(name) === life) this.#byName.delete(name);
    }
  }
}

/** @param {any} options @param {any} parentId */
function startupOptions(options, parentId) {
  const code = codeOfClass(options?.class);
  if (code === undefined) throw badField("class", "StartupOptions", CLASS_TYPES);
  const { id } = options;
  if (id === undefined) return { id: parentId, code };
  return { id: isDurableObjectId(id) ? id : `${id}`, code };
}

/** The way to one facet, as one stub sees it. */
class FacetChannel {
  #lives;
  #name;
  #getStartupOptions;
  /** @type {Life | undefined} */ #life = undefined;

  /** @param {Lives} lives @param {string} name @param {GetStartupOptions} getStartupOptions */
  constructor(lives, name, getStartupOptions) {
    this.#lives = lives;
    this.#name = name;
    this.#getStartupOptions = getStartupOptions;
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
    return this.#send((contextId, generation) =>
      ops.facetFetch(contextId, this.#name, generation, token, method, url, headers, body, cf));
  }

  /** @param {string[]} path @param {SentMessage | undefined} message */
  call(path, message) {
    let sent = false;
    const answer = this.#send((contextId, generation) => {
      sent = true;
      return ops.facetCall(contextId, this.#name, generation, path, message?.bytes, message?.capabilities ?? []);
    });
    return answer.catch((error) => {
      if (!sent) discard(message);
      throw error;
    });
  }

  /** Never used: a facet's stub is not passed on. @returns {number} */
  reference() {
    return 0;
  }

  /**
   * Makes a call once the facet is ready; calls keep their order.
   *
   * @template T
   * @param {(contextId: number, generation: number) => Promise<T>} action
   * @returns {Promise<T>}
   */
  async #send(action) {
    const { contextId } = this.#lives;
    ops.checkContext(contextId, "OutgoingFactory");
    this.#life ??= this.#lives.life(this.#name, this.#getStartupOptions);
    const life = this.#life;
    if (life.generation === 0 || life.waiting > 0) {
      life.waiting += 1;
      try {
        await life.started;
      } finally {
        life.waiting -= 1;
      }
    }
    if (life.ended) throw life.reason;
    try {
      return await action(contextId, life.generation);
    } catch (error) {
      if (isReset(error) || !this.#lives.isCurrent(this.#name, life)) life.end(error);
      throw error;
    }
  }
}

const NOT_SERIALIZABLE = "Stubs pointing to Durable Object facets are not serializable.";

/** The stub of a facet. */
class FacetStub extends ServiceStub {}

defineInterface(FacetStub, undefined, "Fetcher");
registerPlatformClass(FacetStub, { outsideRpc: NOT_SERIALIZABLE, forRpc: NOT_SERIALIZABLE });

/**
 * The facets of one object.
 *
 * Source: https://developers.cloudflare.com/durable-objects/
 */
export class DurableObjectFacets {
  #contextId;
  #lives;

  /** @param {symbol} key @param {number} contextId @param {any} parentId what the parent's `ctx.id` is */
  constructor(key, contextId, parentId) {
    if (key !== internal) throw illegalConstructor();
    this.#contextId = contextId;
    this.#lives = new Lives(contextId, parentId);
  }

  /**
   * Returns a stub of a facet. The callback tells what to start, when the first call finds none running.
   *
   * @param {string} name
   * @param {GetStartupOptions} getStartupOptions
   * @returns {any}
   */
  get(name, getStartupOptions) {
    if (arguments.length < 1) throw badArgument("DurableObjectFacets", "get", 1, "string");
    const text = `${name}`;
    if (typeof getStartupOptions !== "function") throw badArgument("DurableObjectFacets", "get", 2, "function");
    ops.facetCheck(this.#contextId, text);
    return new FacetStub(internal, new FacetChannel(this.#lives, text, getStartupOptions));
  }

  /** Stops a facet; its stubs fail with the reason. @param {string} name @param {any} reason */
  abort(name, reason) {
    if (arguments.length < 1) throw badArgument("DurableObjectFacets", "abort", 1, "string");
    const text = `${name}`;
    if (arguments.length < 2) throw badArgument("DurableObjectFacets", "abort", 2, "Value");
    const [described, , flags] = describeError(reason);
    ops.facetAbort(this.#contextId, text, described, flags, encodeThrown(reason));
    const isObject = (typeof reason === "object" && reason !== null) || typeof reason === "function";
    this.#lives.end(text, isObject ? reason : new Error(String(reason)));
  }

  /** Stops a facet and deletes its storage. @param {string} name */
  delete(name) {
    if (arguments.length < 1) throw badArgument("DurableObjectFacets", "delete", 1, "string");
    const text = `${name}`;
    ops.facetDelete(this.#contextId, text);
    this.#lives.end(text, new Error("Facet was deleted."));
  }

  /** Replaces the storage of facet `dst` by a copy of that of `src`. @param {string} src @param {string} dst */
  clone(src, dst) {
    if (arguments.length < 1) throw badArgument("DurableObjectFacets", "clone", 1, "string");
    if (arguments.length < 2) throw badArgument("DurableObjectFacets", "clone", 2, "string");
    const target = `${dst}`;
    ops.facetCheck(this.#contextId, `${src}`);
    ops.facetCheck(this.#contextId, target);
    ops.facetClone(this.#contextId, `${src}`, target);
    this.#lives.end(target, new Error("Facet was cloned-over."));
  }
}

defineInterface(DurableObjectFacets);
registerPlatformClass(DurableObjectFacets);
