/**
 * The global fetch.
 *
 * The host makes the connection and follows redirects; this module makes the Request, reacts to its signal and answers
 * `data:` URLs by itself.
 *
 * @module
 */

import { onAbort } from "stated:abort";
import { ops } from "stated:host";
import { parseMimeType, serializeMimeType } from "stated:mime-type";
import { isRequest, Request, requestToWire, signalOf, wantsEncoded } from "stated:request";
import { Response, responseFromHost } from "stated:response";
import { lacks } from "stated:settings";
import { percentDecode } from "stated:url-search-params";
import { badArgument } from "stated:webidl";

/** @typedef {import("stated:host").WireResponse} WireResponse */

/** @type {((socketId: number) => any) | undefined} */
let makeSocket;

/**
 * Tells how the socket of an accepted upgrade becomes a WebSocket. Without it such responses have no `webSocket`.
 *
 * @param {(socketId: number) => any} make
 */
export function setSocketFactory(make) {
  makeSocket = make;
}

/** Where requests go instead of the net. @type {{ fetch(input: Request | string, init?: object): Promise<Response> } | undefined} */
let outbound;

/** @param {any} stub of a service that gets all requests of this program */
export function setOutbound(stub) {
  outbound = stub;
}

/** How a program with an older URL parser sends its requests. @type {((request: Request) => Promise<Response>) | undefined} */
let olderFetch;

/** @param {(request: Request) => Promise<Response>} send */
export function replaceFetch(send) {
  olderFetch = send;
}

/** The service that gets all requests of this program instead of the net, or undefined. */
export function outboundService() {
  return outbound;
}

/**
 * Sends a request and resolves with the response's head.
 *
 * @param {any} input a Request, or an absolute URL
 * @param {any} [init] as for Request
 * @returns {Promise<Response>}
 */
export async function fetch(input, init = undefined) {
  if (arguments.length < 1) throw badArgument("ServiceWorkerGlobalScope", "fetch", 1, "Request or string");
  const request = init === undefined && isRequest(input) ? input : new Request(input, init);
  const signal = signalOf(request);
  signal?.throwIfAborted();
  if (olderFetch !== undefined) return olderFetch(request);
  const { url } = request;
  if (url.startsWith("data:")) return fetchData(url, request.method);
  const isHttp = url.startsWith("http:") || url.startsWith("https:");
  if (!isHttp && !lacks("fetch_refuses_unknown_protocols")) throw cannotLoad(url);
  if (outbound !== undefined) return outbound.fetch(request);
  const { redirect } = request;
  return sendWithSignal(signal, wantsEncoded(request), (token) => {
    const [method, wireUrl, headers, body] = requestToWire(request);
    const target = isHttp ? wireUrl : wireUrl.replace(/^[^:]*:(\/\/)?/, "http://");
    return ops.fetchStart(token, method, target, headers, body, redirect);
  });
}

Object.defineProperty(fetch, "length", { value: 1 });

/**
 * Sends a request that a signal may cancel, and wraps the response. Stubs and service bindings send theirs with it, too.
 *
 * @param {import("stated:abort").AbortSignal | null} signal not aborted yet
 * @param {boolean} encoded whether the response's body stays as it comes
 * @param {(token: number) => Promise<WireResponse>} send
 * @returns {Promise<Response>}
 */
export async function sendWithSignal(signal, encoded, send) {
  const token = ops.fetchToken();
  if (signal === null) return responseFromHost(await send(token), makeSocket, null, encoded);
  /** @type {(reason: unknown) => void} */ let reject = () => {};
  /** @type {Promise<never>} */
  const aborted = new Promise((_resolve, rejectWith) => {
    reject = rejectWith;
  });
  const takeBack = onAbort(signal, () => {
    ops.fetchAbort(token);
    reject(signal.reason);
  });
  try {
    // The signal stays connected while the body arrives: aborting ends that, too.
    return responseFromHost(await Promise.race([send(token), aborted]), makeSocket, signal, encoded);
  } catch (error) {
    takeBack();
    throw error;
  }
}

/** The error of a URL from which nothing can be loaded. @param {string} url */
export function cannotLoad(url) {
  return new TypeError(`Fetch API cannot load: ${url}`);
}

/**
 * The answer that is in a URL. Source: the Fetch standard's data: URL processor.
 *
 * @param {string} url
 * @param {string} method
 * @returns {Response}
 */
export function fetchData(url, method) {
  const hash = url.indexOf("#");
  const whole = hash === -1 ? url : url.slice(0, hash);
  const rest = whole.slice("data:".length);
  const comma = rest.indexOf(",");
  if (comma === -1) throw cannotLoad(url);
  let type = rest.slice(0, comma).trim();
  /** @type {Uint8Array} */
  let bytes = percentDecode(ops.utf8Encode(rest.slice(comma + 1)));
  const base64 = /; *base64$/i.exec(type);
  if (base64 !== null) {
    type = type.slice(0, base64.index);
    const text = ops.base64Decode(ops.textDecode("utf-8", bytes, false, true));
    if (text === undefined) throw cannotLoad(url);
    bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  }
  if (type.startsWith(";")) type = `text/plain${type}`;
  const mimeType = parseMimeType(type);
  const list = ["content-type", mimeType === null ? "text/plain;charset=US-ASCII" : serializeMimeType(mimeType)];
  return responseFromHost([200, "OK", list, method === "HEAD" ? null : bytes, whole, false, 0]);
}
