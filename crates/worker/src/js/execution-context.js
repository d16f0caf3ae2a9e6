/**
 * ExecutionContext: the `ctx` of stateless handlers (reference 11.1).
 *
 * @module
 */

import { defineLazy, keepAlive } from "stated:context";
import { registerPlatformClass } from "stated:platform-classes";
import { loopBackBindings } from "stated:program";
import { flag } from "stated:settings";
import { badArgument, defineInterface, illegalConstructor, internal } from "stated:webidl";

/** What one stateless event may do beyond answering it. */
export class ExecutionContext {
  #contextId;

  /** @param {symbol} key @param {number} contextId */
  constructor(key, contextId) {
    if (key !== internal) throw illegalConstructor();
    this.#contextId = contextId;
  }

  /** Keeps the event's context alive until the promise is settled. @param {unknown} promise */
  waitUntil(promise) {
    if (arguments.length < 1) throw badArgument("ExecutionContext", "waitUntil", 1, "Promise");
    keepAlive(this.#contextId, promise);
  }

  /** Has no effect: there is no origin behind this Worker to pass a request on to. */
  passThroughOnException() {}
}

defineInterface(ExecutionContext);
defineLazy(ExecutionContext.prototype, "props", () => ({}));
defineLazy(ExecutionContext.prototype, "exports", () => (flag("enable_ctx_exports") ? loopBackBindings() : undefined));
registerPlatformClass(ExecutionContext);
