/**
 * X509Certificate of `node:crypto`.
 *
 * @module
 */

import { ops } from "stated:host";
import { bytesArgument, opensslError, orElse, output, viewBytes } from "stated:node-support/crypto-arguments";
import { checkString, invalidArgType, nodeError } from "stated:node-support/errors";
import { publicOf, readPublic, write } from "stated:node-support/key-material";
import { keyObject, KeyObject, materialOf } from "stated:node-support/key-object";
import { decodePem, encodePem } from "stated:node-support/pem";

/** What the host tells of a certificate. @typedef {{ subject: [string, string][], issuer: [string, string][], serialNumber: string, validFrom: number,
 *   validTo: number, authority: boolean, usages: string[] | null, names: [string, string][] | null, access: [string, string, string][] | null }} Fields */

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/** Methods of access to an authority. @type {Record<string, string>} */
const accessMethods = { "1.3.6.1.5.5.7.48.1": "OCSP", "1.3.6.1.5.5.7.48.2": "CA Issuers" };

/** A time as OpenSSL prints it. @param {number} ms */
function timeText(ms) {
  const time = new Date(ms);
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  const clock = [time.getUTCHours(), time.getUTCMinutes(), time.getUTCSeconds()].map(two).join(":");
  return `${months[time.getUTCMonth()]} ${String(time.getUTCDate()).padStart(2)} ${clock} ${time.getUTCFullYear()} GMT`;
}

/** @param {[string, string][]} attributes */
const lines = (attributes) => attributes.map(([name, value]) => `${name}=${value.replace(/[\\\n\r]/g, (character) => `\\${character}`)}`).join("\n");

/** An attribute that occurs again becomes a list. @param {[string, string][]} attributes */
function legacyNames(attributes) {
  const names = Object.create(null);
  for (const [name, value] of attributes) names[name] = name in names ? [names[name], value].flat() : value;
  return names;
}

/** An alternative name as Node writes it: quoted when it could be taken for two. @param {string} kind @param {string} value */
function nameText(kind, value) {
  const shown = kind === "IP Address" && value.includes(":") ? expanded(value) : value;
  return kind === "other" ? shown : `${kind}:${/[",'\\]/.test(shown) ? JSON.stringify(shown) : shown}`;
}

/** An IPv6 address with all its parts, in capitals. @param {string} address */
function expanded(address) {
  return /** @type {number[]} */ (partsOf(address)).map((part) => part.toString(16).toUpperCase()).join(":");
}

/** The eight numbers of an IPv6 address, or the four of an IPv4 one. @param {string} address @returns {number[] | undefined} */
function partsOf(address) {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(address)) return address.split(".").map(Number);
  if (!/^[\da-f:]+$/i.test(address)) return undefined;
  const [head, tail] = address.split("::").map((half) => half.split(":").filter((part) => part !== ""));
  const missing = tail === undefined ? 0 : Math.max(8 - head.length - tail.length, 0);
  return [...head, ...Array(missing).fill("0"), ...tail ?? []].map((part) => Number.parseInt(part, 16));
}

/** @param {string} pattern of a certificate @param {string} host in lower case @param {any} options */
function hostMatches(pattern, host, options) {
  const wanted = pattern.toLowerCase();
  if (wanted === host) return true;
  if (options?.wildcards === false || !wanted.startsWith("*.")) return false;
  const at = host.indexOf(".");
  return at > 0 && host.slice(at) === wanted.slice(1);
}

/** A certificate. */
export class X509Certificate {
  /** @type {Uint8Array} */ #der;
  /** @type {Uint8Array} */ #key;
  /** @type {Fields} */ #fields;

  /** @param {any} buffer PEM or DER */
  constructor(buffer) {
    if (typeof buffer !== "string" && viewBytes(buffer) === undefined) {
      throw invalidArgType("buffer", "of type string or an instance of Buffer, TypedArray, or DataView", buffer);
    }
    const bytes = bytesArgument(buffer, "buffer");
    const text = output(bytes).toString("latin1");
    const unreadable = () => opensslError("0688010A", "asn1 encoding routines", "nested asn1 error");
    this.#der = text.includes("-----BEGIN ") ? orElse(() => decodePem(text).der, unreadable) : bytes.slice();
    const [fields, key] = orElse(() => ops.certificateRead(this.#der), unreadable);
    this.#fields = JSON.parse(fields);
    this.#key = key;
  }

  get subject() {
    return lines(this.#fields.subject) || undefined;
  }

  get issuer() {
    return lines(this.#fields.issuer) || undefined;
  }

  get subjectAltName() {
    return this.#fields.names?.map(([kind, value]) => nameText(kind, value)).join(", ");
  }

  get infoAccess() {
    return this.#fields.access?.map(([method, kind, value]) => `${accessMethods[method] ?? method} - ${nameText(kind, value)}`).join("\n");
  }

  get issuerCertificate() {
    return undefined;
  }

  get serialNumber() {
    return this.#fields.serialNumber;
  }

  get validFrom() {
    return timeText(this.#fields.validFrom);
  }

  get validTo() {
    return timeText(this.#fields.validTo);
  }

  get validFromDate() {
    return new Date(this.#fields.validFrom);
  }

  get validToDate() {
    return new Date(this.#fields.validTo);
  }

  get fingerprint() {
    return this.#fingerprint("SHA-1");
  }

  get fingerprint256() {
    return this.#fingerprint("SHA-256");
  }

  get fingerprint512() {
    return this.#fingerprint("SHA-512");
  }

  /** @param {string} hash */
  #fingerprint(hash) {
    return /** @type {string} */ (output(ops.digest(hash, this.#der), "hex").toUpperCase()).match(/../g)?.join(":");
  }

  get keyUsage() {
    return this.#fields.usages ?? undefined;
  }

  get raw() {
    return output(this.#der.slice());
  }

  get ca() {
    return this.#fields.authority;
  }

  get publicKey() {
    return keyObject(readPublic("spki", this.#key));
  }

  /** @param {any} name @param {any} [options] */
  checkHost(name, options = undefined) {
    checkString("name", name);
    const host = name.toLowerCase();
    const hosts = this.#fields.names?.filter(([kind]) => kind === "DNS").map(([, value]) => value) ?? [];
    const usesSubject = options?.subject === "always" || options?.subject !== "never" && hosts.length === 0;
    const subjects = usesSubject ? this.#fields.subject.filter(([kind]) => kind === "CN").map(([, value]) => value) : [];
    return [...hosts, ...subjects].find((pattern) => hostMatches(pattern, host, options));
  }

  /** @param {any} address @param {any} [options] */
  checkEmail(address, options = undefined) {
    checkString("email", address);
    const named = this.#fields.names?.filter(([kind]) => kind === "email").map(([, value]) => value) ?? [];
    const usesSubject = options?.subject === "always" || options?.subject !== "never" && named.length === 0;
    const subjects = usesSubject ? this.#fields.subject.filter(([kind]) => kind === "emailAddress").map(([, value]) => value) : [];
    // What is before the @ is the owner's own business, also its case.
    const same = (/** @type {string} */ other) => address.slice(0, address.lastIndexOf("@")) === other.slice(0, other.lastIndexOf("@"))
      && address.slice(address.lastIndexOf("@")).toLowerCase() === other.slice(other.lastIndexOf("@")).toLowerCase();
    return [...named, ...subjects].some(same) ? address : undefined;
  }

  /** @param {any} ip */
  checkIP(ip) {
    checkString("ip", ip);
    const wanted = partsOf(ip)?.join();
    const known = this.#fields.names?.filter(([kind]) => kind === "IP Address") ?? [];
    return wanted !== undefined && known.some(([, value]) => partsOf(value)?.join() === wanted) ? ip : undefined;
  }

  /** Whether the other could have issued this one, by its name and key. @param {any} other */
  checkIssued(other) {
    if (!(other instanceof X509Certificate)) throw invalidArgType("otherCert", "an instance of X509Certificate", other);
    return JSON.stringify(this.#fields.issuer) === JSON.stringify(other.#fields.subject) && orElseFalse(() => ops.certificateSignedBy(this.#der, other.#key));
  }

  /** @param {any} key */
  checkPrivateKey(key) {
    if (!(key instanceof KeyObject)) throw invalidArgType("pkey", "an instance of KeyObject", key);
    if (key.type !== "private") throw invalidArgType("pkey", "a private key", key);
    return this.publicKey.equals(keyObject(publicOf(materialOf(key))));
  }

  /** Whether the key signed it. @param {any} key */
  verify(key) {
    if (!(key instanceof KeyObject)) throw invalidArgType("pkey", "an instance of KeyObject", key);
    if (key.type !== "public") throw nodeError(TypeError, "ERR_INVALID_ARG_VALUE", `The argument 'pkey' is invalid. Received ${key.type}`);
    return orElseFalse(() => ops.certificateSignedBy(this.#der, write(materialOf(key), "spki")));
  }

  toString() {
    return encodePem("CERTIFICATE", this.#der);
  }

  toJSON() {
    return this.toString();
  }

  toLegacyObject() {
    const { subject, issuer, names, access, usages } = this.#fields;
    const information = access === null ? undefined : Object.create(null);
    for (const [method, kind, value] of access ?? []) (information[`${accessMethods[method] ?? method} - ${kind}`] ??= []).push(value);
    return {
      subject: legacyNames(subject), issuer: legacyNames(issuer), ...(names && { subjectaltname: this.subjectAltName }),
      ...(access && { infoAccess: information }), ca: this.ca, ...legacyKey(this.publicKey), valid_from: this.validFrom, valid_to: this.validTo,
      fingerprint: this.fingerprint, fingerprint256: this.fingerprint256, fingerprint512: this.fingerprint512,
      ...(usages && { ext_key_usage: usages }), serialNumber: this.serialNumber, raw: this.raw,
    };
  }
}

/** @param {any} key */
function legacyKey(key) {
  const material = materialOf(key);
  if (material.kind !== "rsa") return { pubkey: output(material.bytes.slice()) };
  const [n, e] = ops.rsaNumbers("spki", material.bytes);
  const { modulusLength } = key.asymmetricKeyDetails;
  return {
    modulus: output(n, "hex").toUpperCase(), bits: modulusLength, exponent: `0x${output(e, "hex").replace(/^0+/, "")}`, pubkey: output(material.bytes.slice()),
  };
}

/** @param {() => boolean} check */
function orElseFalse(check) {
  try {
    return check();
  } catch {
    return false;
  }
}
