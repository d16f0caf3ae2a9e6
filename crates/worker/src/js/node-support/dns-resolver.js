/**
 * The answers of `node:dns`: addresses, from the system's resolver. Records of other types are not asked for.
 *
 * @module
 */

import { ops } from "stated:host";
import { isIP } from "stated:node/net";
import { checkString, invalidArgValue, invalidArgType } from "stated:node-support/errors";

/** @typedef {{ address: string, family: 4 | 6 }} Address */

/** Numbers that Node gives for codes of getaddrinfo. @type {Record<string, number>} */
const numbers = { ENOTFOUND: -3008 };
const HINTS = 8 | 16 | 32;

/** @param {string} code @param {string} syscall @param {string} hostname @returns {any} */
export function dnsError(code, syscall, hostname) {
  const error = /** @type {any} */ (new Error(`${syscall} ${code} ${hostname}`));
  error.errno = syscall === "getaddrinfo" ? numbers[code] : undefined;
  error.code = code;
  error.syscall = syscall;
  error.hostname = hostname;
  return error;
}

/** @param {string} hostname @param {string} syscall for errors @returns {Promise<Address[]>} */
async function addressesOf(hostname, syscall) {
  let lines;
  try {
    lines = await ops.dnsLookup(hostname);
  } catch (cause) {
    throw Object.assign(dnsError("ENOTFOUND", syscall, hostname), { cause });
  }
  const addresses = ops.textDecode("utf-8", lines, false, true).split("\n").filter((line) => line !== "");
  return addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
}

/** @type {"verbatim" | "ipv4first" | "ipv6first"} */
let defaultOrder = "verbatim";

export const getDefaultResultOrder = () => defaultOrder;

/** @param {any} order */
export function setDefaultResultOrder(order) {
  requireOrder("dnsOrder", order);
  defaultOrder = order;
}

/** @param {string} name @param {any} order */
function requireOrder(name, order) {
  if (!["verbatim", "ipv4first", "ipv6first"].includes(order)) throw invalidArgValue(name, order, "must be one of: 'verbatim', 'ipv4first', 'ipv6first'");
}

/**
 * The options of `lookup`, checked.
 *
 * @param {any} hostname
 * @param {any} options
 */
export function lookupOptions(hostname, options) {
  if (hostname) checkString("hostname", hostname);
  let { family = 0, all = false, hints = 0, order = defaultOrder, verbatim = undefined } = typeof options === "object" && options !== null ? options : { family: options };
  if (family === "IPv4") family = 4;
  if (family === "IPv6") family = 6;
  if (![0, 4, 6].includes(family ?? 0)) {
    throw invalidArgValue("family", family, "must be one of: 0, 4, 6");
  }
  if ((hints & ~HINTS) !== 0) throw invalidArgValue("hints", hints);
  if (typeof all !== "boolean") throw invalidArgType("options.all", "of type boolean", all);
  requireOrder("options.order", order);
  if (verbatim !== undefined && order === defaultOrder) order = verbatim ? "verbatim" : "ipv4first";
  return { family: family ?? 0, all, order };
}

/**
 * @param {any} hostname
 * @param {ReturnType<typeof lookupOptions>} options
 * @returns {Promise<Address[]>} at least one, unless no name was given and all were asked for
 */
export async function lookupAll(hostname, { family, all, order }) {
  if (!hostname) return all ? [] : [{ address: /** @type {any} */ (null), family: family === 6 ? 6 : 4 }];
  const own = isIP(hostname);
  if (own !== 0) return [{ address: hostname, family: /** @type {4 | 6} */ (own) }];
  const found = (await addressesOf(hostname, "getaddrinfo")).filter((address) => family === 0 || address.family === family);
  if (found.length === 0) throw dnsError("ENOTFOUND", "getaddrinfo", hostname);
  if (order === "verbatim") return found;
  const first = order === "ipv4first" ? 4 : 6;
  return [...found.filter((address) => address.family === first), ...found.filter((address) => address.family !== first)];
}

/** The call that asks for a type of records, in the words of c-ares. @type {Record<string, string>} */
const calls = {
  A: "queryA", AAAA: "queryAaaa", ANY: "queryAny", CAA: "queryCaa", CNAME: "queryCname", MX: "queryMx", NAPTR: "queryNaptr", NS: "queryNs",
  PTR: "queryPtr", SOA: "querySoa", SRV: "querySrv", TXT: "queryTxt",
};

/** @param {any} type @returns {string} */
export function recordType(type) {
  checkString("rrtype", type);
  if (!Object.hasOwn(calls, type)) throw invalidArgValue("rrtype", type);
  return type;
}

/**
 * Records of a type. Those that are no addresses fail with ENOTIMP.
 *
 * Differs: addresses are the system's, files included; their time to live is not known and counts as 0.
 *
 * @param {string} hostname
 * @param {string} type
 * @param {any} [options]
 * @returns {Promise<any>}
 */
export async function recordsOf(hostname, type, options = undefined) {
  const syscall = calls[type];
  const family = type === "A" ? 4 : 6;
  if (type !== "A" && type !== "AAAA") throw dnsError("ENOTIMP", syscall, hostname);
  const found = (await addressesOf(hostname, syscall)).filter((address) => address.family === family);
  if (found.length === 0) throw dnsError("ENODATA", syscall, hostname);
  return found.map(({ address }) => (options?.ttl ? { address, ttl: 0 } : address));
}

/** The functions for one type of records each. @type {Record<string, string>} */
export const recordFunctions = {
  resolve4: "A", resolve6: "AAAA", resolveAny: "ANY", resolveCaa: "CAA", resolveCname: "CNAME", resolveMx: "MX", resolveNaptr: "NAPTR",
  resolveNs: "NS", resolvePtr: "PTR", resolveSoa: "SOA", resolveSrv: "SRV", resolveTxt: "TXT",
};

/** The name of an address, which is not looked for. @param {any} address @returns {Promise<never>} */
export async function reverseOf(address) {
  checkString("name", address);
  if (isIP(address) === 0) throw Object.assign(dnsError("EINVAL", "getHostByAddr", address), { errno: -22 });
  throw dnsError("ENOTIMP", "getHostByAddr", address);
}

/** The system's, which are not known here. @returns {string[]} */
export const getServers = () => [];

/** @param {any} servers the system's are asked whatever is set */
export function setServers(servers) {
  if (!Array.isArray(servers)) throw invalidArgType("servers", "an instance of Array", servers);
}

/**
 * The class of a module's own resolvers, which ask as all others do.
 *
 * @param {Record<string, Function>} asks the functions of the module that are methods of it
 * @returns {any}
 */
export function resolverClass(asks) {
  class Resolver {
    cancel() {}

    getServers() {
      return getServers();
    }

    /** @param {any} servers */
    setServers(servers) {
      setServers(servers);
    }

    setLocalAddress() {}
  }
  Object.assign(Resolver.prototype, asks);
  return Resolver;
}
