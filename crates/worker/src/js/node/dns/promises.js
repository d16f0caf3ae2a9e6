/**
 * `node:dns/promises`: what `node:dns` does, by promise.
 *
 * @module
 */

import { askerOf, dnsError, getDefaultResultOrder, getServers, lookupAll, lookupOptions, recordFunctions, recordsOf, recordType, resolverClass,
  reverseOf, setDefaultResultOrder, setServers } from "stated:node-support/dns-resolver";
import { checkString } from "stated:node-support/errors";

export { getDefaultResultOrder, getServers, setDefaultResultOrder, setServers };

/** @param {any} hostname @param {any} [options] */
export async function lookup(hostname, options = undefined) {
  const checked = lookupOptions(hostname, options);
  const found = await lookupAll(hostname, checked);
  return checked.all ? found : found[0];
}

/** @param {any} address @returns {Promise<never>} */
export async function lookupService(address) {
  throw dnsError("ENOTIMP", "getnameinfo", address);
}

/** @this {any} @param {any} hostname @param {any} [type] */
export async function resolve(hostname, type = "A") {
  checkString("name", hostname);
  return recordsOf(hostname, recordType(type), undefined, askerOf(this));
}

/** @this {any} @param {any} address @returns {Promise<string[]>} */
export function reverse(address) {
  return reverseOf(address, askerOf(this));
}

/** @param {string} name @returns {(hostname: any, options?: any) => Promise<any>} */
function byType(name) {
  const type = recordFunctions[name];
  /** @this {any} @param {any} hostname @param {any} [options] */
  const ask = async function (hostname, options = undefined) {
    checkString("name", hostname);
    return recordsOf(hostname, type, options, askerOf(this));
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

export const ADDRGETNETWORKPARAMS = "EADDRGETNETWORKPARAMS";
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

export default {
  ADDRGETNETWORKPARAMS, BADFAMILY, BADFLAGS, BADHINTS, BADNAME, BADQUERY, BADRESP, BADSTR, CANCELLED, CONNREFUSED, DESTRUCTION,
  EOF, FILE, FORMERR, getDefaultResultOrder, getServers, LOADIPHLPAPI, lookup, lookupService, NODATA, NOMEM, NONAME, NOTFOUND,
  NOTIMP, NOTINITIALIZED, REFUSED, resolve, resolve4, resolve6, resolveAny, resolveCaa, resolveCname, resolveMx, resolveNaptr,
  resolveNs, resolvePtr, Resolver, resolveSoa, resolveSrv, resolveTxt, reverse, SERVFAIL, setDefaultResultOrder, setServers,
  TIMEOUT,
};
