/**
 * What programs of older compatibility dates find otherwise than newer ones: constructors that refuse, calls that throw at
 * once, reads that keep their buffer. What they do not find at all is in older-dates.js. Reference 11.5.
 *
 * @module
 */

import { Cache } from "stated:cache";
import { SubtleCrypto } from "stated:crypto";
import { Event } from "stated:event";
import { ServiceStub } from "stated:fetcher";
import { ops } from "stated:host";
import { moveAccessors } from "stated:own-accessors";
import { Request } from "stated:request";
import { Response } from "stated:response";
import { lacks } from "stated:settings";
import { IdentityTransformStream, ReadableStream, ReadableStreamBYOBReader, TransformStream, WritableStream } from "stated:streams";
import { programClasses, replaceProgramClasses, URL } from "stated:url";
import { URLPattern } from "stated:url-pattern";

const REJECTED = 2;

/** What a program may call that answers with a promise. @type {[object, string[]][]} */
const asynchronous = [
  [SubtleCrypto.prototype, ["encrypt", "decrypt", "sign", "verify", "digest", "generateKey", "deriveKey", "deriveBits", "importKey",
    "exportKey", "wrapKey", "unwrapKey"]],
  [Cache.prototype, ["match", "put", "delete"]],
  [ReadableStream.prototype, ["cancel", "pipeTo"]],
  [ServiceStub.prototype, ["fetch"]],
];

/**
 * Brings back the URL parser of older dates, whose modules only such programs load. Before the globals are defined.
 *
 * @param {Record<string, Function>} classes of the platform, by their names
 */
export function restoreOlderUrls(classes) {
  if (lacks("url_standard")) {
    const { URL, URLSearchParams } = ops.builtInModule("stated:older-url");
    replaceProgramClasses({ URL, URLSearchParams });
    Object.assign(classes, { URL, URLSearchParams });
  }
  if (lacks("fetch_standard_url")) ops.builtInModule("stated:older-url-fetch").restoreRequestUrls();
  if (lacks("response_redirect_url_standard")) ops.builtInModule("stated:older-url-fetch").restoreRedirect();
}

/**
 * Brings back the behaviours of flags that are not in force.
 *
 * @param {any} target the global object
 */
export function restoreOlder(target) {
  if (lacks("no_global_importscripts")) define(target, "importScripts", importScripts);
  if (lacks("capture_async_api_throws")) {
    for (const [holder, names] of asynchronous) for (const name of names) throwsAtOnce(holder, name);
    throwsAtOnce(target, "fetch");
  }
  if (lacks("streams_enable_constructors")) {
    for (const Class of [ReadableStream, WritableStream]) refuseConstruction(target, Class);
  }
  if (lacks("transformstream_enable_standard_constructor")) define(target, "TransformStream", standIn(TransformStream, () => new IdentityTransformStream()));
  if (lacks("streams_byob_reader_detaches_buffer")) keepBuffers();
  if (lacks("internal_stream_byob_return_view")) leaveOutEmptyViews();
  if (lacks("fetcher_no_get_put_delete")) {
    for (const [name, method] of Object.entries(shorthands)) define(ServiceStub.prototype, name, method);
  }
  if (lacks("urlpattern_standard")) restorePatterns();
  if (lacks("workers_api_getters_setters_on_prototype")) moveAccessors([Request, Response, Event, ...lacks("url_standard") ? [programClasses.URL] : []]);
}

/** @param {any} holder @param {string} name @param {unknown} value of a method, or a class in the place of another */
function define(holder, name, value) {
  const enumerable = Object.getOwnPropertyDescriptor(holder, name)?.enumerable ?? true;
  Object.defineProperty(holder, name, { value, writable: true, enumerable, configurable: true });
}

function importScripts() {
  throw new TypeError("importScripts() is not supported.");
}

/**
 * Makes a method throw what is wrong with its arguments, instead of rejecting with it.
 *
 * @param {any} holder
 * @param {string} name
 */
function throwsAtOnce(holder, name) {
  const method = holder[name];
  const wrapped = {
    /** @this {any} @param {...unknown} args */
    [name](...args) {
      const promise = method.apply(this, args);
      const [state, reason] = ops.promiseState(promise);
      const isArgument = reason instanceof TypeError && /^(Failed to execute|Incorrect type)/.test(reason.message);
      if (state !== REJECTED || !isArgument) return promise;
      promise.catch(() => {});
      throw reason;
    },
  };
  define(holder, name, wrapped[name]);
}

/**
 * A constructor in the place of a class: its instances are those of the class.
 *
 * @param {any} Class
 * @param {() => object} make
 */
function standIn(Class, make) {
  const { name } = Class;
  const Stand = { [name]: function () { return make(); } }[name];
  Stand.prototype = Class.prototype;
  Object.defineProperty(Class.prototype, "constructor", { value: Stand });
  return Stand;
}

/** @param {any} target @param {Function} Class */
function refuseConstruction(target, Class) {
  define(target, Class.name, standIn(Class, () => {
    throw new Error(`To use the new ${Class.name}() constructor, enable the streams_enable_constructors compatibility flag. Refer to the `
      + "docs for more information: https://developers.cloudflare.com/workers/platform/compatibility-dates/#compatibility-flags");
  }));
}

/** A buffer that is read into stays the program's: the bytes are copied to it. */
function keepBuffers() {
  const { prototype } = ReadableStreamBYOBReader;
  const { read } = prototype;
  define(prototype, "read", {
    /** @this {ReadableStreamBYOBReader} @param {any} view @param {any} [options] */
    async read(view, options = undefined) {
      if (!ArrayBuffer.isView(view)) return read.call(this, view, options);
      const copy = new Uint8Array(view.byteLength);
      const Class = /** @type {any} */ (view.constructor);
      const { value, done } = await read.call(this, new Class(copy.buffer), options);
      if (value === undefined) return { value, done };
      new Uint8Array(view.buffer, view.byteOffset).set(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
      return { value: new Class(view.buffer, view.byteOffset, value.byteLength / (Class.BYTES_PER_ELEMENT ?? 1)), done };
    },
  }.read);
}

/** The end of a stream has no view. */
function leaveOutEmptyViews() {
  const { prototype } = ReadableStreamBYOBReader;
  const { read } = prototype;
  define(prototype, "read", {
    /** @this {ReadableStreamBYOBReader} @param {any} view @param {any} [options] */
    async read(view, options = undefined) {
      const result = await read.call(this, view, options);
      return result.done && result.value?.byteLength === 0 ? { value: undefined, done: true } : result;
    },
  }.read);
}

/** What stubs had besides `fetch`. */
const shorthands = {
  /** @this {ServiceStub} @param {string} url @param {"text" | "json" | "arrayBuffer" | "stream"} [type] */
  async get(url, type = "text") {
    const response = await succeeded("GET", this.fetch(url));
    switch (type) {
      case "text": return response.text();
      case "json": return response.json();
      case "arrayBuffer": return response.arrayBuffer();
      case "stream": return response.body;
      default: throw new TypeError('Unknown response type. Possible types are "text", "arrayBuffer", "json", and "stream".');
    }
  },
  /** @this {ServiceStub} @param {string} url @param {any} body @param {{ expiration?: number, expirationTtl?: number }} [options] */
  async put(url, body, options = undefined) {
    const address = new URL(url, "https://fake-host");
    if (options?.expiration !== undefined) address.searchParams.append("expiration", `${options.expiration}`);
    if (options?.expirationTtl !== undefined) address.searchParams.append("expiration_ttl", `${options.expirationTtl}`);
    await succeeded("PUT", this.fetch(address.href, { method: "PUT", body }));
  },
  /** @this {ServiceStub} @param {string} url */
  async delete(url) {
    await succeeded("DELETE", this.fetch(url, { method: "DELETE" }));
  },
};

/** @param {string} method @param {Promise<Response>} request */
async function succeeded(method, request) {
  const response = await request;
  if (!response.ok) throw new Error(`HTTP ${method} request failed: ${response.status} ${response.statusText}`);
  return response;
}

/** Groups that took no part in a match are empty, and nobody asks whether there are regular expressions. */
function restorePatterns() {
  const { prototype } = URLPattern;
  const { exec } = prototype;
  Reflect.deleteProperty(prototype, "hasRegExpGroups");
  define(prototype, "exec", {
    /** @this {URLPattern} @param {any} [input] @param {string} [baseURL] */
    exec(input = undefined, baseURL = undefined) {
      const result = exec.call(this, input, baseURL);
      for (const part of Object.values(result ?? {})) {
        const groups = part?.groups ?? {};
        for (const name of Object.keys(groups)) groups[name] ??= "";
      }
      return result;
    },
  }.exec);
}
