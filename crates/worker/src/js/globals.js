/**
 * Defines the globals of a realm.
 *
 * Classes are writable, configurable and not enumerable, as Web IDL says; functions and objects are enumerable.
 *
 * @module
 */

import { AbortController, AbortSignal } from "stated:abort";
import { Blob, File } from "stated:blob";
import { Body } from "stated:body";
import { Cache, caches, CacheStorage } from "stated:cache";
import { console } from "stated:console";
import { Crypto, crypto, CryptoKey, SubtleCrypto } from "stated:crypto";
import { replaceDate } from "stated:date";
import { DOMException } from "stated:dom-exception";
import { atob, btoa, TextDecoder, TextEncoder } from "stated:encoding";
import { CloseEvent, CustomEvent, ErrorEvent, Event, EventTarget, ExtendableEvent, MessageEvent,
  PromiseRejectionEvent } from "stated:event";
import { EventSource } from "stated:event-source";
import { fetch } from "stated:fetch";
import { FormData } from "stated:form-data";
import { ServiceWorkerGlobalScope, WorkerGlobalScope } from "stated:global-scope";
import { FetchEvent, ScheduledEvent, TailEvent } from "stated:handler-events";
import { Headers } from "stated:headers";
import { HTMLRewriter } from "stated:html-rewriter";
import { replaceJson } from "stated:json";
import { MessageChannel, MessagePort } from "stated:message-channel";
import { Navigator, navigator } from "stated:navigator";
import { newPerformance, Performance } from "stated:performance";
import { PerformanceEntry, PerformanceMark, PerformanceMeasure, PerformanceObserver,
  PerformanceObserverEntryList } from "stated:performance-entries";
import { PerformanceResourceTiming } from "stated:performance-timing";
import { reportUncaught } from "stated:report";
import { Request } from "stated:request";
import { Response } from "stated:response";
import { scheduler, Scheduler } from "stated:scheduler";
import { structuredClone } from "stated:serialize";
import { defineStackTraces } from "stated:stack-trace";
import { ByteLengthQueuingStrategy, CompressionStream, CountQueuingStrategy, DecompressionStream, FixedLengthStream,
  IdentityTransformStream, ReadableByteStreamController, ReadableStream, ReadableStreamBYOBReader, ReadableStreamBYOBRequest,
  ReadableStreamDefaultController, ReadableStreamDefaultReader, TextDecoderStream, TextEncoderStream, TransformStream,
  TransformStreamDefaultController, WritableStream, WritableStreamDefaultController,
  WritableStreamDefaultWriter } from "stated:streams";
import { globalTarget } from "stated:uncaught";
import { clearInterval, clearTimeout, setInterval, setTimeout } from "stated:timers";
import { URL } from "stated:url";
import { URLPattern } from "stated:url-pattern";
import { URLSearchParams } from "stated:url-search-params";
import { replaceAsynchronous } from "stated:web-assembly";
import { badArgument, defineInterface } from "stated:webidl";
import { WebSocket, WebSocketPair, WebSocketRequestResponsePair } from "stated:websocket";

/** The classes that are globals at every date. */
export const globalClasses = {
  AbortController, AbortSignal, Blob, Body, ByteLengthQueuingStrategy, Cache, CacheStorage, CloseEvent,
  CompressionStream, CountQueuingStrategy, Crypto, CryptoKey, CustomEvent, DecompressionStream, DOMException,
  ErrorEvent, Event, EventSource, EventTarget, ExtendableEvent, FetchEvent, File, FixedLengthStream, FormData, Headers, HTMLRewriter,
  IdentityTransformStream, MessageEvent, Navigator, Performance, PromiseRejectionEvent,
  ReadableByteStreamController, ReadableStream, ReadableStreamBYOBReader, ReadableStreamBYOBRequest,
  ReadableStreamDefaultController, ReadableStreamDefaultReader, Request, Response, ScheduledEvent, Scheduler, ServiceWorkerGlobalScope,
  SubtleCrypto, TailEvent, TextDecoder, TextDecoderStream, TextEncoder, TextEncoderStream, TraceEvent: TailEvent, TransformStream,
  TransformStreamDefaultController, URL, URLPattern, URLSearchParams, WebSocket, WebSocketPair,
  WebSocketRequestResponsePair, WorkerGlobalScope, WritableStream, WritableStreamDefaultController,
  WritableStreamDefaultWriter,
};

const settled = Promise.resolve();

/**
 * Runs a function after the running one, before any event.
 *
 * @param {() => void} callback
 */
function queueMicrotask(callback) {
  if (typeof callback !== "function") throw badArgument("ServiceWorkerGlobalScope", "queueMicrotask", 1, "function");
  settled.then(() => {
    try {
      callback();
    } catch (error) {
      reportUncaught(error);
    }
  });
}

/**
 * Tells the listeners for "error" and the log of an error as if nobody had caught it.
 *
 * @param {unknown} error
 */
function reportError(error) {
  if (arguments.length < 1) throw badArgument("ServiceWorkerGlobalScope", "reportError", 1, "Value");
  reportUncaught(error);
}

/** The class of the global `Cloudflare`, whose one property is an own one. */
class Cloudflare {
  /** @param {readonly string[]} flags in force @param {readonly string[]} others */
  constructor(flags, others) {
    /** @type {Record<string, boolean>} every flag there is, and whether it is in force */
    const table = Object.create(null);
    for (const flag of flags) table[flag] = true;
    for (const flag of others) table[flag] = false;
    this.compatibilityFlags = Object.freeze(table);
  }
}

defineInterface(Cloudflare, ["compatibilityFlags"]);

/**
 * Defines all globals on `target`, the global object of a realm.
 *
 * @param {any} target
 * @param {{ flags: readonly string[], otherFlags?: readonly string[] }} config
 */
export function installGlobals(target, config) {
  // A class of SpiderMonkey's own.
  delete target.InternalError;
  Reflect.setPrototypeOf(target, ServiceWorkerGlobalScope.prototype);
  defineStackTraces();
  for (const [name, value] of Object.entries(globalClasses)) {
    Object.defineProperty(target, name, { value, writable: true, enumerable: false, configurable: true });
  }
  /** @type {Record<string, unknown>} */
  const members = {
    atob, btoa, clearInterval, clearTimeout, fetch, queueMicrotask, reportError, setInterval, setTimeout, structuredClone,
    addEventListener: globalTarget.addEventListener.bind(globalTarget),
    removeEventListener: globalTarget.removeEventListener.bind(globalTarget),
    dispatchEvent: globalTarget.dispatchEvent.bind(globalTarget),
    Cloudflare: new Cloudflare(config.flags, config.otherFlags ?? []),
    caches,
    crypto,
    navigator,
    performance: newPerformance(),
    scheduler,
    self: target,
  };
  for (const [name, value] of Object.entries(members)) {
    Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
  }
  if (config.flags.includes("expose_global_message_channel")) {
    for (const [name, value] of Object.entries({ MessageChannel, MessagePort })) {
      Object.defineProperty(target, name, { value, writable: true, enumerable: false, configurable: true });
    }
  }
  if (config.flags.includes("enable_global_performance_classes")) {
    const timing = { PerformanceEntry, PerformanceMark, PerformanceMeasure, PerformanceObserver, PerformanceObserverEntryList,
      PerformanceResourceTiming };
    for (const [name, value] of Object.entries(timing)) {
      Object.defineProperty(target, name, { value, writable: true, enumerable: false, configurable: true });
    }
  }
  replaceDate(target);
  replaceJson(JSON);
  replaceAsynchronous(/** @type {any} */ (globalThis).WebAssembly);
  Object.defineProperty(target, "console", { value: console, writable: true, enumerable: false, configurable: true });
  Object.defineProperty(target, "origin", { value: "null", writable: false, enumerable: true, configurable: true });
}
