/**
 * `node:dns`: addresses of hosts, as the system resolves them, and records of name servers.
 *
 * @module
 */

import * as promises from "stated:node/dns/promises";
import { askerOf, getDefaultResultOrder, getServers, lookupAll, lookupOptions, recordFunctions, recordsOf, recordType, resolverClass, reverseOf,
  setDefaultResultOrder, setServers } from "stated:node-support/dns-resolver";
import { checkFunction, checkString } from "stated:node-support/errors";

export { getDefaultResultOrder, getServers, setDefaultResultOrder, setServers };

/** @param {Promise<any>} asked @param {(error: any, ...results: any[]) => void} callback @param {(result: any) => any[]} [results] */
function answer(asked, callback, results = (result) => [result]) {
  asked.then((result) => callback(null, ...results(result)), (error) => callback(error));
}

/** @param {any} hostname @param {any} options @param {any} [callback] */
export function lookup(hostname, options, callback = undefined) {
  if (typeof options === "function") {
    callback = options;
    options = 0;
  }
  checkFunction("callback", callback);
  const checked = lookupOptions(hostname, options);
  answer(lookupAll(hostname, checked), callback, (found) => (checked.all ? [found] : [found[0].address, found[0].family]));
  return {};
}
// What `promisify` gives is an object, as in Node.
Object.defineProperty(lookup, Symbol.for("nodejs.util.promisify.custom"), { value: promises.lookup });

/** @param {any} address @param {any} port @param {any} callback */
export function lookupService(address, port, callback) {
  checkFunction("callback", callback);
  answer(promises.lookupService(address), callback);
  void port;
}

/** @this {any} @param {any} hostname @param {any} type @param {any} [callback] */
export function resolve(hostname, type, callback = undefined) {
  if (typeof type === "function") {
    callback = type;
    type = "A";
  }
  checkString("name", hostname);
  const checked = recordType(type);
  checkFunction("callback", callback);
  answer(recordsOf(hostname, checked, undefined, askerOf(this)), callback);
}

/** @this {any} @param {any} address @param {any} callback */
export function reverse(address, callback) {
  checkString("name", address);
  checkFunction("callback", callback);
  answer(reverseOf(address, askerOf(this)), callback);
}

/** @param {string} name @returns {any} */
function byType(name) {
  const type = recordFunctions[name];
  /** @this {any} @param {any} hostname @param {any} options @param {any} [callback] */
  const ask = function (hostname, options, callback = undefined) {
    if (typeof options === "function") {
      callback = options;
      options = undefined;
    }
    checkString("name", hostname);
    checkFunction("callback", callback);
    answer(recordsOf(hostname, type, options, askerOf(this)), callback);
  };
  Object.defineProperty(ask, "name", { value: name, configurable: true });
  return ask;
}

export const resolve4 = byType("resolve4");
export const resolve6 = byType("resolve6");
export const resolveAny = byType("resolveAny");
export const resolveCaa = byType("resolveCaa");
export const resolveCname = byType("resolveCname");
export const resolveMx = byType("resolveMx");
export const resolveNaptr = byType("resolveNaptr");
export const resolveNs = byType("resolveNs");
export const resolvePtr = byType("resolvePtr");
export const resolveSoa = byType("resolveSoa");
export const resolveSrv = byType("resolveSrv");
export const resolveTxt = byType("resolveTxt");

export const Resolver = resolverClass({
  resolve, resolve4, resolve6, resolveAny, resolveCaa, resolveCname, resolveMx, resolveNaptr, resolveNs, resolvePtr, resolveSoa,
  resolveSrv, resolveTxt, reverse,
});

export const ADDRCONFIG = 32;
export const ADDRGETNETWORKPARAMS = "EADDRGETNETWORKPARAMS";
export const ALL = 16;
export const BADFAMILY = "EBADFAMILY";
export const BADFLAGS = "EBADFLAGS";
export const BADHINTS = "EBADHINTS";
export const BADNAME = "EBADNAME";
export const BADQUERY = "EBADQUERY";
export const BADRESP = "EBADRESP";
export const BADSTR = "EBADSTR";
export const CANCELLED = "ECANCELLED";
export const CONNREFUSED = "ECONNREFUSED";
export const DESTRUCTION = "EDESTRUCTION";
export const EOF = "EOF";
export const FILE = "EFILE";
export const FORMERR = "EFORMERR";
export const LOADIPHLPAPI = "ELOADIPHLPAPI";
export const NODATA = "ENODATA";
export const NOMEM = "ENOMEM";
export const NONAME = "ENONAME";
export const NOTFOUND = "ENOTFOUND";
export const NOTIMP = "ENOTIMP";
export const NOTINITIALIZED = "ENOTINITIALIZED";
export const REFUSED = "EREFUSED";
export const SERVFAIL = "ESERVFAIL";
export const TIMEOUT = "ETIMEOUT";
export const V4MAPPED = 8;


const promised = promises.default;
export { promised as promises };

export default {
  ADDRCONFIG, ADDRGETNETWORKPARAMS, ALL, BADFAMILY, BADFLAGS, BADHINTS, BADNAME, BADQUERY, BADRESP, BADSTR, CANCELLED,
  CONNREFUSED, DESTRUCTION, EOF, FILE, FORMERR, getDefaultResultOrder, getServers, LOADIPHLPAPI, lookup, lookupService, NODATA,
  NOMEM, NONAME, NOTFOUND, NOTIMP, NOTINITIALIZED, promises: promised, REFUSED, resolve, resolve4, resolve6, resolveAny, resolveCaa,
  resolveCname, resolveMx, resolveNaptr, resolveNs, resolvePtr, Resolver, resolveSoa, resolveSrv, resolveTxt, reverse,
  SERVFAIL, setDefaultResultOrder, setServers, TIMEOUT, V4MAPPED,
};
