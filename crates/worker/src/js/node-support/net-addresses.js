/**
 * Addresses of the Internet in `node:net`: which text is one, lists of them, and their class.
 *
 * @module
 */

import { ops } from "stated:host";
import { checkInteger, checkObject, checkString, invalidArgType, invalidArgValue, nodeError } from "stated:node-support/errors";

const part = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const ipv4 = new RegExp(`^(?:${part}\\.){3}${part}$`);

/** @param {unknown} text */
export function isIP(text) {
  if (isIPv4(text)) return 4;
  return isIPv6(text) ? 6 : 0;
}

/** @param {unknown} text */
export function isIPv4(text) {
  return ipv4.test(`${text}`);
}

/** @param {unknown} text */
export function isIPv6(text) {
  const [address, zone] = `${text}`.split("%", 2);
  return zone !== "" && address.includes(":") && ops.urlParse(`ws://[${address}]`, undefined) !== null;
}

/** An address as a number. @param {string} address @param {"ipv4" | "ipv6"} family */
function numberOf(address, family) {
  if (family === "ipv4") return address.split(".").reduce((sum, octet) => sum * 256n + BigInt(octet), 0n);
  // The URL parser writes an IPv4 tail as two groups.
  const href = /** @type {any[]} */ (ops.urlParse(`ws://[${address.split("%", 1)[0]}]`, undefined))[0];
  const [head, tail] = href.slice("ws://[".length, href.indexOf("]")).split("::");
  const groups = (/** @type {string | undefined} */ text) => (text === undefined || text === "" ? [] : text.split(":"));
  const missing = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length;
  return [...groups(head), ...Array(missing).fill("0"), ...groups(tail)].reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n);
}

/** @param {any} family @returns {"ipv4" | "ipv6"} */
function familyOf(family) {
  checkString("family", family);
  const lower = family.toLowerCase();
  if (lower !== "ipv4" && lower !== "ipv6") throw invalidArgValue("family", family);
  return lower;
}

function invalidAddress() {
  return nodeError(Error, "ERR_INVALID_ADDRESS", "Invalid socket address");
}

/** An address with a port. */
export class SocketAddress {
  #address;
  #port;
  #family;
  #flowlabel;

  /** @param {{ address?: string, family?: string, port?: any, flowlabel?: number }} [options] */
  constructor(options = {}) {
    checkObject("options", options);
    const family = familyOf(options.family ?? "ipv4");
    const { address = family === "ipv4" ? "127.0.0.1" : "::", port = 0, flowlabel = 0 } = options;
    checkString("options.address", address);
    const number = typeof port === "string" && port.trim() !== "" ? Number(port) : port;
    checkInteger("options.port", number, 0, 65_535);
    checkInteger("options.flowlabel", flowlabel, 0, 0xfffff);
    if (isIP(address) !== (family === "ipv4" ? 4 : 6)) throw invalidAddress();
    this.#address = address;
    this.#port = number;
    this.#family = family;
    this.#flowlabel = flowlabel;
  }

  get address() {
    return this.#address;
  }

  get port() {
    return this.#port;
  }

  get family() {
    return this.#family;
  }

  get flowlabel() {
    return this.#flowlabel;
  }

  /** An address as URLs have it, with or without a port; undefined for anything else. @param {any} input @returns {SocketAddress | undefined} */
  static parse(input) {
    checkString("input", input);
    const parts = ops.urlParse(`http://${input}`, undefined);
    if (parts === null) return undefined;
    const [href, , , hostStart, hostEnd, port] = parts;
    const host = href.slice(href[hostStart] === "@" ? hostStart + 1 : hostStart, hostEnd).replace(/^\[|\]$/g, "");
    const family = isIP(host);
    if (family === 0) return undefined;
    return new SocketAddress({ address: host, port: port === -1 ? 0 : port, family: family === 4 ? "ipv4" : "ipv6" });
  }

  toJSON() {
    return { address: this.#address, port: this.#port, family: this.#family, flowlabel: this.#flowlabel };
  }
}

/** Addresses, ranges and networks. */
export class BlockList {
  /** @type {{ family: string, first: bigint, last: bigint, text: string }[]} */ #ranges = [];

  /** @param {any} address text or SocketAddress @param {any} family @param {string} [name] */
  #parse(address, family, name = "address") {
    const text = address instanceof SocketAddress ? address.address : address;
    checkString(name, text);
    const kind = address instanceof SocketAddress ? address.family : familyOf(family);
    if (isIP(text) !== (kind === "ipv4" ? 4 : 6)) throw invalidAddress();
    return { kind, text, number: numberOf(text, /** @type {any} */ (kind)) };
  }

  /** @param {any} address @param {any} [family] */
  addAddress(address, family = "ipv4") {
    const { kind, text, number } = this.#parse(address, family);
    this.#ranges.unshift({ family: kind, first: number, last: number, text: `Address: ${shown(kind)} ${text}` });
  }

  /** @param {any} start @param {any} end @param {any} [family] */
  addRange(start, end, family = "ipv4") {
    const first = this.#parse(start, family, "start");
    const last = this.#parse(end, family, "end");
    if (first.number > last.number) throw invalidArgValue("start", start, "must come before end");
    this.#ranges.unshift({ family: first.kind, first: first.number, last: last.number, text: `Range: ${shown(first.kind)} ${first.text}-${last.text}` });
  }

  /** @param {any} network @param {number} prefix @param {any} [family] */
  addSubnet(network, prefix, family = "ipv4") {
    const { kind, text, number } = this.#parse(network, family, "network");
    const bits = kind === "ipv4" ? 32 : 128;
    checkInteger("prefix", prefix, 0, bits);
    const size = 1n << BigInt(bits - prefix);
    const first = number / size * size;
    this.#ranges.unshift({ family: kind, first, last: first + size - 1n, text: `Subnet: ${shown(kind)} ${text}/${prefix}` });
  }

  /** @param {any} address @param {any} [family] */
  check(address, family = "ipv4") {
    let parsed;
    try {
      parsed = this.#parse(address, family);
    } catch (/** @type {any} */ error) {
      if (error.code === "ERR_INVALID_ADDRESS") return false;
      throw error;
    }
    const { kind, number } = parsed;
    // An IPv4 address inside of IPv6 is also looked for as itself.
    const mapped = kind === "ipv6" && number >> 32n === 0xffffn ? number & 0xffff_ffffn : undefined;
    return this.#ranges.some(({ family: own, first, last }) => (own === kind && number >= first && number <= last)
      || (own === "ipv4" && mapped !== undefined && mapped >= first && mapped <= last));
  }

  /** @param {any} value */
  static isBlockList(value) {
    return typeof value === "object" && value !== null && #ranges in value;
  }

  get rules() {
    return this.#ranges.map(({ text }) => text);
  }

  toJSON() {
    return this.rules;
  }

  /** Adds rules as `rules` and `toJSON` tell them. @param {any} data an array of them, or its JSON */
  fromJSON(data) {
    const rules = typeof data === "string" ? JSON.parse(data) : data;
    if (!Array.isArray(rules) || rules.some((rule) => typeof rule !== "string")) throw invalidArgType("data", "of type string or an instance of string[]", data);
    for (const rule of rules) {
      const [, kind, version, first, rest] = /^(Address|Range|Subnet): IPv([46]) ([^-/]+)(?:[-/](.+))?$/.exec(rule) ?? [];
      const family = `ipv${version}`;
      if (kind === "Address") this.addAddress(first, family);
      else if (kind === "Range") this.addRange(first, rest, family);
      else if (kind === "Subnet") this.addSubnet(first, Number(rest), family);
    }
  }
}

/** @param {string} family */
function shown(family) {
  return family === "ipv4" ? "IPv4" : "IPv6";
}
