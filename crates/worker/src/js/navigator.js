/**
 * The global `navigator`: constants that programs use to recognise Workers, and beacons.
 *
 * @module
 */

import { fetch } from "stated:fetch";
import { ops } from "stated:host";
import { URL } from "stated:url";
import { badArgument, defineInterface, illegalConstructor, internal, toUSVString } from "stated:webidl";

/** The class of `navigator`. */
export class Navigator {
  #languages = Object.freeze(["en"]);

  /** @param {unknown} [token] */
  constructor(token = undefined) {
    if (token !== internal) throw illegalConstructor();
  }

  get userAgent() {
    void this.#languages;
    return "Cloudflare-Workers";
  }

  /**
   * Sends a POST request whose answer nobody waits for; the event lives on until it came.
   *
   * @param {string | URL} url absolute, by http or https
   * @param {any} [body]
   * @returns {boolean}
   */
  sendBeacon(url, body = undefined) {
    void this.#languages;
    if (arguments.length < 1) throw badArgument("Navigator", "sendBeacon", 1, "string");
    const parsed = URL.parse(toUSVString(url));
    if (parsed === null || (parsed.protocol !== "http:" && parsed.protocol !== "https:")) {
      throw new TypeError("The URL of a beacon must be absolute and its scheme http or https.");
    }
    const contextId = ops.contextId();
    ops.taskBegin(contextId);
    fetch(parsed.href, { method: "POST", body: body ?? null })
      .then((response) => response.body?.cancel())
      .catch(() => {})
      .finally(() => ops.taskEnd(contextId, false));
    return true;
  }

  get hardwareConcurrency() {
    void this.#languages;
    return 1;
  }

  get language() {
    return this.#languages[0];
  }

  get languages() {
    return this.#languages;
  }

  get platform() {
    void this.#languages;
    return "";
  }
}

defineInterface(Navigator, ["languages", "language", "platform", "hardwareConcurrency", "userAgent"]);

/** The global of that name. */
export const navigator = new Navigator(internal);
