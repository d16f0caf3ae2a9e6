/**
 * The global `navigator`: constants that programs use to recognise Workers.
 *
 * @module
 */

import { defineInterface, illegalConstructor, internal } from "stated:webidl";

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
