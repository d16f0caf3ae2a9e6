/**
 * DurableObjectId (reference 1.2). Deriving and checking ids is the host's (1.3).
 *
 * @module
 */

import { registerPlatformClass } from "stated:platform-classes";
import { badArgument, defineInterface, illegalConstructor, internal } from "stated:webidl";

/** @type {(value: any) => value is DurableObjectId} */
export let isDurableObjectId;

/** The id of an object within its namespace. */
export class DurableObjectId {
  #hex;

  static {
    isDurableObjectId = /** @returns {value is DurableObjectId} */ (value) =>
      typeof value === "object" && value !== null && #hex in value;
  }

  /**
   * @param {symbol} key
   * @param {string} hex 64 lower-case digits
   * @param {string | undefined} name
   */
  constructor(key, hex, name) {
    if (key !== internal) throw illegalConstructor();
    this.#hex = hex;
    /** @type {string | undefined} always undefined: one data folder has no jurisdictions */
    this.jurisdiction = undefined;
    this.name = name;
  }

  toString() {
    return this.#hex;
  }

  /** Whether both are the id of one object; the names do not count. @param {DurableObjectId} other */
  equals(other) {
    if (!isDurableObjectId(other)) throw badArgument("DurableObjectId", "equals", 1, "DurableObjectId");
    return this.#hex === other.#hex;
  }
}

defineInterface(DurableObjectId);
registerPlatformClass(DurableObjectId);
