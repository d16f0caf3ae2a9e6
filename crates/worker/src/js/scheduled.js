/**
 * Runs the `scheduled` handler of stateless entrypoints (reference 11.1).
 *
 * @module
 */

import { statelessHandler } from "stated:entrypoint";
import { respondFailure } from "stated:error-transport";
import { ops } from "stated:host";
import { registerPlatformClass } from "stated:platform-classes";
import { defineInterface, illegalConstructor, internal } from "stated:webidl";

/** @typedef {import("stated:host").WireProps} WireProps */

/** What a `scheduled` handler is told. */
export class ScheduledController {
  #contextId;

  /** @param {symbol} key @param {number} contextId @param {number} scheduledTime @param {string} cron */
  constructor(key, contextId, scheduledTime, cron) {
    if (key !== internal) throw illegalConstructor();
    this.#contextId = contextId;
    for (const [name, value] of Object.entries({ scheduledTime, cron })) {
      Object.defineProperty(this, name, { value, enumerable: true, configurable: true });
    }
  }

  /** Asks not to be run again after a failure, which does not happen anyway; callers of `scheduled()` see that it was asked. */
  noRetry() {
    ops.scheduledNoRetry(this.#contextId);
  }
}

defineInterface(ScheduledController, ["scheduledTime", "cron"]);
registerPlatformClass(ScheduledController);

let warned = false;

/**
 * Never throws: every failure is answered. What `waitUntil` was given is awaited by the host.
 *
 * @param {number} callId
 * @param {number} contextId
 * @param {string} entrypoint
 * @param {WireProps} props
 * @param {number} scheduledTime in milliseconds since the epoch
 * @param {string} cron
 */
export function scheduledEntrypoint(callId, contextId, entrypoint, props, scheduledTime, cron) {
  try {
    const { kind, handler, ctx, env } = statelessHandler(entrypoint, contextId, props);
    if (typeof handler.scheduled !== "function") throw noScheduledHandler();
    const controller = new ScheduledController(internal, contextId, scheduledTime, cron);
    const result = kind === "entrypoint" ? handler.scheduled(controller) : handler.scheduled(controller, env, ctx);
    Promise.resolve(result).then(() => ops.respondDone(callId), (error) => respondFailure(callId, error));
  } catch (error) {
    respondFailure(callId, error);
  }
}

/** The program's author is told once. */
function noScheduledHandler() {
  if (!warned) {
    warned = true;
    ops.log(3, "Received a ScheduledEvent but we lack a handler for ScheduledEvents. Did you remember to export a scheduled() function?");
  }
  return new Error("Handler does not export a scheduled() function.");
}
