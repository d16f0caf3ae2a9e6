/**
 * The rate limiting binding: whether something may be done once more. The counts are the host's.
 *
 * Source of the texts: Cloudflare's development server.
 *
 * @module
 */

import { ops } from "stated:host";
import { registerPlatformClass } from "stated:platform-classes";
import { defineInterface, illegalConstructor, internal } from "stated:webidl";

const OPTIONS = ["key", "limit", "period"];
/** In seconds. */
const PERIODS = [10, 60];

/** One limit of the configuration. */
export class RateLimit {
  #namespace;
  #limit;
  #period;

  /** @param {symbol} key @param {string} namespace limits of one namespace share their counts @param {number} limit @param {number} period */
  constructor(key, namespace, limit, period) {
    if (key !== internal) throw illegalConstructor();
    this.#namespace = namespace;
    this.#limit = limit;
    this.#period = period;
  }

  /**
   * Counts one use of a key.
   *
   * @param {{ key?: string, limit?: number, period?: number }} options
   * @returns {Promise<{ success: boolean }>}
   */
  async limit(options) {
    check(typeof options === "object" && options !== null, "invalid rate limit options");
    const unknown = Object.keys(options).filter((name) => !OPTIONS.includes(name));
    check(unknown.length === 0, `bad rate limit options: [${unknown.join(",")}]`);
    const { key = "", limit = this.#limit, period = this.#period } = options;
    check(typeof key === "string", `invalid key: ${key}`);
    check(typeof limit === "number", `limit must be a number: ${limit}`);
    check(typeof period === "number", `period must be a number: ${period}`);
    check(PERIODS.includes(period), `unsupported period: ${period}`);
    return { success: ops.rateLimit(this.#namespace, key, limit, period) };
  }
}

defineInterface(RateLimit);
registerPlatformClass(RateLimit);

/** @param {boolean} holds @param {string} message */
function check(holds, message) {
  if (!holds) throw new Error(message);
}
