/**
 * `node:url`: the URL standard's classes, and the older functions.
 *
 * @module
 */

import { ops } from "stated:host";
import { invalidArgType, invalidArgValue, nodeError } from "stated:node-support/errors";
import { formatParts, parse, resolve, resolveObject, Url } from "stated:node-support/legacy-url";
import { toUnicode } from "stated:node/punycode";
import { programClasses, URL as StandardURL } from "stated:url";

const { URL, URLSearchParams } = programClasses;
/** @typedef {import("stated:url").URL} URL */

export { parse, resolve, resolveObject, Url };

/**
 * @param {any} value a URL, or the parts of one
 * @param {{ auth?: boolean, fragment?: boolean, search?: boolean, unicode?: boolean }} [options] for a URL
 * @returns {string}
 */
export function format(value, options = undefined) {
  if (!(value instanceof URL)) {
    if (typeof value !== "string" && (typeof value !== "object" || value === null)) {
      throw invalidArgType("urlObject", "one of type object or string", value);
    }
    return formatParts(value);
  }
  const copy = new StandardURL(value.href);
  if (options?.auth === false) {
    copy.username = "";
    copy.password = "";
  }
  if (options?.fragment === false) copy.hash = "";
  if (options?.search === false) copy.search = "";
  return options?.unicode ? copy.href.replace(copy.hostname, toUnicode(copy.hostname)) : copy.href;
}

/** @param {string} domain */
export function domainToASCII(domain) {
  const parsed = ops.urlParse(`ws://${domain}`, undefined);
  return parsed === null ? "" : new URL(parsed[0]).hostname;
}

/** @param {string} domain */
export function domainToUnicode(domain) {
  return toUnicode(domainToASCII(domain));
}

/** @param {string} code @param {string} text @param {URL} input */
function fileError(code, text, input) {
  return Object.assign(nodeError(TypeError, code, text), { input });
}

/** @param {any} url @param {{ windows?: boolean }} [options] @returns {string} */
export function fileURLToPath(url, options = undefined) {
  if (typeof url !== "string" && !(url instanceof URL)) throw invalidArgType("path", "of type string or an instance of URL", url);
  const parsed = typeof url === "string" ? new URL(url) : url;
  if (parsed.protocol !== "file:") throw nodeError(TypeError, "ERR_INVALID_URL_SCHEME", "The URL must be of scheme file");
  if (options?.windows) return windowsPath(parsed);
  if (parsed.hostname !== "") {
    throw nodeError(TypeError, "ERR_INVALID_FILE_URL_HOST", 'File URL host must be "localhost" or empty on linux');
  }
  if (/%2f/i.test(parsed.pathname)) {
    throw fileError("ERR_INVALID_FILE_URL_PATH", "File URL path must not include encoded / characters", parsed);
  }
  return decodeURIComponent(parsed.pathname);
}

/** @param {URL} url of a file */
function windowsPath(url) {
  if (/%2f|%5c/i.test(url.pathname)) {
    throw fileError("ERR_INVALID_FILE_URL_PATH", "File URL path must not include encoded \\ or / characters", url);
  }
  const path = decodeURIComponent(url.pathname.replaceAll("/", "\\"));
  if (url.hostname !== "") return `\\\\${domainToUnicode(url.hostname)}${path}`;
  if (!/^\\[a-z]:/i.test(path)) throw fileError("ERR_INVALID_FILE_URL_PATH", "File URL path must be absolute", url);
  return path.slice(1);
}

/** @param {string} path an absolute one, or relative to /bundle @param {{ windows?: boolean }} [options] */
export function pathToFileURL(path, options = undefined) {
  if (typeof path !== "string") throw invalidArgType("path", "of type string", path);
  const share = options?.windows ? /^\\\\([^\\]+)(\\[^]*)$/.exec(path) : null;
  const slashed = options?.windows ? (share?.[2] ?? path).replaceAll("\\", "/") : path;
  const absolute = options?.windows && /^[a-z]:/i.test(slashed) ? `/${slashed}` : slashed.startsWith("/") ? slashed : `/bundle/${slashed}`;
  const escaped = absolute.replace(/[%\\\n\r\t?#]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
  const url = new URL(`file://${escaped}`);
  if (share !== null) url.hostname = domainToASCII(share[1]);
  return url;
}

/** The path of a file's URL; anything else is given back. @param {any} fileURLOrPath */
export function toPathIfFileURL(fileURLOrPath) {
  return fileURLOrPath instanceof URL ? fileURLToPath(fileURLOrPath) : fileURLOrPath;
}

/** The options of an HTTP request to a URL. @param {any} url */
export function urlToHttpOptions(url) {
  const { protocol, hostname, hash, search, pathname, href, username, password, port } = url;
  return {
    __proto__: null,
    // What a program has added to the URL.
    ...url,
    protocol,
    hostname: hostname?.startsWith("[") ? hostname.slice(1, -1) : hostname,
    hash,
    search,
    pathname,
    path: `${pathname || ""}${search || ""}`,
    href,
    ...port !== "" && { port: Number(port) },
    ...(username || password) && { auth: `${decodeURIComponent(username)}:${decodeURIComponent(password)}` },
  };
}

export { URL, URLSearchParams };
export default {
  domainToASCII, domainToUnicode, fileURLToPath, format, parse, pathToFileURL, resolve, resolveObject, toPathIfFileURL, URL, URLSearchParams, Url,
  urlToHttpOptions,
};
