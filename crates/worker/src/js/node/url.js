/**
 * `node:url`: the URL standard's classes, and the older functions from the package `url`.
 *
 * @module
 */

import { ops } from "stated:host";
import { invalidArgType, invalidArgValue, nodeError } from "stated:node-support/errors";
import { toUnicode } from "stated:node/punycode";
import { URL } from "stated:url";
import { URLSearchParams } from "stated:url-search-params";
import packaged from "stated:vendor/node/url";

const legacy = /** @type {any} */ (packaged);

export const { Url, parse, resolve, resolveObject } = legacy;

/**
 * @param {any} value a URL, or the parts of one
 * @param {{ auth?: boolean, fragment?: boolean, search?: boolean, unicode?: boolean }} [options] for a URL
 * @returns {string}
 */
export function format(value, options = undefined) {
  if (!(value instanceof URL)) {
    if (typeof value !== "string" && (typeof value !== "object" || value === null)) {
      throw invalidArgType("urlObject", "of type object or string", value);
    }
    return legacy.format(value);
  }
  const copy = new URL(value.href);
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

/** @param {any} url */
export function fileURLToPath(url) {
  if (typeof url !== "string" && !(url instanceof URL)) throw invalidArgType("path", "of type string or an instance of URL", url);
  const parsed = typeof url === "string" ? new URL(url) : url;
  if (parsed.protocol !== "file:") throw nodeError(TypeError, "ERR_INVALID_URL_SCHEME", "The URL must be of scheme file");
  if (parsed.hostname !== "") {
    throw nodeError(TypeError, "ERR_INVALID_FILE_URL_HOST", 'File URL host must be "localhost" or empty on linux');
  }
  if (/%2f/i.test(parsed.pathname)) {
    throw nodeError(TypeError, "ERR_INVALID_FILE_URL_PATH", "File URL path must not include encoded / characters");
  }
  return decodeURIComponent(parsed.pathname);
}

/** @param {string} path an absolute one, or relative to /bundle */
export function pathToFileURL(path) {
  if (typeof path !== "string") throw invalidArgType("path", "of type string", path);
  const escaped = path.replaceAll("%", "%25").replaceAll("\\", "%5C").replaceAll("\n", "%0A").replaceAll("\r", "%0D")
    .replaceAll("\t", "%09").replaceAll("?", "%3F").replaceAll("#", "%23");
  return new URL(escaped, "file:///bundle/");
}

/** The path of a file's URL; anything else is given back. @param {any} fileURLOrPath */
export function toPathIfFileURL(fileURLOrPath) {
  return fileURLOrPath instanceof URL ? fileURLToPath(fileURLOrPath) : fileURLOrPath;
}

/** The options of an HTTP request to a URL. @param {any} url */
export function urlToHttpOptions(url) {
  if (!(url instanceof URL)) throw invalidArgValue("url", url, "must be a URL");
  const { protocol, hostname, hash, search, pathname, href, username, password, port } = url;
  return {
    __proto__: null,
    protocol,
    hostname: hostname.startsWith("[") ? hostname.slice(1, -1) : hostname,
    hash,
    search,
    pathname,
    path: `${pathname}${search}`,
    href,
    ...port !== "" && { port: Number(port) },
    ...(username !== "" || password !== "") && { auth: `${decodeURIComponent(username)}:${decodeURIComponent(password)}` },
  };
}

export { URL, URLSearchParams };
export default {
  domainToASCII, domainToUnicode, fileURLToPath, format, parse, pathToFileURL, resolve, resolveObject, toPathIfFileURL, URL, URLSearchParams, Url,
  urlToHttpOptions,
};
