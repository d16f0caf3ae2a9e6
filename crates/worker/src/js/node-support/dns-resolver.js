/**
 * The answers of `node:dns`: addresses from the system's resolver, and records of all types from name servers.
 *
 * @module
 */

import { systemCodeOf } from "stated:error-transport";
import { ops } from "stated:host";
import { answerOf, question } from "stated:node-support/dns-message";
import { checkInteger, checkString, invalidArgValue, invalidArgType, nodeError } from "stated:node-support/errors";
import { isIP, isIPv6 } from "stated:node-support/net-addresses";

/** @typedef {{ address: string, family: 4 | 6 }} Address */

/** Numbers that Node gives for codes of getaddrinfo. @type {Record<string, number>} */
const numbers = { ENOTFOUND: -3008 };
const HINTS = 8 | 16 | 32;

/** @param {string} code @param {string} syscall @param {string} hostname @returns {any} */
export function dnsError(code, syscall, hostname) {
  const error = /** @type {any} */ (new Error(`${syscall} ${code}${hostname === "" ? "" : ` ${hostname}`}`));
  error.errno = syscall === "getaddrinfo" ? numbers[code] : undefined;
  error.code = code;
  error.syscall = syscall;
  if (hostname !== "") error.hostname = hostname;
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

/** How long a server may take, how often it is asked, and how many servers there may be. */
const WAIT_MS = 2000;
const TRIES = 3;
const SERVERS_MAX = 32;
/** What another server may know better. */
const askNext = ["ESERVFAIL", "ENOTIMP", "EREFUSED", "ECONNREFUSED", "ETIMEOUT", "EBADRESP", "EFORMERR"];

/** Who is asked, and how: what a Resolver has of its own. */
export class Asker {
  /** Those that were set; without any the system's are asked. @type {string[]} */ servers = [];
  /** Counts the times that everything was given up. */ #cancelled = 0;

  /** @param {any} [options] */
  constructor(options = undefined) {
    const { timeout = -1, tries = TRIES } = options ?? {};
    checkInteger("options.timeout", timeout, -1, 0x7fff_ffff);
    checkInteger("options.tries", tries, 1, 0x7fff_ffff);
    this.waitMs = timeout <= 0 ? WAIT_MS : timeout;
    this.tries = tries;
  }

  cancel() {
    this.#cancelled++;
  }

  getServers() {
    return this.servers.length > 0 ? [...this.servers] : ops.dnsServers().split("\n");
  }

  /** @param {any} servers */
  setServers(servers) {
    if (!Array.isArray(servers)) throw invalidArgType("servers", "an instance of Array", servers);
    servers.forEach((server, index) => checkString(`servers[${index}]`, server));
    this.servers = servers.slice(0, SERVERS_MAX).map(checkedServer);
  }

  /**
   * Asks one server after the other, as often as is said.
   *
   * @param {string} name
   * @param {string} type
   * @returns {Promise<{ failure: string } | { records: import("stated:node-support/dns-message").Found[] }>}
   */
  async ask(name, type) {
    const asked = this.#cancelled;
    /** @type {{ failure: string } | { records: any[] }} */
    let answer = { failure: "ECONNREFUSED" };
    const servers = this.getServers();
    for (let attempt = 0; attempt < this.tries; attempt++) {
      for (const server of servers) {
        const message = question(randomId(), asciiName(name), type);
        if (message === undefined) return { failure: "EBADNAME" };
        answer = await askServer(server, message, this.waitMs);
        if (this.#cancelled !== asked) return { failure: "ECANCELLED" };
        if (!("failure" in answer) || !askNext.includes(answer.failure)) return answer;
      }
      if ("failure" in answer && answer.failure !== "ETIMEOUT") return answer;
    }
    return answer;
  }
}

/** @returns {number} that nobody can guess */
function randomId() {
  const bytes = new Uint8Array(2);
  ops.randomFill(bytes);
  return (bytes[0] << 8) | bytes[1];
}

/** @param {string} server @param {Uint8Array} message @param {number} waitMs */
async function askServer(server, message, waitMs) {
  try {
    return answerOf(await ops.dnsQuery(server, message, waitMs));
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === undefined) throw error;
    return { failure: code };
  }
}

/** @param {string} name */
function asciiName(name) {
  return /[^\0-\x7f]/.test(name) ? ops.builtInModule("node:url").domainToASCII(name) : name.toLowerCase();
}

/** An address with or without a port, without what it has by itself. @param {string} server @returns {string} */
function checkedServer(server) {
  if (isIP(server) !== 0) return server;
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(server) ?? [];
  const address = bracketed ?? plain;
  if (address === undefined || isIP(address) === 0 || (bracketed !== undefined && !isIPv6(bracketed))) {
    throw nodeError(TypeError, "ERR_INVALID_IP_ADDRESS", `Invalid IP address: ${server}`);
  }
  if (port === undefined || port === "53") return address;
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Who is asked by the functions of the modules. */
export const defaultAsker = new Asker();
/** Those of Resolvers. @type {WeakMap<object, Asker>} */
const askers = new WeakMap();

/** Who is asked by a method or a function of a module. @param {any} self its `this` @returns {Asker} */
export function askerOf(self) {
  return askers.get(self) ?? defaultAsker;
}

/**
 * Records of a type.
 *
 * Differs: addresses are the system's, files included, unless servers were set or a time to live is asked for.
 *
 * @param {string} hostname
 * @param {string} type
 * @param {any} options
 * @param {Asker} asker
 * @returns {Promise<any>}
 */
export async function recordsOf(hostname, type, options, asker) {
  const syscall = calls[type];
  const isAddress = type === "A" || type === "AAAA";
  if (hostname === "") throw dnsError("ENOTFOUND", syscall, hostname);
  if (isAddress && (isLocal(hostname) || !options?.ttl && asker.servers.length === 0)) return systemAddresses(hostname, type, options?.ttl);
  const answer = await asker.ask(hostname, type);
  if ("failure" in answer) throw dnsError(answer.failure, syscall, hostname);
  const records = type === "ANY" ? answer.records : answer.records.filter((record) => record.type === type);
  if (records.length === 0) throw dnsError("ENODATA", syscall, hostname);
  if (type === "ANY") return records.sort((a, b) => anyOrder.indexOf(a.type) - anyOrder.indexOf(b.type)).map(describedRecord);
  if (type === "SOA") return records[0].value;
  if (!options?.ttl || !isAddress) return records.map(({ value }) => value);
  // An address is no longer known than the names that lead to it.
  const most = Math.min(...answer.records.filter((record) => record.type === "CNAME").map(({ ttl }) => ttl));
  return records.map(({ value, ttl }) => ({ address: value, ttl: Math.min(ttl, most) }));
}

/** In which order an answer to a question for all has the types, as in Node. */
const anyOrder = ["A", "AAAA", "CNAME", "MX", "NS", "TXT", "SRV", "PTR", "NAPTR", "SOA", "CAA"];

/** Names that no server is asked for (RFC 6761). @param {string} hostname */
const isLocal = (hostname) => /^(?:.*\.)?localhost\.?$/i.test(hostname) || isIP(hostname) !== 0;

/** @param {string} hostname @param {string} type @param {boolean | undefined} withTtl which is not known */
async function systemAddresses(hostname, type, withTtl) {
  const family = type === "A" ? 4 : 6;
  const found = (await addressesOf(hostname, calls[type])).filter((address) => address.family === family);
  if (found.length === 0) throw dnsError("ENODATA", calls[type], hostname);
  return found.map(({ address }) => (withTtl ? { address, ttl: 0 } : address));
}

/** A record in the answer to a question for all. @param {import("stated:node-support/dns-message").Found} record */
function describedRecord({ type, ttl, value }) {
  if (type === "A" || type === "AAAA") return { address: value, ttl, type };
  if (type === "TXT") return { entries: value, type };
  return typeof value === "string" ? { value, type } : { ...value, type };
}

/** The functions for one type of records each. @type {Record<string, string>} */
export const recordFunctions = {
  resolve4: "A", resolve6: "AAAA", resolveAny: "ANY", resolveCaa: "CAA", resolveCname: "CNAME", resolveMx: "MX", resolveNaptr: "NAPTR",
  resolveNs: "NS", resolvePtr: "PTR", resolveSoa: "SOA", resolveSrv: "SRV", resolveTxt: "TXT",
};

/** The names of an address. @param {any} address @param {Asker} asker @returns {Promise<string[]>} */
export async function reverseOf(address, asker) {
  checkString("name", address);
  const family = isIP(address);
  if (family === 0) throw Object.assign(dnsError("EINVAL", "getHostByAddr", address), { errno: -22 });
  const answer = await asker.ask(family === 4 ? `${address.split(".").reverse().join(".")}.in-addr.arpa` : `${nibbles(address)}.ip6.arpa`, "PTR");
  if ("failure" in answer) throw dnsError(answer.failure, "getHostByAddr", address);
  const names = answer.records.filter((record) => record.type === "PTR").map((record) => record.value);
  if (names.length === 0) throw dnsError("ENOTFOUND", "getHostByAddr", address);
  return names;
}

/** The half bytes of an address, last first. @param {string} address */
function nibbles(address) {
  const [before, after = undefined] = address.split("%")[0].replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...bytes) => {
    const [a, b, c, d] = bytes.slice(0, 4).map(Number);
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  }).split("::").map((part) => (part === "" ? [] : part.split(":")));
  const groups = after === undefined ? before : [...before, ...Array(8 - before.length - after.length).fill("0"), ...after];
  return [...groups.map((group) => group.padStart(4, "0")).join("")].reverse().join(".");
}

export const getServers = () => defaultAsker.getServers();

/** @param {any} servers */
export function setServers(servers) {
  defaultAsker.setServers(servers);
}

/**
 * The class of a module's own resolvers.
 *
 * @param {Record<string, Function>} asks the functions of the module that are methods of it
 * @returns {any}
 */
export function resolverClass(asks) {
  class Resolver {
    /** @param {any} [options] */
    constructor(options = undefined) {
      askers.set(this, new Asker(options));
    }

    cancel() {
      askerOf(this).cancel();
    }

    getServers() {
      return askerOf(this).getServers();
    }

    /** @param {any} servers */
    setServers(servers) {
      askerOf(this).setServers(servers);
    }

    /** The system chooses the address that is asked from. @param {any} ipv4 @param {any} [ipv6] */
    setLocalAddress(ipv4, ipv6 = undefined) {
      checkString("ipv4", ipv4);
      if (ipv6 !== undefined) checkString("ipv6", ipv6);
    }
  }
  for (const [name, value] of Object.entries(asks)) Object.defineProperty(Resolver.prototype, name, { configurable: true, writable: true, value });
  return Resolver;
}
