/**
 * `node:dns/promises`, to be imported only: names are resolved by `fetch` and `connect` themselves.
 *
 * @module
 */

import { unimplementedIn } from "stated:node-support/unimplemented";

const stub = unimplementedIn("dns/promises");

export const getDefaultResultOrder = stub("getDefaultResultOrder");
export const getServers = stub("getServers");
export const lookup = stub("lookup");
export const lookupService = stub("lookupService");
export const resolve = stub("resolve");
export const resolve4 = stub("resolve4");
export const resolve6 = stub("resolve6");
export const resolveAny = stub("resolveAny");
export const resolveCaa = stub("resolveCaa");
export const resolveCname = stub("resolveCname");
export const resolveMx = stub("resolveMx");
export const resolveNaptr = stub("resolveNaptr");
export const resolveNs = stub("resolveNs");
export const resolvePtr = stub("resolvePtr");
export const Resolver = stub("Resolver");
export const resolveSoa = stub("resolveSoa");
export const resolveSrv = stub("resolveSrv");
export const resolveTxt = stub("resolveTxt");
export const reverse = stub("reverse");
export const setDefaultResultOrder = stub("setDefaultResultOrder");
export const setServers = stub("setServers");
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
