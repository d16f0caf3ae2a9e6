/**
 * The global `scheduler`: a timer as a promise.
 *
 * @module
 */

import { isAbortSignal, onAbort } from "stated:abort";
import { startTimer, stopTimer } from "stated:timers";
import { badArgument, badField, defineInspection, defineInterface, illegalConstructor, internal } from "stated:webidl";

/** The class of `scheduler`. */
export class Scheduler {
  /** @param {unknown} [token] */
  constructor(token = undefined) {
    if (token !== internal) throw illegalConstructor();
  }

  /**
   * Resolves after `delay` milliseconds; rejects with the signal's reason when that is aborted first.
   *
   * @param {number} delay
   * @param {{ signal?: import("stated:abort").AbortSignal }} [options]
   * @returns {Promise<void>}
   */
  async wait(delay, options = undefined) {
    if (arguments.length < 1) throw badArgument("Scheduler", "wait", 1, "number");
    const signal = options?.signal;
    if (signal === undefined) return new Promise((resolve) => void startTimer(resolve, delay));
    if (!isAbortSignal(signal)) throw badField("signal", "WaitOptions", "AbortSignal");
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const id = startTimer(() => {
        takeBack();
        resolve();
      }, delay);
      const takeBack = onAbort(signal, () => {
        stopTimer(id);
        reject(signal.reason);
      });
    });
  }
}

defineInterface(Scheduler);
defineInspection(Scheduler.prototype, () => ({}));

/** The global of that name. */
export const scheduler = new Scheduler(internal);
