/**
 * Whether a certificate, in the form of `getPeerCertificate()`, is for a host.
 *
 * Source: RFC 6125, section 6.4; tls.checkServerIdentity of Node.js, whose results and texts these are.
 *
 * @module
 */

import { nodeError } from "stated:node-support/errors";
import { isIP } from "stated:node-support/net-addresses";
import { URL } from "stated:url";

/** A part of a list of names: up to the next comma that is not in a JSON string. */
const ONE_NAME = /(?:[^",]|"(?:[^"\\]|\\.)*")+/gu;
/** What no part of a name may have: blanks, control characters, anything but ASCII. */
const UNFIT = /[^!-\x7f]/u;

/**
 * @param {unknown} hostname
 * @param {any} certificate `subject` and `subjectaltname` of it count
 * @returns {Error | undefined} what is wrong
 */
export function checkServerIdentity(hostname, certificate) {
  const { subject, subjectaltname: listed } = certificate;
  const { names, addresses } = namesIn(listed);
  const host = withoutLastDot(`${hostname}`);
  const covers = (/** @type {unknown} */ pattern) => matches(partsOf(host), pattern);
  const commonName = subject?.CN;
  let reason;
  if (isIP(host) !== 0) {
    if (addresses.includes(sameForm(host))) return undefined;
    reason = `IP: ${host} is not in the cert's list: ${addresses.join(", ")}`;
  } else if (names.length > 0) {
    if (names.some(covers)) return undefined;
    reason = `Host: ${host}. is not in the cert's altnames: ${listed}`;
  } else if (commonName) {
    if ([commonName].flat().some(covers)) return undefined;
    reason = `Host: ${host}. is not cert's CN: ${commonName}`;
  } else {
    reason = "Cert does not contain a DNS name";
  }
  const error = nodeError(Error, "ERR_TLS_CERT_ALTNAME_INVALID", `Hostname/IP does not match certificate's altnames: ${reason}`);
  return Object.assign(error, { reason, host, cert: certificate });
}

/** @param {string | undefined} listed for example `DNS:a.example, IP Address:1.2.3.4` */
function namesIn(listed) {
  /** @type {string[]} */
  const names = [];
  /** @type {string[]} */
  const addresses = [];
  for (const part of listed ? listed.match(ONE_NAME) ?? [] : []) {
    const name = plain(part.trimStart());
    if (name.startsWith("DNS:")) names.push(name.slice(4));
    else if (name.startsWith("IP Address:")) addresses.push(sameForm(name.slice(11)));
  }
  return { names, addresses };
}

/** A name whose value may be a JSON string, which those are that could be taken for more than one. @param {string} name */
function plain(name) {
  const quote = name.indexOf('"');
  if (quote === -1) return name;
  try {
    return name.slice(0, quote) + JSON.parse(name.slice(quote));
  } catch {
    throw nodeError(SyntaxError, "ERR_TLS_CERT_ALTNAME_FORMAT", "Invalid subject alternative name string");
  }
}

/** An address as every other spelling of it is written. @param {string} address */
function sameForm(address) {
  return isIP(address) === 6 ? new URL(`http://[${address}]/`).hostname.slice(1, -1) : address;
}

/** @param {string} name */
function withoutLastDot(name) {
  return name.endsWith(".") ? name.slice(0, -1) : name;
}

/** The parts of a name, in lower case of ASCII only. @param {string} name */
function partsOf(name) {
  return withoutLastDot(name).replace(/[A-Z]/gu, (letter) => letter.toLowerCase()).split(".");
}

/** @param {string[]} host @param {any} pattern */
function matches(host, pattern) {
  if (!pattern) return false;
  const parts = partsOf(pattern);
  if (parts.length !== host.length || parts.some((part) => part === "" || UNFIT.test(part))) return false;
  if (!parts.slice(1).every((part, place) => part === host[place + 1])) return false;
  const [first, found] = [parts[0], host[0]];
  const [before, after, ...more] = first.split("*");
  // A wildcard stands for letters of the first part only, never for those of an encoded name.
  if (after === undefined || first.includes("xn--")) return first === found;
  if (more.length > 0 || parts.length <= 2) return false;
  return found.length >= before.length + after.length && found.startsWith(before) && found.endsWith(after);
}
