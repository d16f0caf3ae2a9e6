import { AbortController, AbortSignal } from "stated:abort";
import { Headers } from "stated:headers";
import { cfToWire, isRequest, Request, requestFromHost, requestToWire, signalOf } from "stated:request";
import { ReadableStream } from "stated:streams";
import { URL } from "stated:url";
import { assert, assertEquals, assertRejects, assertThrows, test } from "stated:test";

const NO_BODY = "Request with a GET or HEAD method cannot have a body.";

test("a request has the defaults of Workers", () => {
  const request = new Request("http://x");
  assertEquals([request.method, request.url, request.redirect, request.body, request.bodyUsed, request.cf, request.fetcher,
    request.integrity, request.keepalive, request.cache, [...request.headers]],
  ["GET", "http://x/", "follow", null, false, undefined, null, "", false, undefined, []]);
});

test("cf that came as JSON is one object, for copies of the request too", () => {
  const request = requestFromHost("GET", "http://x/", [], null, 0, '{"a":[1]}');
  assertEquals([cfToWire(request), cfToWire(new Request(request, { redirect: "follow" }))], ['{"a":[1]}', '{"a":[1]}']);

  request.cf.b = 2;

  assertEquals(request.cf, { a: [1], b: 2 });
  assertEquals([request.clone().cf === request.cf, new Request(request, { redirect: "follow" }).cf === request.cf], [true, true]);
  assertEquals([cfToWire(request), cfToWire(new Request("http://x"))], ['{"a":[1],"b":2}', undefined]);
  assertEquals(new Request(request, { cf: { c: 3 } }).cf, { c: 3 });
});

test("what only browsers need is not there", () => {
  const request = new Request("http://x", { mode: "cors", credentials: "omit", referrer: "y", duplex: "half" });
  for (const name of ["mode", "credentials", "referrer", "referrerPolicy", "destination", "duplex"]) assertEquals(name in request, false, name);
});

test("the URL is absolute and normalized, with its fragment", () => {
  assertEquals(new Request("HTTP://X/a/../b#c").url, "http://x/b#c");
  assertEquals(new Request(new URL("http://x/a")).url, "http://x/a");
  for (const url of ["/foo", "", "x"]) assertThrows(() => new Request(url), TypeError, `Invalid URL: ${url}`);
});

test("a request needs a URL, and options are an object", () => {
  assertThrows(() => new /** @type {any} */ (Request)(), TypeError,
    "Failed to construct 'Request': constructor parameter 1 is not of type 'Request or string'.");
  for (const init of [5, "s", true]) {
    assertThrows(() => new Request("http://x", init), TypeError,
      "Failed to construct 'Request': constructor parameter 2 is not of type 'RequestInitializerDict or Request'.");
  }
  assertEquals(new Request("http://x", null).method, "GET");
});

test("methods are known ones, in upper case", () => {
  for (const method of ["get", "POST", "Put", "delete", "patch", "options", "head", "TRACE"]) {
    assertEquals(new Request("http://x", { method }).method, method.toUpperCase());
  }
  for (const method of ["F OO", "FOO", "CONNECT", ""]) {
    assertThrows(() => new Request("http://x", { method }), TypeError, `Invalid HTTP method string: ${method}`);
  }
});

test("GET and HEAD have no body", () => {
  assertThrows(() => new Request("http://x", { body: "a" }), TypeError, NO_BODY);
  assertThrows(() => new Request("http://x", { method: "HEAD", body: "" }), TypeError, NO_BODY);
  assertEquals([new Request("http://x", { body: null }).body, new Request("http://x", { method: "POST", body: undefined }).body], [null, null]);
});

test("a body sets its Content-Type", async () => {
  const request = new Request("http://x", { method: "POST", body: "abc", headers: { a: "b" } });
  assertEquals([[...request.headers], await request.text()], [[["a", "b"], ["content-type", "text/plain;charset=UTF-8"]], "abc"]);
});

test("redirect is follow or manual", () => {
  assertEquals(new Request("http://x", { redirect: "manual" }).redirect, "manual");
  for (const redirect of ["error", "foo"]) {
    assertThrows(() => new Request("http://x", { redirect }), TypeError, 'Invalid redirect value, must be one of "follow" or "manual" '
      + '("error" won\'t be implemented since it does not make sense at the edge; use "manual" and check the response status code).');
  }
});

test("cache, cf, integrity and keepalive", () => {
  const request = new Request("http://x", { cache: "no-store", cf: { a: 1 }, integrity: "", keepalive: 1 });
  assertEquals([request.cache, request.cf, request.integrity, request.keepalive], ["no-store", { a: 1 }, "", true]);
  assertThrows(() => new Request("http://x", { integrity: "sha" }), TypeError, "Subrequest integrity checking is not implemented. "
    + "The integrity option must be either undefined or an empty string.");
  assertThrows(() => new Request("http://x", { cache: "reload" }), TypeError, "Unsupported cache mode: reload");
  assertThrows(() => new Request("http://x", { cf: "s" }), TypeError,
    "Incorrect type for the 'cf' field on 'RequestInitializerDict': the provided value is not of type 'Object'.");
});

test("the signal is the one given, and inherited", () => {
  const { signal } = new AbortController();
  const request = new Request("http://x", { signal });
  assert(request.signal === signal && request.clone().signal === signal && new Request(request).signal === signal);
  assertEquals(signalOf(new Request(request, { signal: null })), null);
});

test("without a signal there is one that is never aborted", () => {
  const request = new Request("http://x");
  assert(request.signal instanceof AbortSignal && request.signal === request.signal);
  assertEquals([request.signal.aborted, signalOf(request)], [false, null]);
});

test("the signal must be one", () => {
  assertThrows(() => new Request("http://x", { signal: {} }), TypeError,
    "Incorrect type for the 'signal' field on 'RequestInitializerDict': the provided value is not of type 'AbortSignal'.");
});

test("a request made from another takes its body along", async () => {
  const first = new Request("http://x/a", { method: "POST", body: "abc", headers: { b: "c" }, redirect: "manual", cf: { d: 1 } });
  const second = new Request(first);
  assertEquals([second.method, second.url, second.redirect, second.cf, second.headers.get("b"), first.bodyUsed],
    ["POST", "http://x/a", "manual", { d: 1 }, "c", true]);
  assertEquals(await second.text(), "abc");
  second.headers.set("b", "z");
  assertEquals(first.headers.get("b"), "c");
});

test("options override what the other request says", async () => {
  const first = new Request("http://x", { method: "POST", body: "abc", headers: { b: "c" } });
  const second = new Request(first, { method: "PUT", headers: { d: "e" }, body: "xyz" });
  assertEquals([second.method, second.headers.get("b"), second.headers.get("d"), await second.text(), first.bodyUsed],
    ["PUT", null, "e", "xyz", false]);
  assertEquals(new Request(first, { body: null }).body, null);
});

test("a request with a body cannot become a GET", () => {
  const request = new Request("http://x", { method: "POST", body: "a" });
  assertThrows(() => new Request(request, { method: "GET" }), TypeError, NO_BODY);
});

test("a used request can only be reused with another body", async () => {
  const request = new Request("http://x", { method: "POST", body: "a" });
  await request.text();
  assertThrows(() => new Request(request), TypeError, "Cannot reconstruct a Request with a used body.");
  assertEquals(await new Request(request, { body: "b" }).text(), "b");
});

test("another URL with a request as options", async () => {
  const second = new Request("http://y/", new Request("http://x/", { method: "POST", body: "abc", headers: { a: "b" } }));
  assertEquals([second.url, second.method, second.headers.get("a"), await second.text()], ["http://y/", "POST", "b", "abc"]);
});

test("a streamed body moves through a new request", async () => {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new Uint8Array([0x61]));
      controller.close();
    },
  });
  const first = new Request("http://x", { method: "POST", body });
  const second = new Request(first);
  assertEquals([first.bodyUsed, await second.text()], [true, "a"]);
});

test("clone keeps everything and both can be read", async () => {
  const request = new Request("http://x", { method: "POST", body: "abc", headers: { a: "b" } });
  const clone = request.clone();
  clone.headers.set("a", "z");
  assertEquals([clone.method, request.headers.get("a"), await clone.text(), await request.text()], ["POST", "b", "abc", "abc"]);
  assertThrows(() => request.clone(), TypeError);
});

test("a request of the host is wrapped without being parsed", async () => {
  const request = requestFromHost("POST", "http://x/p?q", ["host", "x", "x-a", "1", "x-a", "2", "x-u", "\xc3\xa9"], new Uint8Array([0x61]));
  assertEquals([request.method, request.url, request.headers.get("X-A"), request.headers.get("x-u"), await request.text()],
    ["POST", "http://x/p?q", "1, 2", "é", "a"]);
  assertThrows(() => request.headers.set("a", "b"), TypeError, "Can't modify immutable headers.");
  const changeable = new Request(request.url, { headers: request.headers });
  changeable.headers.set("a", "b");
  assertEquals(changeable.headers.get("a"), "b");
});

test("headers of a request made from the host's can be changed", () => {
  const request = new Request(requestFromHost("GET", "http://x/", ["a", "\xc3\xa9"], null));
  request.headers.set("b", "2");
  assertEquals([request.headers.get("a"), request.headers.get("b")], ["é", "2"]);
});

test("the wire form moves the host's values untouched", () => {
  const headers = ["x-u", "\xc3\xa9"];
  const wire = requestToWire(requestFromHost("PUT", "http://x/#f", headers, 5));
  assertEquals(wire, ["PUT", "http://x/#f", ["x-u", "\xc3\xa9"], 5]);
  assert(wire[2] === headers);
});

test("a host body moves through new Request and through body", () => {
  const first = requestFromHost("POST", "http://x/", [], 5);
  assertEquals(requestToWire(new Request(first, { headers: { a: "b" } }))[3], 5);
  assertEquals(first.bodyUsed, true);
  const second = requestFromHost("POST", "http://x/", [], 6);
  assertEquals(requestToWire(new Request("http://y/", { method: "POST", body: second.body }))[3], 6);
  assertEquals([second.bodyUsed, second.body?.locked], [true, true]);
});

test("the wire form of a request made here", () => {
  const request = new Request("http://x/a?b#c", { method: "post", body: "é", headers: new Headers({ "X-Y": "z" }) });
  assertEquals(requestToWire(request),
    ["POST", "http://x/a?b#c", ["x-y", "z", "content-type", "text/plain;charset=UTF-8"], new Uint8Array([0xc3, 0xa9])]);
});

test("a request that was sent cannot be read", async () => {
  const request = new Request("http://x", { method: "POST", body: "a" });
  requestToWire(request);
  await assertRejects(() => request.text(), TypeError);
  assertThrows(() => requestToWire(request), TypeError);
});

test("isRequest goes by brand", () => {
  assertEquals([isRequest(new Request("http://x")), isRequest({}), isRequest(null), isRequest("http://x")], [true, false, false, false]);
});

test("Request has the attributes of a Web IDL interface", () => {
  assertEquals([Request.length, Object.prototype.toString.call(new Request("http://x"))], [1, "[object Request]"]);
  assertThrows(() => /** @type {any} */ (Object.getOwnPropertyDescriptor(Request.prototype, "url")).get.call({}), TypeError);
});
