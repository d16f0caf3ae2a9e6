/**
 * ExecutionContext: the `ctx` of stateless handlers (reference 11.1).
 *
 * @module
 */

import { defineLazy, keepAlive } from "stated:context";
import { abortEvent } from "stated:error-transport";
import { decodeProps } from "stated:kept-message";
import { registerPlatformClass } from "stated:platform-classes";
import { restoreStub } from "stated:persistent-stub";
import { loopBackBindings } from "stated:program";
import { flag, serviceName } from "stated:settings";
import { tracing } from "stated:tracing";
import { badArgument, defineInterface, illegalConstructor, internal } from "stated:webidl";

/** @type {(ctx: ExecutionContext) => import("stated:host").WireProps} */
let propsOf;

/**
 * Says which instance a context was made for, if its entrypoint is a class.
 *
 * @type {(ctx: ExecutionContext, instance: any) => void}
 */
export let setInstance;

/** What one stateless event may do beyond answering it. */
export class ExecutionContext {
  #contextId;
  #entrypoint;
  #props;
  /** @type {any} */ #instance = undefined;

  /**
   * @param {symbol} key
   * @param {number} contextId
   * @param {string} entrypoint
   * @param {import("stated:host").WireProps} props
   */
  constructor(key, contextId, entrypoint, props) {
    if (key !== internal) throw illegalConstructor();
    this.#contextId = contextId;
    this.#entrypoint = entrypoint;
    this.#props = props;
  }

  static {
    propsOf = (ctx) => ctx.#props;
    setInstance = (ctx, instance) => {
      ctx.#instance = instance;
    };
  }

  /** Keeps the event's context alive until the promise is settled. @param {unknown} promise */
  waitUntil(promise) {
    if (arguments.length < 1) throw badArgument("ExecutionContext", "waitUntil", 1, "Promise");
    keepAlive(this.#contextId, promise);
  }

  /** Ends the event at once: what waits for it rejects with the reason. Does not return. @param {unknown} [reason] */
  abort(reason = undefined) {
    abortEvent(this.#contextId, reason);
  }

  /** Makes a stub that can be stored, by the class's method `[restore]`. @param {object} [params] */
  restore(params = undefined) {
    const address = serviceName() === "" ? undefined : ownAddress(this.#entrypoint, this.#props);
    return restoreStub("ExecutionContext", address, this.#instance, params);
  }

  /** Has no effect: there is no origin behind this Worker to pass a request on to. */
  passThroughOnException() {}
}

defineInterface(ExecutionContext);
defineLazy(ExecutionContext.prototype, "props", (ctx) => decodeProps(propsOf(ctx)));
defineLazy(ExecutionContext.prototype, "exports", () => (flag("enable_ctx_exports") ? loopBackBindings() : undefined));
defineLazy(ExecutionContext.prototype, "tracing", () => tracing);
// Those of Cloudflare's network: its cache in front of the Worker, and who was let in by Access.
defineLazy(ExecutionContext.prototype, "cache", () => undefined);
defineLazy(ExecutionContext.prototype, "access", () => undefined);
registerPlatformClass(ExecutionContext);

/**
 * @param {string} entrypoint
 * @param {import("stated:host").WireProps} props
 * @returns {import("stated:address-channel").Address}
 */
function ownAddress(entrypoint, props) {
  return [serviceName(), entrypoint, props === undefined ? undefined : decodeProps(props)];
}
