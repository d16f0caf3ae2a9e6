/**
 * The interfaces of the Fetch, URL, Encoding, DOM, File API, XMLHttpRequest and HTML standards that Workers have, as Web IDL
 * defines what their declarations mean.
 *
 * @module
 */

import { AbortController, AbortSignal } from "stated:abort";
import { Blob, File } from "stated:blob";
import { DOMException } from "stated:dom-exception";
import { TextDecoder, TextEncoder } from "stated:encoding";
import { CloseEvent, CustomEvent, ErrorEvent, Event, EventTarget, ExtendableEvent, MessageEvent,
  PromiseRejectionEvent } from "stated:event";
import { FormData } from "stated:form-data";
import { Headers } from "stated:headers";
import { Request } from "stated:request";
import { Body } from "stated:body";
import { Response } from "stated:response";
import { URL } from "stated:url";
import { URLSearchParams } from "stated:url-search-params";
import { assert, assertEquals, assertThrows, checksOfInterface, test } from "stated:test";

const eventConstants = { NONE: 0, CAPTURING_PHASE: 1, AT_TARGET: 2, BUBBLING_PHASE: 3 };
const exceptionConstants = {
  INDEX_SIZE_ERR: 1, DOMSTRING_SIZE_ERR: 2, HIERARCHY_REQUEST_ERR: 3, WRONG_DOCUMENT_ERR: 4, INVALID_CHARACTER_ERR: 5,
  NO_DATA_ALLOWED_ERR: 6, NO_MODIFICATION_ALLOWED_ERR: 7, NOT_FOUND_ERR: 8, NOT_SUPPORTED_ERR: 9, INUSE_ATTRIBUTE_ERR: 10,
  INVALID_STATE_ERR: 11, SYNTAX_ERR: 12, INVALID_MODIFICATION_ERR: 13, NAMESPACE_ERR: 14, INVALID_ACCESS_ERR: 15,
  VALIDATION_ERR: 16, TYPE_MISMATCH_ERR: 17, SECURITY_ERR: 18, NETWORK_ERR: 19, ABORT_ERR: 20, URL_MISMATCH_ERR: 21,
  QUOTA_EXCEEDED_ERR: 22, TIMEOUT_ERR: 23, INVALID_NODE_TYPE_ERR: 24, DATA_CLONE_ERR: 25,
};
const bodyReaders = { arrayBuffer: 0, blob: 0, bytes: 0, formData: 0, json: 0, text: 0 };

/** @type {[Function, import("../assertions.js").InterfaceShape][]} */
const interfaces = [
  // getAll is of Workers.
  [Headers, { methods: { append: 2, delete: 1, entries: 0, forEach: 1, get: 1, getAll: 1, getSetCookie: 0, has: 1, keys: 0, set: 2,
    values: 0 } }],
  // Workers have the mixin as a class.
  [Body, { readonly: ["body", "bodyUsed"], methods: bodyReaders, promises: Object.keys(bodyReaders) }],
  // cf, fetcher and webSocket are of Workers.
  [Request, { length: 1, parent: Body, methods: { clone: 0 },
    readonly: ["cache", "cf", "fetcher", "headers", "integrity", "keepalive", "method", "redirect", "signal", "url"] }],
  [Response, { parent: Body, methods: { clone: 0 }, statics: { error: 0, json: 1, redirect: 1 },
    readonly: ["cf", "headers", "ok", "redirected", "status", "statusText", "type", "url", "webSocket"] }],
  [FormData, { methods: { append: 2, delete: 1, entries: 0, forEach: 1, get: 1, getAll: 1, has: 1, keys: 0, set: 2, values: 0 } }],
  [URL, { length: 1, methods: { toJSON: 0, toString: 0 }, readonly: ["origin", "searchParams"],
    attributes: ["hash", "host", "hostname", "href", "password", "pathname", "port", "protocol", "search", "username"],
    statics: { canParse: 1, createObjectURL: 1, parse: 1, revokeObjectURL: 1 } }],
  [URLSearchParams, { readonly: ["size"], methods: { append: 2, delete: 1, entries: 0, forEach: 1, get: 1, getAll: 1, has: 1, keys: 0,
    set: 2, sort: 0, toString: 0, values: 0 } }],
  [TextEncoder, { readonly: ["encoding"], methods: { encode: 0, encodeInto: 2 } }],
  [TextDecoder, { readonly: ["encoding", "fatal", "ignoreBOM"], methods: { decode: 0 } }],
  [Event, { length: 1, constants: eventConstants, attributes: ["cancelBubble", "returnValue"],
    readonly: ["bubbles", "cancelable", "composed", "currentTarget", "defaultPrevented", "eventPhase", "isTrusted", "srcElement", "target",
      "timeStamp", "type"],
    // Workers lack initEvent.
    methods: { composedPath: 0, preventDefault: 0, stopImmediatePropagation: 0, stopPropagation: 0 } }],
  [CustomEvent, { length: 1, parent: Event, readonly: ["detail"] }],
  [MessageEvent, { length: 1, parent: Event, readonly: ["data", "lastEventId", "origin", "ports", "source"] }],
  [CloseEvent, { length: 1, parent: Event, readonly: ["code", "reason", "wasClean"] }],
  [ErrorEvent, { length: 1, parent: Event, readonly: ["colno", "error", "filename", "lineno", "message"] }],
  [PromiseRejectionEvent, { length: 2, parent: Event, readonly: ["promise", "reason"] }],
  [ExtendableEvent, { length: 1, parent: Event, methods: { waitUntil: 1 } }],
  [EventTarget, { methods: { addEventListener: 2, dispatchEvent: 1, removeEventListener: 2 } }],
  [AbortController, { readonly: ["signal"], methods: { abort: 0 } }],
  [AbortSignal, { parent: EventTarget, attributes: ["onabort"], readonly: ["aborted", "reason"], methods: { throwIfAborted: 0 },
    statics: { abort: 0, any: 1, timeout: 1 } }],
  [Blob, { readonly: ["size", "type"], methods: { arrayBuffer: 0, bytes: 0, slice: 0, stream: 0, text: 0 },
    promises: ["arrayBuffer", "bytes", "text"] }],
  [File, { length: 2, parent: Blob, readonly: ["lastModified", "name"] }],
];

for (const [Class, shape] of interfaces) {
  for (const [name, check] of checksOfInterface(Class, shape)) test(name, check);
}

test("DOMException has Error's prototype behind its own, and the legacy codes", () => {
  assert(Object.getPrototypeOf(DOMException.prototype) === Error.prototype);
  assertEquals([DOMException.name, DOMException.length], ["DOMException", 0]);
  for (const [name, code] of Object.entries(exceptionConstants)) {
    for (const owner of [DOMException, DOMException.prototype]) {
      assertEquals(Object.getOwnPropertyDescriptor(owner, name), { value: code, writable: false, enumerable: true, configurable: false }, name);
    }
  }
  for (const key of ["name", "message", "code"]) {
    const { get, set, enumerable, configurable } = /** @type {PropertyDescriptor} */ (Object.getOwnPropertyDescriptor(DOMException.prototype, key));
    assertEquals([typeof get, set, enumerable, configurable], ["function", undefined, true, true]);
    assertThrows(() => get?.call({}), TypeError);
  }
});

test("a DOMException is an Error with a stack, and its name decides its code", () => {
  const error = new DOMException("text", "DataCloneError");
  assert(error instanceof Error && typeof error.stack === "string");
  assertEquals([error.name, error.message, error.code, `${error}`], ["DataCloneError", "text", 25, "DataCloneError: text"]);
  assertEquals([new DOMException().name, new DOMException().message, new DOMException().code], ["Error", "", 0]);
  assertEquals([new DOMException("", "OperationError").code, new DOMException("", "NotAllowedError").code], [0, 0]);
  assertEquals(Object.prototype.toString.call(error), "[object DOMException]");
});

test("the iterators of the pair lists have one prototype each, with a class string", () => {
  for (const [Class, made] of /** @type {[any, any][]} */ ([[Headers, new Headers()], [FormData, new FormData()], [URLSearchParams, new URLSearchParams()]])) {
    const prototype = Object.getPrototypeOf(made.entries());
    assert(prototype === Object.getPrototypeOf(made.keys()) && prototype === Object.getPrototypeOf(made[Symbol.iterator]()));
    assertEquals(Object.getOwnPropertyDescriptor(prototype, Symbol.toStringTag),
      { value: `${Class.name} Iterator`, writable: false, enumerable: false, configurable: true });
    const next = /** @type {PropertyDescriptor} */ (Object.getOwnPropertyDescriptor(prototype, "next"));
    assertEquals([next.writable, next.enumerable, next.configurable, next.value.length], [true, true, true, 0]);
    assert(Object.getPrototypeOf(prototype) === Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())));
    assertThrows(() => prototype.next.call({}), TypeError);
    const iterator = Object.getOwnPropertyDescriptor(Class.prototype, Symbol.iterator);
    assertEquals([iterator?.writable, iterator?.enumerable, iterator?.configurable], [true, false, true]);
    assert(iterator?.value === Class.prototype.entries);
  }
});

test("an instance has no properties of its own", () => {
  const instances = [new Headers(), new Request("http://a/"), new Response(), new FormData(), new URL("http://a/"), new URLSearchParams(),
    new TextEncoder(), new TextDecoder(), new EventTarget(), new AbortController(), new AbortController().signal, new Blob(),
    new File([], "a"), new CustomEvent("x"), new MessageEvent("x"), new CloseEvent("x"), new ErrorEvent("x")];
  for (const instance of instances) assertEquals(Reflect.ownKeys(instance), [], instance.constructor.name);
});

test("isTrusted is the one own property of an event, and cannot be changed", () => {
  // Workers have it on the prototype.
  const event = new Event("x");
  assertEquals([event.isTrusted, Reflect.ownKeys(event)], [false, []]);
  assertThrows(() => { /** @type {any} */ (event).isTrusted = true; }, TypeError);
});

test("classes can be derived from, and keep their brand", () => {
  class Own extends Headers { extra() { return 1; } }
  const own = new Own({ a: "1" });
  assertEquals([own.extra(), own.get("a"), own instanceof Headers, own.constructor === Own], [1, "1", true, true]);
  class Target extends EventTarget {}
  class Signal extends Event { constructor() { super("signal", { cancelable: true }); } }
  const seen = [];
  const target = new Target();
  target.addEventListener("signal", (event) => { seen.push(event instanceof Signal); });
  target.dispatchEvent(new Signal());
  assertEquals(seen, [true]);
});

test("an object with the right prototype but no brand is refused", () => {
  for (const [Class, method, given] of /** @type {[any, string, any[]][]} */ ([[Headers, "get", ["a"]], [FormData, "get", ["a"]],
    [URLSearchParams, "get", ["a"]], [URL, "toString", []], [TextDecoder, "decode", []], [Event, "preventDefault", []],
    [EventTarget, "addEventListener", ["a", () => {}]], [AbortController, "abort", []], [Blob, "slice", []]])) {
    assertThrows(() => Object.create(Class.prototype)[method](...given), TypeError);
  }
});
