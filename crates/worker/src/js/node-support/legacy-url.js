/**
 * The URLs of `node:url` from before the standard: what is parsed is forgiven, and resolving follows what browsers did then. Steps
 * and results are Node's; where they seem odd, programs have come to rely on them.
 *
 * @module
 */

import { ops } from "stated:host";
import { checkString, nodeError } from "stated:node-support/errors";
import { warn } from "stated:node-support/warning";
import { parse as parseQuery, stringify as stringifyQuery } from "stated:node/querystring";

/** No host may be longer. */
const hostnameMax = 255;
const hostless = ["javascript", "javascript:"];
const slashed = new Set(["http", "https", "ftp", "gopher", "file", "ws", "wss"].flatMap((name) => [name, `${name}:`]));

const forbiddenInHost = /[\0\t\n\r #%/:<>?@[\\\]^|]/;
const forbiddenInAddress = /[\0\t\n\r #%/<>?@\\^|]/;

/** @type {Record<string, string>} */
const escapes = Object.fromEntries(["\t", "\n", "\r", " ", '"', "'", "<", ">", "\\", "^", "`", "{", "|", "}"]
  .map((character) => [character, `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`]));

let hasWarned = false;

/** @param {string} hostname */
const isAddress = (hostname) => hostname.startsWith("[") && hostname.endsWith("]");

/** @param {string} hostname in lower case */
function toAscii(hostname) {
  if (/^[\x00-\x7f]*$/.test(hostname)) return hostname;
  const parsed = ops.urlParse(`ws://${hostname}`, undefined);
  return parsed === null ? "" : /^ws:\/\/([^/]*)/.exec(parsed[0])?.[1] ?? "";
}

/** Without white space at the ends, and with slashes for backslashes before the query. @param {string} url */
function tidied(url) {
  const rest = url.replace(/^[\0-\x20\u00a0\ufeff]+|[\0-\x20\u00a0\ufeff]+$/g, "");
  const split = rest.search(/[?#]/);
  return split === -1 ? rest.replaceAll("\\", "/") : rest.slice(0, split).replaceAll("\\", "/") + rest.slice(split);
}

/** The parts of a URL, all of them null until it is parsed. */
export class UrlParts {
  /** @type {any} */ protocol = null;
  /** @type {any} */ slashes = null;
  /** @type {any} */ auth = null;
  /** @type {any} */ host = null;
  /** @type {any} */ port = null;
  /** @type {any} */ hostname = null;
  /** @type {any} */ hash = null;
  /** @type {any} */ search = null;
  /** @type {any} */ query = null;
  /** @type {any} */ pathname = null;
  /** @type {any} */ path = null;
  /** @type {any} */ href = null;
}

/** Also without `new`, as old programs call it. @this {any} @returns {any} */
export function Url() {
  return Object.assign(/** @type {any} */ (this) ?? Object.create(Url.prototype), new UrlParts());
}
/** @type {any} */
const proto = Url.prototype;

/** @this {any} @param {any} url @param {any} [withQuery] whether the query is parsed too @param {any} [slashesDenoteHost] whether `//host` has one */
proto.parse = function parse(url, withQuery = false, slashesDenoteHost = false) {
  checkString("url", url);
  let rest = tidied(url);
  const beforeHash = url.split("#", 1)[0];
  if (!slashesDenoteHost && beforeHash === url && !url.split("?", 1)[0].includes("@") && simplePath(this, rest, withQuery)) return this;
  const protocol = /^[a-z0-9.+-]+:/i.exec(rest)?.[0];
  const scheme = protocol?.toLowerCase();
  if (protocol !== undefined) {
    this.protocol = scheme;
    rest = rest.slice(protocol.length);
  }
  const isHostless = scheme !== undefined && hostless.includes(scheme);
  let slashes = false;
  if (slashesDenoteHost || protocol !== undefined || /^\/\/[^@/]+@[^@/]+/.test(rest)) {
    slashes = rest.startsWith("//");
    if (slashes && !isHostless) {
      rest = rest.slice(2);
      this.slashes = true;
    }
  }
  if (!isHostless && (slashes || protocol !== undefined && !slashed.has(/** @type {string} */ (scheme)))) rest = takeHost(this, rest, url);
  if (!isHostless) rest = rest.replace(/[\t\n\r "'<>\\^`{|}]/g, (character) => escapes[character]);
  splitPath(this, rest, withQuery);
  if (slashed.has(/** @type {string} */ (scheme)) && this.hostname && !this.pathname) this.pathname = "/";
  if (this.pathname || this.search) this.path = (this.pathname || "") + (this.search || "");
  this.href = this.format();
  return this;
};

/** @param {any} self @param {string} rest @param {any} withQuery @returns {boolean} whether it is a path and perhaps a query */
function simplePath(self, rest, withQuery) {
  const found = /^(\/\/?(?!\/)[^?\s]*)(\?[^\s]*)?$/.exec(rest);
  if (found === null) return false;
  self.path = rest;
  self.href = rest;
  [, self.pathname] = found;
  if (found[2]) {
    [, , self.search] = found;
    self.query = withQuery ? parseQuery(self.search.slice(1)) : self.search.slice(1);
  } else if (withQuery) self.query = Object.create(null);
  return true;
}

/** @param {any} self @param {string} text that begins with a host @param {string} url for errors @returns {string} what follows the host */
function takeHost(self, text, url) {
  const end = text.search(/[#/?]/);
  // The platform's URLs drop these, so a host must not end at them.
  const authority = (end === -1 ? text : text.slice(0, end)).replace(/[\t\n\r]/g, "");
  const at = authority.lastIndexOf("@");
  const after = authority.slice(at + 1);
  const nonHost = after.search(/[ "%';<>\\^`{|}]/);
  if (at !== -1) self.auth = decodeURIComponent(authority.slice(0, at));
  self.host = nonHost === -1 ? after : after.slice(0, nonHost);
  let rest = (nonHost === -1 ? "" : after.slice(nonHost)) + (end === -1 ? "" : text.slice(end));
  self.parseHost();
  if (typeof self.hostname !== "string") self.hostname = "";
  const address = isAddress(self.hostname);
  if (!address) rest = validHostname(self, rest, url);
  self.hostname = self.hostname.length > hostnameMax ? "" : self.hostname.toLowerCase();
  if (self.hostname !== "") {
    if (!address) self.hostname = toAscii(self.hostname);
    if (self.hostname === "" || (address ? forbiddenInAddress : forbiddenInHost).test(self.hostname)) {
      throw Object.assign(nodeError(TypeError, "ERR_INVALID_URL", "Invalid URL"), { input: url });
    }
  }
  self.host = self.hostname + (self.port ? `:${self.port}` : "");
  if (address) {
    self.hostname = self.hostname.slice(1, -1);
    if (!rest.startsWith("/")) rest = `/${rest}`;
  }
  return rest;
}

/** @param {any} self @param {string} rest @param {string} url @returns {string} the path, with what cannot be of the host */
function validHostname(self, rest, url) {
  const at = self.hostname.search(/[/\\#?:]/);
  if (at === -1) return rest;
  if (self.hostname[at] === ":" && !hasWarned) {
    hasWarned = true;
    warn(`The URL ${url} is invalid. Future versions of Node.js will throw an error.`, "DeprecationWarning", "DEP0170");
  }
  const left = self.hostname.slice(at);
  self.hostname = self.hostname.slice(0, at);
  return `/${left}${rest}`;
}

/** @param {any} self @param {string} rest @param {any} withQuery */
function splitPath(self, rest, withQuery) {
  const hash = rest.indexOf("#");
  const before = hash === -1 ? rest : rest.slice(0, hash);
  if (hash !== -1) self.hash = rest.slice(hash);
  const question = before.indexOf("?");
  if (question !== -1) {
    self.search = before.slice(question);
    self.query = withQuery ? parseQuery(before.slice(question + 1)) : before.slice(question + 1);
  } else if (withQuery) self.query = Object.create(null);
  const pathname = question === -1 ? before : before.slice(0, question);
  if (pathname !== "") self.pathname = pathname;
}

/** @this {any} */
proto.parseHost = function parseHost() {
  const port = /:[0-9]*$/.exec(this.host)?.[0] ?? "";
  if (port.length > 1) this.port = port.slice(1);
  const hostname = this.host.slice(0, this.host.length - port.length);
  if (hostname) this.hostname = hostname;
};

/** @this {any} */
proto.format = function format() {
  const auth = this.auth ? `${encodeURIComponent(this.auth).replaceAll("%3A", ":")}@` : "";
  let host = "";
  if (this.host) host = auth + this.host;
  else if (this.hostname) {
    host = auth + (this.hostname.includes(":") && !isAddress(this.hostname) ? `[${this.hostname}]` : this.hostname);
    if (this.port) host += `:${this.port}`;
  }
  const query = this.query !== null && typeof this.query === "object" ? stringifyQuery(this.query) : "";
  let search = this.search || query && `?${query}` || "";
  let protocol = this.protocol || "";
  if (protocol && !protocol.endsWith(":")) protocol += ":";
  let pathname = (this.pathname || "").replace(/[#?]/g, encodeURIComponent);
  if (this.slashes || slashed.has(protocol)) {
    if (this.slashes || host) {
      if (pathname && !pathname.startsWith("/")) pathname = `/${pathname}`;
      host = `//${host}`;
    } else if (protocol.startsWith("file")) host = "//";
  }
  search = search.replaceAll("#", "%23");
  let hash = this.hash || "";
  if (hash && !hash.startsWith("#")) hash = `#${hash}`;
  if (search && !search.startsWith("?")) search = `?${search}`;
  return protocol + host + pathname + search + hash;
};

/** @this {any} @param {any} relative */
proto.resolve = function resolve(relative) {
  return this.resolveObject(parse(relative, false, true)).format();
};

/** @param {any} result whose members are complete but for these */
function finished(result) {
  result.href = result.format();
  return result;
}

/** @param {any} result */
function setPath(result) {
  if (result.pathname !== null || result.search !== null) result.path = (result.pathname || "") + (result.search || "");
}

/** @this {any} @param {any} other a text, or what was parsed */
proto.resolveObject = function resolveObject(other) {
  const relative = typeof other === "string" ? parse(other, false, true) : other;
  const result = Object.assign(new /** @type {any} */ (Url)(), this);
  result.hash = relative.hash;
  if (relative.href === "") return finished(result);
  if (relative.slashes && !relative.protocol) {
    const { protocol, ...rest } = relative;
    void protocol;
    Object.assign(result, rest);
    if (slashed.has(result.protocol) && result.hostname && !result.pathname) result.path = result.pathname = "/";
    return finished(result);
  }
  if (relative.protocol && relative.protocol !== result.protocol) return changedProtocol(result, relative);
  return joined(result, relative);
};

/** @param {any} result @param {any} relative */
function changedProtocol(result, relative) {
  if (!slashed.has(relative.protocol)) return finished(Object.assign(result, relative));
  result.protocol = relative.protocol;
  if (!relative.host && !/^file:?$/.test(relative.protocol) && !hostless.includes(relative.protocol)) {
    const steps = (relative.pathname || "").split("/");
    while (steps.length > 0 && !relative.host) relative.host = steps.shift();
    relative.host ||= "";
    relative.hostname ||= "";
    if (steps[0] !== "") steps.unshift("");
    if (steps.length < 2) steps.unshift("");
    result.pathname = steps.join("/");
  } else result.pathname = relative.pathname;
  const { search, query, auth, port } = relative;
  Object.assign(result, { search, query, auth, port, host: relative.host || "", hostname: relative.hostname || relative.host });
  if (result.pathname || result.search) result.path = (result.pathname || "") + (result.search || "");
  result.slashes ||= relative.slashes;
  return finished(result);
}

/** Of the same protocol. @param {any} result @param {any} relative */
function joined(result, relative) {
  const sourceIsAbsolute = result.pathname && result.pathname.startsWith("/");
  const relativeIsAbsolute = relative.host || relative.pathname && relative.pathname.startsWith("/");
  let mustBeAbsolute = relativeIsAbsolute || sourceIsAbsolute || result.host && relative.pathname;
  const removesDots = mustBeAbsolute;
  let steps = result.pathname ? result.pathname.split("/") : [];
  const more = relative.pathname ? relative.pathname.split("/") : [];
  // A URL without slashes may climb up to its host, which is a step of the path meanwhile.
  const bare = result.protocol && !slashed.has(result.protocol);
  if (bare) {
    result.hostname = "";
    result.port = null;
    hostAsStep(result, steps);
    result.host = "";
    if (relative.protocol) {
      relative.hostname = relative.port = result.auth = null;
      hostAsStep(relative, more);
      relative.host = null;
    }
    mustBeAbsolute &&= more[0] === "" || steps[0] === "";
  }
  if (relativeIsAbsolute) {
    takeAuthority(result, relative);
    steps = more;
  } else if (more.length > 0) {
    steps.pop();
    steps = steps.concat(more);
    result.search = relative.search;
    result.query = relative.query;
  } else if (relative.search !== null && relative.search !== undefined) {
    if (bare) hostOfStep(result, steps.shift());
    result.search = relative.search;
    result.query = relative.query;
    setPath(result);
    return finished(result);
  }
  if (steps.length === 0) {
    result.pathname = null;
    result.path = result.search ? `/${result.search}` : null;
    return finished(result);
  }
  steps = walked(steps, Boolean(result.host || relative.host), mustBeAbsolute, removesDots);
  const isAbsolute = steps[0] === "" || steps[0] && steps[0].startsWith("/");
  if (bare) hostOfStep(result, isAbsolute ? "" : steps.shift() ?? "");
  mustBeAbsolute ||= result.host && steps.length > 0;
  if (mustBeAbsolute && !isAbsolute) steps.unshift("");
  if (steps.length === 0) result.pathname = result.path = null;
  else result.pathname = steps.join("/");
  setPath(result);
  result.auth = relative.auth || result.auth;
  result.slashes ||= relative.slashes;
  return finished(result);
}

/** @param {any} parts @param {string[]} steps */
function hostAsStep(parts, steps) {
  if (!parts.host) return;
  if (steps[0] === "") steps[0] = parts.host;
  else steps.unshift(parts.host);
}

/** @param {any} result @param {string | undefined} step which may have the user's name */
function hostOfStep(result, step) {
  result.hostname = result.host = step;
  if (!step || step.indexOf("@") <= 0) return;
  const [auth, host] = step.split("@");
  result.auth = auth;
  result.host = result.hostname = host;
}

/** A name and password are for their own host. @param {any} result @param {any} relative */
function takeAuthority(result, relative) {
  if (relative.host || relative.host === "") {
    if (result.host !== relative.host) result.auth = null;
    result.host = relative.host;
    result.port = relative.port;
  }
  if (relative.hostname || relative.hostname === "") {
    if (result.hostname !== relative.hostname) result.auth = null;
    result.hostname = relative.hostname;
  }
  result.search = relative.search;
  result.query = relative.query;
}

/** Without dots. @param {string[]} all @param {boolean} hasHost @param {any} mustBeAbsolute @param {any} removesDots */
function walked(all, hasHost, mustBeAbsolute, removesDots) {
  const last = all.at(-1);
  const endsWithSlash = (hasHost || all.length > 1) && (last === "." || last === "..") || last === "";
  /** @type {string[]} */
  const steps = [];
  let up = 0;
  for (const step of all.toReversed()) {
    if (step === ".") continue;
    if (step === "..") up++;
    else if (up > 0) up--;
    else steps.unshift(step);
  }
  if (!mustBeAbsolute && !removesDots) for (; up > 0; up--) steps.unshift("..");
  if (mustBeAbsolute && steps[0] !== "" && !steps[0]?.startsWith("/")) steps.unshift("");
  if (endsWithSlash && !steps.join("/").endsWith("/")) steps.push("");
  return steps;
}

/** @param {any} url @param {any} [withQuery] @param {any} [slashesDenoteHost] @returns {any} */
export function parse(url, withQuery = false, slashesDenoteHost = false) {
  return url instanceof Url ? url : new /** @type {any} */ (Url)().parse(url, withQuery, slashesDenoteHost);
}

/** @param {any} source @param {any} relative @returns {string} */
export function resolve(source, relative) {
  return parse(source, false, true).resolve(relative);
}

/** @param {any} source @param {any} relative @returns {any} */
export function resolveObject(source, relative) {
  return source ? parse(source, false, true).resolveObject(relative) : relative;
}

/** @param {any} parts a text, or the parts of a URL @returns {string} */
export function formatParts(parts) {
  return proto.format.call(typeof parts === "string" ? parse(parts) : parts);
}
