/**
 * `fetch` and `connect` of stubs and service bindings: the request goes to an object or an entrypoint instead of the net.
 *
 * @module
 */

import { AddressChannel, addressOf } from "stated:address-channel";
import { CapabilityChannel } from "stated:capability-channel";
import { dataCloneError, malformed, notSerializable } from "stated:clone-errors";
import { cannotLoad, fetchData, sendWithSignal } from "stated:fetch";
import { registerPlatformClass } from "stated:platform-classes";
import { cfToWire, isRequest, Request, requestToWire, signalOf, wantsEncoded } from "stated:request";
import { responseFromHost } from "stated:response";
import { RestoredChannel } from "stated:restored-channel";
import { channelOf, RemoteObject } from "stated:rpc-channel";
import { defineReceiving, SERVICE } from "stated:rpc-message";
import { flag, lacks } from "stated:settings";
import { URL } from "stated:url";
import { badArgument, badField, defineInterface, illegalConstructor, illegalInvocation,
  internal } from "stated:webidl";
import { socketFromHost } from "stated:websocket";
import { HOST_SERVICE_STUB, HOST_STORED_SERVICE } from "stated:wire-format";

/** @typedef {import("stated:host").WireResponse} WireResponse */
/** @typedef {import("stated:host").WireBody} WireBody */

/** A redirect is followed this many times, then the fetch fails. */
const REDIRECTS_MAX = 20;

/**
 * Where the requests of a stub go, besides its calls.
 *
 * @typedef {object} FetchChannel
 * @property {(token: number, method: string, url: string, headers: string[], body: WireBody, cf: string | undefined) =>
 *   Promise<WireResponse>} fetch a token of 0 cannot be aborted; `cf` is JSON
 * @property {boolean} [leadsToObject] whether they go to an object
 */

/** A service binding, or the part of an object's stub that is one. */
export class ServiceStub extends RemoteObject {
  /** @param {symbol} key @param {import("stated:rpc-channel").Channel & FetchChannel} channel */
  constructor(key, channel) {
    if (key !== internal) throw illegalConstructor();
    super(channel);
  }

  /**
   * Sends a request and resolves with the response's head. Rejects with the exception of the handler; throws on
   * anything else than a stub.
   *
   * @param {any} input a Request or an absolute URL
   * @param {any} [init]
   * @returns {Promise<import("stated:response").Response>}
   */
  fetch(input, init = undefined) {
    const channel = /** @type {FetchChannel | undefined} */ (channelOf(this));
    if (channel === undefined) throw illegalInvocation();
    try {
      if (arguments.length < 1) throw badArgument("Fetcher", "fetch", 1, "Request or string");
      const request = init === undefined && isRequest(input) ? input : new Request(input, init);
      const { url: whole } = request;
      if (whole.startsWith("data:")) return Promise.resolve(fetchData(whole, request.method));
      const signal = signalOf(request);
      if (signal !== null) return fetchWithSignal(channel, request, signal);
      const follow = request.redirect === "follow";
      const encoded = wantsEncoded(request);
      const [method, url, headers, body] = messageOf(request, channel);
      const cf = cfToWire(request);
      const response = channel.fetch(0, method, urls.onWire(url), headers, body, cf);
      return follow
        ? response.then((wire) => followRedirects(channel, 0, wire, method, url, headers, body, cf)).then((wire) => toResponse(wire, encoded))
        : response.then((wire) => toResponse(at(wire, url), encoded));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Outgoing sockets to a stub are not supported. @returns {never} */
  connect() {
    throw new Error("connect() is not supported.");
  }
}

/** Methods that exist with a flag only; otherwise their names are the callee's. */
const extraHandlers = {
  /**
   * Runs the `scheduled` handler of a service binding.
   *
   * @param {{ scheduledTime?: Date, cron?: string }} [options]
   * @returns {Promise<{ outcome: string, noRetry: boolean }>}
   */
  async scheduled(options = {}) {
    const channel = /** @type {any} */ (channelOf(/** @type {any} */ (this)));
    if (typeof channel?.scheduled !== "function") throw new TypeError("scheduled() is supported by service bindings only.");
    const { scheduledTime, cron = "" } = options;
    const at = scheduledTime === undefined ? -1 : Number(scheduledTime);
    if (Number.isNaN(at)) throw badField("scheduledTime", "ScheduledOptions", "date");
    const [outcome, noRetry] = await channel.scheduled(at, `${cron}`);
    return { outcome, noRetry };
  },
};

/** Called once, when the flags are known. */
export function defineExtraHandlers() {
  if (!flag("service_binding_extra_handlers")) return;
  Object.defineProperties(ServiceStub.prototype, Object.getOwnPropertyDescriptors(extraHandlers));
}

// Programs know the class by its old name as well.
Object.defineProperty(ServiceStub, "name", { value: "Fetcher", configurable: true });
defineInterface(ServiceStub);
registerPlatformClass(ServiceStub, {
  outsideRpc: "ServiceStub cannot be serialized in this context.",
  pass: passService,
  isStorable: true,
});

/**
 * A stub of an object arrives as one of a service, too: without its id and name. A member of `ctx.exports` is passed on only
 * with props of its own, but may be where the requests of a dynamic worker go.
 *
 * @param {import("stated:wire-writer").Writer} writer
 * @param {import("stated:rpc-message").OutgoingMessage} message
 * @param {any} stub
 */
export function passService(writer, message, stub) {
  if (typeof stub === "function" && message.use !== "kept") throw notSerializable("LoopbackServiceStub");
  const channel = channelOf(stub);
  if (channel instanceof RestoredChannel) {
    channel.pass(writer, message);
    return;
  }
  if (message.use === "stored") {
    storeService(writer, stub, channel);
    return;
  }
  writer.writeVarint(HOST_SERVICE_STUB);
  writer.writeVarint(message.refer(() => channel.reference(true)));
}

/**
 * Writes the address of an entrypoint or object.
 *
 * @param {import("stated:wire-writer").Writer} writer
 * @param {any} stub
 * @param {import("stated:rpc-channel").Channel} channel
 */
function storeService(writer, stub, channel) {
  const address = addressOf(channel);
  if (address === undefined) {
    throw dataCloneError("Cannot store this stub because the target worker does not have the allow_irrevocable_stub_storage "
      + "compatibility flag enabled.");
  }
  writer.writeVarint(HOST_STORED_SERVICE);
  writer.writeValue(address);
}

defineReceiving(HOST_STORED_SERVICE, (reader) => new ServiceStub(internal, new AddressChannel(reader.readValue())));

defineReceiving(HOST_SERVICE_STUB, (reader, message) => {
  const position = reader.readVarint();
  const binding = message.bindingChannel(position);
  if (binding !== undefined) return new ServiceStub(internal, binding);
  const capability = message.capability(position, SERVICE);
  if (capability === 0) throw malformed();
  return new ServiceStub(internal, new CapabilityChannel(capability));
});

/**
 * The request with the length of a body that is sent whole: no HTTP client adds it on this way.
 *
 * @param {Request} request
 * @param {FetchChannel} channel
 */
function messageOf(request, channel) {
  const message = requestToWire(request);
  message[1] = urls.sent(message[1], channel);
  const body = message[3];
  if (body instanceof Uint8Array) message[2] = [...without(message[2], "content-length"), "content-length", `${body.length}`];
  return message;
}

/** @param {WireResponse} wire @param {boolean} encoded */
function toResponse(wire, encoded) {
  return responseFromHost(wire, socketFromHost, null, encoded);
}

/** @param {WireResponse} wire @param {string} url */
function at(wire, url) {
  if (wire[4] === "") wire[4] = url;
  return wire;
}

/** @param {FetchChannel} channel @param {Request} request @param {import("stated:abort").AbortSignal} signal */
async function fetchWithSignal(channel, request, signal) {
  signal.throwIfAborted();
  const follow = request.redirect === "follow";
  return sendWithSignal(signal, wantsEncoded(request), async (token) => {
    const [method, url, headers, body] = messageOf(request, channel);
    const cf = cfToWire(request);
    const wire = await channel.fetch(token, method, urls.onWire(url), headers, body, cf);
    return follow ? followRedirects(channel, token, wire, method, url, headers, body, cf) : at(wire, url);
  });
}

/**
 * Follows the redirect that an answer may be, and those after it.
 *
 * @param {FetchChannel} channel
 * @param {number} token
 * @param {WireResponse} wire the first answer
 * @param {string} method
 * @param {string} url
 * @param {string[]} headers
 * @param {WireBody} body
 * @param {string | undefined} cf
 * @returns {Promise<WireResponse>}
 *
 * Source: the Fetch standard's HTTP-redirect fetch, without credentials and referrers.
 */
export async function followRedirects(channel, token, wire, method, url, headers, body, cf) {
  const chain = [url];
  while (isRedirect(wire[0])) {
    const location = headerOf(wire[2], "location");
    if (location === undefined) break;
    if (chain.length > REDIRECTS_MAX) throw new TypeError(`Too many redirects.${chain.join(", ")}`);
    if (becomesGet(wire[0], method)) {
      if (method !== "HEAD") method = "GET";
      headers = without(headers, "content-");
      body = null;
    } else if (typeof body === "number") {
      throw new TypeError("A request with a one-time-use body (it was initialized from a stream, not a buffer) encountered a "
        + "redirect requiring the body to be retransmitted. To avoid this error in the future, construct this request from a "
        + "buffer-like body initializer.");
    }
    url = urls.redirected(location, url);
    chain.push(url);
    wire = await channel.fetch(token, method, urls.onWire(url), headers, body, cf);
  }
  at(wire, url);
  if (chain.length > 1) wire[5] = true;
  return wire;
}

/** @param {number} status */
function isRedirect(status) {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

/** @param {number} status @param {string} method */
function becomesGet(status, method) {
  return status === 303 || ((status === 301 || status === 302) && method === "POST");
}

/** How stubs make URLs of what they are given. */
const urls = {
  /**
   * Where a request goes: its URL without the fragment.
   *
   * Throws a TypeError if nothing can be loaded from there.
   *
   * @param {string} url
   * @param {FetchChannel} channel
   */
  sent(url, channel) {
    void channel;
    const isHttp = url.startsWith("http:") || url.startsWith("https:");
    if (!isHttp && !lacks("fetch_refuses_unknown_protocols")) throw cannotLoad(url);
    return withoutFragment(url);
  },

  /** As a callee gets it: a name and password are for the program that wrote them. @param {string} url */
  onWire(url) {
    return url.includes("@") ? url.replace(/^([^/]*:\/\/)[^/?@]*@/, "$1") : url;
  },

  /** Where a redirect leads. @param {string} location @param {string} base */
  redirected(location, base) {
    try {
      return withoutFragment(new URL(location, base).href);
    } catch {
      throw new TypeError("Invalid Location header; unable to follow redirect.");
    }
  },
};

/** @param {string} url */
function withoutFragment(url) {
  const hash = url.indexOf("#");
  return hash === -1 ? url : url.slice(0, hash);
}

/** @param {Partial<typeof urls>} older those of a program with another URL parser */
export function replaceStubUrls(older) {
  Object.assign(urls, older);
}

/** @param {string[]} headers flat @param {string} name */
function headerOf(headers, name) {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) return headers[i + 1];
  return undefined;
}

/** @param {string[]} headers flat @param {string} prefix of the names to leave out */
function without(headers, prefix) {
  const kept = [];
  for (let i = 0; i < headers.length; i += 2) {
    if (!headers[i].startsWith(prefix)) kept.push(headers[i], headers[i + 1]);
  }
  return kept;
}
