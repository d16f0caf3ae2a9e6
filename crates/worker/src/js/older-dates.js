/**
 * What programs of older compatibility dates do not find: globals and members that came with a flag.
 *
 * The library itself keeps what it needs of them in its own scopes, so they are only taken from the program.
 * Reference 11.5.
 *
 * @module
 */

import { Headers } from "stated:headers";
import { Navigator } from "stated:navigator";
import { lacks } from "stated:settings";
import { URLSearchParams } from "stated:url-search-params";
import { removeTags } from "stated:webidl";

/**
 * Takes away what came with flags that are not in force.
 *
 * @param {any} target the global object
 * @param {Record<string, Function>} classes of the platform, by their names
 */
export function removeNewer(target, classes) {
  if (lacks("global_navigator")) delete target.navigator;
  if (lacks("enable_navigator_language")) {
    remove(Navigator, "language");
    remove(Navigator, "languages");
  }
  if (lacks("enable_weak_ref")) {
    delete target.WeakRef;
    delete target.FinalizationRegistry;
  }
  if (lacks("enable_global_performance_classes")) delete target.Performance;
  if (lacks("http_headers_getsetcookie")) remove(Headers, "getSetCookie");
  if (lacks("urlsearchparams_delete_has_value_arg")) ignoreValue("delete", "has");
  if (lacks("set_tostring_tag")) {
    removeTags();
    // DOMException is an error with a tag of its own.
    for (const Class of Object.values(classes)) remove(Class, Symbol.toStringTag);
  }
}

/** @param {Function} Class @param {PropertyKey} name */
function remove(Class, name) {
  delete Class.prototype[name];
}

/** Methods of URLSearchParams that once looked at a name only. @param {("delete" | "has")[]} names */
function ignoreValue(...names) {
  for (const key of names) {
    const method = /** @type {Function} */ (URLSearchParams.prototype[key]);
    const only = {
      /** @param {...unknown} args */
      [key](...args) {
        return method.apply(this, args.slice(0, 1));
      },
    }[key];
    Object.defineProperty(URLSearchParams.prototype, key, { value: only, writable: true, enumerable: true, configurable: true });
  }
}
