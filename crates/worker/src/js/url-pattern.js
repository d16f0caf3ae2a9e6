/**
 * URLPattern of the URL Pattern standard: a vendored package (js/vendor.sh) behind the checks of Web IDL.
 *
 * Source: https://urlpattern.spec.whatwg.org/
 *
 * @module
 */

import { URLPattern as Pattern } from "stated:vendor/urlpattern-polyfill";
import { badConstructorArgument, defineInterface, toUSVString } from "stated:webidl";

const components = ["protocol", "username", "password", "hostname", "port", "pathname", "search", "hash"];

/**
 * An input as the standard takes it: a string, or a dictionary of strings.
 *
 * @param {any} input
 */
function toInput(input) {
  if (input === undefined) return {};
  if (typeof input !== "object" || input === null) return toUSVString(input);
  /** @type {Record<string, string>} */
  const init = {};
  for (const name of [...components, "baseURL"]) {
    if (input[name] !== undefined) init[name] = toUSVString(input[name]);
  }
  return init;
}

/** @param {any} baseURL */
const toBase = (baseURL) => (baseURL === undefined ? undefined : toUSVString(baseURL));

/** A pattern for URLs. */
export class URLPattern {
  /** @type {any} */ #pattern;

  /**
   * @param {string | object} [input]
   * @param {string | { ignoreCase?: boolean }} [baseURL] or the options, when there is no base
   * @param {{ ignoreCase?: boolean }} [options]
   */
  constructor(input = undefined, baseURL = undefined, options = undefined) {
    const withBase = typeof baseURL === "string" || options !== undefined;
    const given = /** @type {any} */ (withBase ? options : baseURL);
    if (given !== undefined && given !== null && typeof given !== "object") {
      throw badConstructorArgument("URLPattern", withBase ? 3 : 2, "URLPatternOptions");
    }
    const settings = { ignoreCase: Boolean(given?.ignoreCase) };
    const Engine = /** @type {any} */ (Pattern);
    this.#pattern = withBase ? new Engine(toInput(input), toBase(baseURL), settings) : new Engine(toInput(input), settings);
  }

  /**
   * @param {string | object} [input]
   * @param {string} [baseURL]
   * @returns {boolean}
   */
  test(input = undefined, baseURL = undefined) {
    return this.#pattern.test(toInput(input), toBase(baseURL));
  }

  /**
   * @param {string | object} [input]
   * @param {string} [baseURL]
   * @returns {any} null when the URL does not match
   */
  exec(input = undefined, baseURL = undefined) {
    const result = this.#pattern.exec(toInput(input), toBase(baseURL));
    if (result === null) return null;
    // The package lists its components before the inputs' order of the standard.
    return { inputs: result.inputs, ...result };
  }

  get protocol() {
    return this.#pattern.protocol;
  }

  get username() {
    return this.#pattern.username;
  }

  get password() {
    return this.#pattern.password;
  }

  get hostname() {
    return this.#pattern.hostname;
  }

  get port() {
    return this.#pattern.port;
  }

  get pathname() {
    return this.#pattern.pathname;
  }

  get search() {
    return this.#pattern.search;
  }

  get hash() {
    return this.#pattern.hash;
  }

  get hasRegExpGroups() {
    return this.#pattern.hasRegExpGroups;
  }
}

defineInterface(URLPattern, [...components, "hasRegExpGroups"]);
