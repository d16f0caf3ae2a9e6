import { isResponse, Response, responseFromHost, responseToWire } from "stated:response";
import { Headers } from "stated:headers";
import { ReadableStream } from "stated:streams";
import { WebSocketPair } from "stated:websocket";
import { assert, assertEquals, assertRejects, assertThrows, test } from "stated:test";

const RANGE = "Responses may only be constructed with status codes in the range 200 to 599, inclusive.";
const NULL_BODY = "Response with null body status (101, 204, 205, or 304) cannot have a body.";

// The standard's status text is empty.
test("a response has defaults, and its status a text", () => {
  const response = new Response();
  assertEquals([response.status, response.statusText, response.ok, response.body, response.url, response.redirected, response.type,
    response.webSocket, response.cf, [...response.headers]], [200, "OK", true, null, "", false, "default", null, undefined, []]);
});

test("a status has its text, or that of its class, unless another was given", () => {
  const text = (init) => new Response(null, init).statusText;
  assertEquals([201, 299, 302, 399, 404, 499, 503, 599].map((status) => text({ status })),
    ["Created", "Successful", "Found", "Redirection", "Not Found", "Client Error", "Service Unavailable", "Server Error"]);
  assertEquals([text({ status: 404, statusText: "" }), text({ status: 404, statusText: "Gone Fishing" }), text({ status: 404, statusText: undefined })],
    ["", "Gone Fishing", "Not Found"]);
  assertEquals([Response.json({}).statusText, Response.redirect("http://x/").statusText, Response.error().statusText, new Response().clone().statusText],
    ["OK", "Found", "", "OK"]);
  assertEquals(new Response(null, new Response(null, { status: 404 })).statusText, "Not Found");
});

test("options of a wrong type are named after the method", () => {
  assertThrows(() => Response.json({}, 5), TypeError, "Failed to execute 'json' on 'Response': parameter 2 is not of type 'InitializerDict or Response'.");
  for (const headers of [null, 5]) {
    assertThrows(() => new Response(null, { headers }), TypeError,
      "Incorrect type for the 'headers' field on 'InitializerDict': the provided value is not of type 'Headers or Sequence or object'.");
  }
});

test("null options are none and others must be an object", () => {
  assertEquals(new Response("a", null).status, 200);
  assertThrows(() => new Response("a", 5), TypeError,
    "Failed to construct 'Response': constructor parameter 2 is not of type 'InitializerDict or Response'.");
});

test("the status is between 200 and 599", () => {
  for (const status of [200, 201, 404, 599]) assertEquals(new Response(null, { status }).status, status);
  for (const status of [199, 600, 101, 100, 0, -1, "abc", null, NaN, 70_000, Infinity]) {
    assertThrows(() => new Response(null, { status }), RangeError, RANGE);
  }
  assertEquals([new Response(null, { status: "204" }).status, new Response(null, { status: 200.7 }).status], [204, 200]);
});

test("ok means 200 to 299", () => {
  assertEquals([200, 299, 300, 404].map((status) => new Response(null, { status }).ok), [true, true, false, false]);
});

test("a null body status has no body, but an empty string is forgiven", () => {
  for (const status of [204, 205, 304]) {
    assertThrows(() => new Response("a", { status }), TypeError, NULL_BODY);
    assertThrows(() => new Response(new ReadableStream(), { status }), TypeError, NULL_BODY);
    assertEquals([new Response("", { status }).body, new Response(null, { status }).status], [null, status]);
  }
});

test("the status text is a reason phrase", () => {
  assertEquals(new Response(null, { statusText: "Fine é" }).statusText, "Fine é");
  for (const statusText of ["a\nb", "a\tb", "a\0", "€", "\x7f"]) {
    assertThrows(() => new Response(null, { statusText }), TypeError, "Invalid statusText");
  }
});

test("the headers option takes what Headers takes, and is copied", () => {
  const headers = new Headers({ a: "1" });
  const response = new Response(null, { headers });
  headers.set("a", "2");
  assertEquals(response.headers.get("a"), "1");
  assert(response.headers === response.headers);
  assertEquals(new Response(null, { headers: [["b", "2"]] }).headers.get("b"), "2");
  assertThrows(() => new Response(null, { headers: 5 }), TypeError);
});

test("another response can be the options", () => {
  const first = new Response("a", { status: 404, statusText: "Gone", headers: { a: "1" }, cf: { b: 2 } });
  const second = new Response("b", first);
  assertEquals([second.status, second.statusText, second.headers.get("a"), second.cf], [404, "Gone", "1", { b: 2 }]);
});

test("cf is an object", () => {
  assertEquals(new Response(null, { cf: { a: 1 } }).cf, { a: 1 });
  assertThrows(() => new Response(null, { cf: "x" }), TypeError,
    "Incorrect type for the 'cf' field on 'InitializerDict': the provided value is not of type 'Object'.");
});

test("encodeBody is automatic or manual", () => {
  assertEquals(new Response("a", { encodeBody: "manual" }).status, 200);
  assertThrows(() => new Response("a", { encodeBody: "foo" }), TypeError, "encodeBody: unexpected value: foo");
  const isEncoded = (/** @type {Response} */ response) => responseToWire(response)[5];
  const manual = new Response("a", { encodeBody: "manual" });
  const copies = [manual.clone(), new Response("b", manual), new Response("b", { ...manual, encodeBody: "automatic" })];
  assertEquals([...copies, manual, new Response("a")].map(isEncoded), [true, true, false, true, false]);
});

test("a WebSocket goes with status 101 only", () => {
  const [client] = Object.values(new WebSocketPair());
  const response = new Response(null, { status: 101, webSocket: client });
  assertEquals([response.status, response.webSocket === client, response.ok], [101, true, false]);
  assertThrows(() => new Response(null, { webSocket: client }), RangeError, "Responses with a WebSocket must have status code 101.");
  assertThrows(() => new Response("x", { status: 101, webSocket: client }), TypeError, NULL_BODY);
  assertThrows(() => new Response(null, { status: 101, webSocket: {} }), TypeError,
    "Incorrect type for the 'webSocket' field on 'InitializerDict': the provided value is not of type 'WebSocket'.");
  assertThrows(() => response.clone(), TypeError, "Cannot clone a response to a WebSocket handshake.");
  assertEquals(new Response(null, { webSocket: null }).webSocket, null);
});

test("Response.json serializes and sets the type", async () => {
  const response = Response.json({ a: 1 }, { status: 201, headers: { b: "2" } });
  assertEquals([response.status, [...response.headers], await response.text()],
    [201, [["b", "2"], ["content-type", "application/json"]], '{"a":1}']);
  assertEquals(Response.json(1, { headers: { "Content-Type": "x/y" } }).headers.get("content-type"), "x/y");
  assertThrows(() => Response.json(1n), TypeError);
  assertThrows(() => Response.json(1, { status: 204 }), TypeError, NULL_BODY);
  assertThrows(() => /** @type {any} */ (Response).json(), TypeError,
    "Failed to execute 'json' on 'Response': parameter 1 is not of type 'Value'.");
});

test("Response.redirect wants an absolute URL and a redirect status", () => {
  const response = Response.redirect("http://x/é b#q", 307);
  assertEquals([response.status, [...response.headers]], [307, [["location", "http://x/%C3%A9%20b#q"]]]);
  assertEquals(Response.redirect("http://x/").status, 302);
  assertThrows(() => response.headers.set("a", "b"), TypeError, "Can't modify immutable headers.");
  assertThrows(() => Response.redirect("/a"), TypeError, "Unable to parse URL: /a");
  assertThrows(() => Response.redirect("http://x", 200), RangeError,
    "200 is not a redirect status code. It must be one of: 301, 302, 303, 307, or 308.");
  assertThrows(() => /** @type {any} */ (Response).redirect(), TypeError,
    "Failed to execute 'redirect' on 'Response': parameter 1 is not of type 'string'.");
});

test("Response.error has status 0", () => {
  const response = Response.error();
  assertEquals([response.status, response.type, response.ok, response.body], [0, "error", false, null]);
});

test("clone copies head and headers", async () => {
  const response = new Response("a", { status: 404, statusText: "No", headers: { a: "1" }, cf: { b: 1 } });
  const clone = response.clone();
  clone.headers.set("a", "2");
  assertEquals([clone.status, clone.statusText, clone.cf, response.headers.get("a"), clone.headers.get("content-type")],
    [404, "No", { b: 1 }, "1", "text/plain;charset=UTF-8"]);
});

test("a clone of a response with immutable headers has them, too", () => {
  const response = responseFromHost([200, "", ["a", "\xc3\xa9"], null, "", false, 0]);
  const clone = response.clone();
  assertEquals([clone.headers.get("a"), response.headers.get("a")], ["é", "é"]);
  assertThrows(() => clone.headers.set("a", "b"), TypeError, "Can't modify immutable headers.");
  assertEquals(responseToWire(response.clone())[2], ["a", "\xc3\xa9"]);
});

test("a response of the host is wrapped without being parsed", async () => {
  const response = responseFromHost([404, "Not Found", ["x-a", "1", "set-cookie", "a", "set-cookie", "b", "x-u", "\xc3\xa9"],
    new Uint8Array([0x61]), "http://x/", true, 0]);
  assertEquals([response.status, response.statusText, response.url, response.redirected, response.webSocket],
    [404, "Not Found", "http://x/", true, null]);
  assertEquals([response.headers.get("x-u"), response.headers.getSetCookie(), await response.text()], ["é", ["a", "b"], "a"]);
  assertThrows(() => response.headers.set("a", "b"), TypeError, "Can't modify immutable headers.");
});

test("headers of a response made from the host's can be changed", async () => {
  const response = responseFromHost([404, "", ["a", "\xc3\xa9"], new Uint8Array([0x61]), "http://x/", false, 0]);
  const changeable = new Response(response.body, response);
  changeable.headers.set("b", "2");
  assertEquals([changeable.status, [...changeable.headers], await changeable.text()], [404, [["a", "é"], ["b", "2"]], "a"]);
});

test("a socket of the host becomes webSocket", () => {
  const response = responseFromHost([101, "Switching Protocols", [], null, "http://x/", false, 7], (id) => ({ id }));
  assertEquals([response.status, response.webSocket], [101, { id: 7 }]);
});

test("the wire form has text as bytes and headers as byte strings", () => {
  const response = new Response("é", { status: 201, statusText: "S", headers: { "X-A": "é" } });
  assertEquals(responseToWire(response),
    [201, "S", ["x-a", "\xc3\xa9", "content-type", "text/plain;charset=UTF-8"], new Uint8Array([0xc3, 0xa9]), null, false]);
  assertEquals(response.bodyUsed, true);
});

test("the wire form of a host's response is what came", () => {
  const headers = ["x-u", "\xc3\xa9"];
  const body = new Uint8Array([1]);
  const wire = responseToWire(responseFromHost([200, "", headers, body, "", false, 0]));
  assert(wire[2] === headers && wire[3] === body);
  const touched = responseFromHost([200, "", ["x-u", "\xc3\xa9"], 9, "", false, 0]);
  void touched.headers;
  void touched.body;
  assertEquals(responseToWire(touched), [200, "", ["x-u", "\xc3\xa9"], 9, null, false]);
});

test("a used response has no wire form", async () => {
  const response = new Response("a");
  await response.text();
  assertThrows(() => responseToWire(response), TypeError,
    "Body has already been used. It can only be used once. Use tee() first if you need to read it twice.");
  const sent = new Response("a");
  responseToWire(sent);
  await assertRejects(() => sent.text(), TypeError);
});

test("isResponse goes by brand", () => {
  assertEquals([isResponse(new Response()), isResponse({}), isResponse(null), isResponse(Object.create(Response.prototype)),
    isResponse(new (class extends Response {})())], [true, false, false, false, true]);
});

test("Response has the attributes of a Web IDL interface", () => {
  assertEquals([Response.length, Response.json.length, Response.redirect.length, `${new Response()}`], [0, 1, 1, "[object Response]"]);
  assertEquals(Object.getOwnPropertyDescriptor(Response, "json")?.enumerable, true);
  assertThrows(() => /** @type {any} */ (Object.getOwnPropertyDescriptor(Response.prototype, "status")).get.call({}), TypeError);
  assertThrows(() => /** @type {any} */ (Response)(), TypeError);
});
