/**
 * The global `performance`: a clock that never goes back.
 *
 * Differs: on Workers `timeOrigin` is 0 and the clock stands still between I/O; here both are as in the standard.
 *
 * @module
 */

import { EventTarget } from "stated:event";
import { ops } from "stated:host";
import { defineInterface, illegalConstructor, internal } from "stated:webidl";

/** The class of `performance`. */
export class Performance extends EventTarget {
  #timeOrigin;

  /** @param {unknown} [token] */
  constructor(token = undefined) {
    if (token !== internal) throw illegalConstructor();
    super();
    this.#timeOrigin = ops.now() - ops.monotonicNow();
  }

  /** The start of the process in milliseconds since the Unix epoch. */
  get timeOrigin() {
    return this.#timeOrigin;
  }

  /** Milliseconds since `timeOrigin`. */
  now() {
    void this.#timeOrigin;
    return ops.monotonicNow();
  }

  toJSON() {
    return { timeOrigin: this.#timeOrigin };
  }
}

defineInterface(Performance, ["timeOrigin"]);

/**
 * Makes the global of that name; once per realm.
 *
 * @returns {Performance}
 */
export function newPerformance() {
  return new Performance(internal);
}
