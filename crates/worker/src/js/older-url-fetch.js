/**
 * What becomes of URLs in requests (`fetch_legacy_url`, before 2024-06-03) and in `Response.redirect`
 * (`response_redirect_url_original`, before 2022-10-31), as workerd has them.
 *
 * A request keeps whatever text it is made of, and only sending it asks whether that is a URL; what is sent is the text with
 * few changes. Redirects are followed by the same rules, and so here instead of in the host.
 *
 * Loaded by programs with such a flag only. Reference 11.5.
 *
 * @module
 */

import { cannotLoad, fetchData, outboundService, replaceFetch, sendWithSignal } from "stated:fetch";
import { followRedirects, replaceStubUrls } from "stated:fetcher";
import { ops } from "stated:host";
import { parseAbsolute, parseRelative, toBytes, toText, writeRaw } from "stated:older-url-parser";
import { replaceToUrl, requestToWire, signalOf, wantsEncoded } from "stated:request";
import { replaceRedirectTarget } from "stated:response";
import { lacks } from "stated:settings";
import { toDOMString } from "stated:webidl";

/** @typedef {import("stated:fetcher").FetchChannel} FetchChannel */
/** @typedef {import("stated:older-url-parser").Parts} Parts */
/** @typedef {import("stated:request").Request} Request */

/** What the URL of a request to an object may be relative to before the flag durable_object_fetch_requires_full_url. */
const FAKE_BASE = "https://fake-host/";

/** Makes requests keep their texts, and `fetch` of programs and stubs send them so. */
export function restoreRequestUrls() {
  replaceToUrl((input) => toText(toBytes(toDOMString(input))));
  replaceFetch(fetchOlder);
  replaceStubUrls({ sent, onWire, redirected });
}

/** Makes `Response.redirect` keep the text it is given, as far as a URL is kept. */
export function restoreRedirect() {
  replaceRedirectTarget((text) => {
    const parts = parseAbsolute(toBytes(text), "raw");
    if (parts === null) throw new TypeError(`Unable to parse URL: ${text}`);
    const target = writeRaw(parts);
    if (/[\r\n\0]/.test(target)) throw new TypeError(`Redirect URL cannot contain '\\r', '\\n', or '\\0': ${toText(target)}`);
    // A header's value is of bytes, too.
    return target;
  });
}

/** @param {string} url @param {Pick<FetchChannel, "leadsToObject">} channel */
function sent(url, channel) {
  const mayBeRelative = channel.leadsToObject === true && lacks("durable_object_fetch_requires_full_url");
  const parts = mayBeRelative ? relative(url, FAKE_BASE) : parseAbsolute(toBytes(url), "raw");
  if (parts === null || !canLoad(parts)) throw cannotLoad(url);
  return withoutFragment(parts);
}

/** @param {string} url @param {string} base */
function relative(url, base) {
  const from = parseAbsolute(toBytes(base), "raw");
  return from === null ? null : parseRelative(toBytes(url), from, "raw");
}

/** @param {Parts} parts */
function canLoad({ scheme }) {
  return scheme === "http" || scheme === "https" || lacks("fetch_refuses_unknown_protocols");
}

/** @param {Parts} parts */
function withoutFragment(parts) {
  return toText(writeRaw({ ...parts, fragment: null }));
}

/** Leaves out the user, and escapes what a request line cannot have. @param {string} url */
function onWire(url) {
  return url.replace(/^([^/]*:\/\/)[^/?@]*@/, "$1").replace(/[\0- \x7f]/g, escaped);
}

/** @param {string} location @param {string} base */
function redirected(location, base) {
  const parts = relative(location, base);
  if (parts === null) throw new TypeError("Invalid Location header; unable to follow redirect.");
  return withoutFragment(parts);
}

/** @param {string} character */
function escaped(character) {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

/**
 * The global fetch.
 *
 * @param {Request} request
 */
async function fetchOlder(request) {
  const { url, redirect } = request;
  if (/^data:/i.test(url)) return fetchData(`data:${url.slice("data:".length)}`, request.method);
  const network = new Network();
  const target = sent(url, network);
  const outbound = outboundService();
  if (outbound !== undefined) return outbound.fetch(request);
  return sendWithSignal(signalOf(request), wantsEncoded(request), async (token) => {
    const [method, , headers, body] = requestToWire(request);
    const wire = await network.fetch(token, method, onWire(target), headers, body);
    if (redirect === "follow") return followRedirects(network, token, wire, method, target, headers, body, undefined);
    wire[4] = target;
    return wire;
  });
}

/** What proves who the program is to one origin, and is nothing to another. */
const credentials = new Set(["authorization", "cookie", "proxy-authorization"]);

/** The net, as where the requests of a stub go. @implements {FetchChannel} */
class Network {
  #origin = "";
  leadsToObject = false;

  /**
   * Differs: `<`, `>`, `"` and `` ` `` are escaped on the way; workerd sends them as they are.
   *
   * @param {number} token
   * @param {string} method
   * @param {string} url
   * @param {string[]} headers
   * @param {import("stated:host").WireBody} body
   */
  async fetch(token, method, url, headers, body) {
    const target = (/^https?:/i.test(url) ? url : url.replace(/^[^:]*:\/\//, "http://")).replace(/[<>"`]/g, escaped);
    const [origin] = /** @type {RegExpExecArray} */ (/^[^:]*:\/\/[^/?]*/.exec(target));
    const isFirst = this.#origin === "" || this.#origin === origin;
    this.#origin ||= origin;
    const wire = await ops.fetchStart(token, method, target, isFirst ? headers : withoutCredentials(headers), body, "verbatim");
    // Which URL it was is said in the program's spelling.
    wire[4] = "";
    return wire;
  }
}

/** @param {string[]} headers flat */
function withoutCredentials(headers) {
  const kept = [];
  for (let i = 0; i < headers.length; i += 2) {
    if (!credentials.has(headers[i])) kept.push(headers[i], headers[i + 1]);
  }
  return kept;
}
