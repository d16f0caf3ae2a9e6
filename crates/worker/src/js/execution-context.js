/**
 * ExecutionContext: the `ctx` of stateless handlers (reference 11.1).
 *
 * @module
 */

import { defineLazy, keepAlive } from "stated:context";
import { abortEvent } from "stated:error-transport";
import { decodeKept } from "stated:kept-message";
import { registerPlatformClass } from "stated:platform-classes";
import { loopBackBindings } from "stated:program";
import { flag } from "stated:settings";
import { badArgument, defineInterface, illegalConstructor, internal } from "stated:webidl";

/** @type {(ctx: ExecutionContext) => import("stated:host").WireProps} */
let propsOf;

/** What one stateless event may do beyond answering it. */
export class ExecutionContext {
  #contextId;
  #props;

  /** @param {symbol} key @param {number} contextId @param {import("stated:host").WireProps} props */
  constructor(key, contextId, props) {
    if (key !== internal) throw illegalConstructor();
    this.#contextId = contextId;
    this.#props = props;
  }

  static {
    propsOf = (ctx) => ctx.#props;
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

  /** Has no effect: there is no origin behind this Worker to pass a request on to. */
  passThroughOnException() {}
}

defineInterface(ExecutionContext);
defineLazy(ExecutionContext.prototype, "props", (ctx) => decodeProps(propsOf(ctx)));
defineLazy(ExecutionContext.prototype, "exports", () => (flag("enable_ctx_exports") ? loopBackBindings() : undefined));
registerPlatformClass(ExecutionContext);

/** @param {import("stated:host").WireProps} props */
function decodeProps(props) {
  if (props === undefined) return {};
  return typeof props === "string" ? JSON.parse(props) : decodeKept(props);
}
