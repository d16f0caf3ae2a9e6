/** WebSockets and hibernation: reference 9. */

import { Blob } from "stated:blob";
import { DurableObject, env } from "stated:cloudflare-workers";
import { DOMException } from "stated:dom-exception";
import { Response } from "stated:response";
import { setFlags } from "stated:settings";
import { assert, assertEquals, assertRejects, assertThrows, test } from "stated:test";
import { WebSocket, WebSocketPair, WebSocketRequestResponsePair } from "stated:websocket";
import { currentFlags, Host, settle } from "./host-objects.mjs";

const host = new Host();
const { sockets } = host;

/** What the handlers of the objects have seen. */
let events = [];
let slow;
let scenario;

class Room extends DurableObject {
  constructor(ctx, bindings) {
    super(ctx, bindings);
    this.atStart = ctx.getWebSockets().length;
  }
  run() {
    return scenario(this.ctx, this);
  }
  fetch(request) {
    const [client, server] = Object.values(new WebSocketPair());
    switch (new URL(request.url).pathname) {
      case "/accepted": client.accept(); break;
      case "/hibernating": this.ctx.acceptWebSocket(client); break;
      case "/constructed": return new Response(null, { status: 101, webSocket: connecting() });
      case "/twice":
        this.kept ??= client;
        server.accept();
        return new Response(null, { status: 101, webSocket: this.kept });
      case "/echo":
        server.accept();
        server.addEventListener("message", ({ data }) => server.send(`echo ${data}`));
        break;
      default: this.ctx.acceptWebSocket(server, ["tag"]);
    }
    return new Response(null, { status: 101, webSocket: client });
  }
  async webSocketMessage(ws, message) {
    events.push(["message", ws, message]);
    if (message === "throw") throw new TypeError("handler");
    if (slow !== undefined) await slow;
    events.push(["handled", message]);
  }
  webSocketClose(ws, code, reason, wasClean) {
    events.push(["close", code, reason, wasClean, ws.readyState]);
  }
  webSocketError(ws, error) {
    events.push(["error", error.message]);
  }
}
class Quiet extends DurableObject {
  run() {
    return scenario(this.ctx, this);
  }
}
host.run({ Room, Quiet, default: {} }, { namespaces: [{ className: "Room" }, { className: "Quiet" }] });
let count = 0;

/** Runs `fn(ctx, instance)` in a fresh object, or in the one behind a record. */
async function inObject(fn, object = host.object(0, String(++count).padStart(64, "0"), undefined)) {
  events = [];
  scenario = async (...args) => {
    object.value = await fn(...args);
  };
  await host.objectEvent(object, (callId, context) => host.main.callObject(callId, context, ["run"], new Uint8Array([0xff, 15, 65, 0, 36, 0, 0]), []));
  return object;
}

const pair = () => Object.values(new WebSocketPair());
const upgrade = { headers: { Upgrade: "websocket" } };
const connecting = () => {
  sockets.onConnect = () => new Promise(() => {});
  return new WebSocket("ws://x/");
};

/** A log of what an end's listeners see. */
function listen(ws, name, log) {
  for (const type of ["open", "message", "close", "error"]) {
    ws.addEventListener(type, (event) => {
      const detail = type === "message" ? [event.data] : type === "close" ? [event.code, event.reason, event.wasClean] : [];
      log.push([name, type, ...detail, ws.readyState]);
    });
  }
}

function withFlags(flags, fn) {
  setFlags(flags);
  try {
    return fn();
  } finally {
    setFlags(currentFlags);
  }
}

// --- the pair ---------------------------------------------------------------------------------------------------------

test("a pair has the properties 0 and 1 and an iterator", () => {
  const both = new WebSocketPair();
  const [a, b] = both;
  assertEquals([Object.keys(both), a === both[0], b === both[1], a instanceof WebSocket], [["0", "1"], true, true, true]);
});

test("a fresh end is open and has no address", () => {
  const [a] = pair();
  assertEquals([a.readyState, a.url, a.protocol, a.extensions, a.bufferedAmount, Object.keys(a)], [1, null, "", "", 0, []]);
});

test("the states are constants of class and instance, under both names", () => {
  const [a] = pair();
  for (const [index, name] of ["CONNECTING", "OPEN", "CLOSING", "CLOSED"].entries()) {
    assertEquals([WebSocket[name], a[name], WebSocket[`READY_STATE_${name}`], a[`READY_STATE_${name}`]], Array(4).fill(index));
  }
});

test("messages reach the other end in order", async () => {
  const [a, b] = pair();
  const log = [];
  listen(b, "b", log);
  a.accept();
  b.accept();
  a.send("one");
  a.send("two");
  await settle();
  assertEquals(log, [["b", "message", "one", 1], ["b", "message", "two", 1]]);
});

test("messages that came before accept are kept", async () => {
  const [a, b] = pair();
  const log = [];
  a.accept();
  a.send("early");
  await settle();
  listen(b, "b", log);
  b.accept();
  await settle();
  assertEquals(log, [["b", "message", "early", 1]]);
});

test("bytes arrive as a Blob by default and as an ArrayBuffer when asked for", async () => {
  const [a, b] = pair();
  const seen = [];
  b.onmessage = ({ data }) => seen.push(data);
  a.accept();
  b.accept();
  a.send(new Uint8Array([1, 2, 3]).subarray(1));
  await settle();
  b.binaryType = "arraybuffer";
  a.send(new Uint8Array([4]).buffer);
  await settle();
  assert(seen[0] instanceof Blob && seen[1] instanceof ArrayBuffer);
  assertEquals([[...new Uint8Array(await seen[0].arrayBuffer())], [...new Uint8Array(seen[1])]], [[2, 3], [4]]);
});

test("binaryType takes its two values and ignores others", () => {
  const [a] = pair();
  const seen = [a.binaryType];
  for (const value of ["arraybuffer", "other", "blob"]) {
    a.binaryType = value;
    seen.push(a.binaryType);
  }
  assertEquals(seen, ["blob", "arraybuffer", "arraybuffer", "blob"]);
  withFlags([], () => assertEquals(pair()[0].binaryType, "arraybuffer"));
});

test("bytes are copied when send is called", async () => {
  const [a, b] = pair();
  const seen = [];
  b.binaryType = "arraybuffer";
  b.addEventListener("message", ({ data }) => seen.push(...new Uint8Array(data)));
  a.accept();
  b.accept();
  const bytes = new Uint8Array([1]);
  a.send(bytes);
  bytes[0] = 2;
  await settle();
  assertEquals(seen, [1]);
});

test("other values are sent as their strings", async () => {
  const [a, b] = pair();
  const seen = [];
  b.addEventListener("message", ({ data }) => seen.push(data));
  a.accept();
  b.accept();
  for (const value of [5, null, { toString: () => "own" }]) a.send(value);
  await settle();
  assertEquals(seen, ["5", "null", "own"]);
});

// --- misuse -----------------------------------------------------------------------------------------------------------

const NOT_ACCEPTED = "You must call one of accept() or state.acceptWebSocket() on this WebSocket before sending messages.";

test("send and close need accept", () => {
  const [a] = pair();
  assertThrows(() => a.send("x"), TypeError, NOT_ACCEPTED);
  assertThrows(() => a.close(), TypeError, NOT_ACCEPTED);
});

test("send needs an argument", () => {
  assertThrows(() => pair()[0].send(), TypeError,
    "Failed to execute 'send' on 'WebSocket': parameter 1 is not of type 'ArrayBuffer or ArrayBufferView or string'.");
});

test("accept twice is ignored", () => {
  const [a] = pair();
  a.accept();
  assertEquals(a.accept(), undefined);
});

for (const code of [999, 1004, 1005, 1006, 1015, 5000, -1]) {
  test(`the close code ${code} is refused`, () => {
    const [a] = pair();
    a.accept();
    const error = assertThrows(() => a.close(code), DOMException, `Invalid WebSocket close code: ${code}.`);
    assertEquals(error.name, "InvalidAccessError");
  });
}
for (const code of [1000, 1003, 1007, 1014, 1016, 3000, 4999, 1000.5]) {
  test(`the close code ${code} is accepted`, () => {
    const [a] = pair();
    a.accept();
    a.close(code);
    assertEquals(a.readyState, 2);
  });
}

test("what is no number is close code 0", () => {
  const [a] = pair();
  a.accept();
  for (const code of ["x", null, NaN]) assertThrows(() => a.close(code), DOMException, "Invalid WebSocket close code: 0.");
});

test("with pedantic_wpt only 1000 and 3000 to 4999 are accepted", () => withFlags([...currentFlags, "pedantic_wpt"], () => {
  for (const code of [1001, 2999, 5000]) assertThrows(() => pair()[0].close(code), DOMException, `Invalid WebSocket close code: ${code}.`);
  for (const code of [1000, 3000, 4999]) assertThrows(() => pair()[0].close(code), TypeError, NOT_ACCEPTED);
}));

test("a reason needs a code", () => {
  const error = assertThrows(() => pair()[0].close(undefined, "r"), DOMException,
    "If you specify a WebSocket close reason, you must also specify a code.");
  assertEquals(error.name, "InvalidAccessError");
});

test("a reason of 123 bytes is accepted and one of 124 is not", () => {
  const [a] = pair();
  a.accept();
  const error = assertThrows(() => a.close(1000, "é".repeat(62)), DOMException,
    "WebSocket close reason must not be longer than 123 bytes when UTF-8 encoded.");
  assertEquals(error.name, "SyntaxError");
  a.close(1000, `${"é".repeat(61)}x`);
  withFlags([], () => assertThrows(() => pair()[0].close(1000, "x".repeat(200)), TypeError, NOT_ACCEPTED));
});

test("send after close throws and a second close is ignored", () => {
  const [a] = pair();
  a.accept();
  a.close();
  assertThrows(() => a.send("x"), TypeError, "Can't call WebSocket send() after close().");
  assertEquals([a.close(), a.close(4000, "again")], [undefined, undefined]);
});

test("an end is used in the context it belongs to", async () => {
  const { defineOps, ops } = await import("./host.js");
  const before = ops.checkContext;
  const asked = [];
  defineOps({ checkContext: (contextId, ioType) => {
    asked.push([contextId, ioType]);
    if (contextId !== host.contextId()) throw new Error("different request");
  } });
  try {
    const a = host.inContext(55, () => pair()[0]);
    for (const act of [() => a.accept(), () => a.send("x"), () => a.close()]) assertThrows(act, Error, "different request");
    host.inContext(55, () => a.accept());
    assertEquals(asked, Array(4).fill([55, "Native"]));
  } finally {
    defineOps({ checkContext: before });
  }
});

// --- closing ----------------------------------------------------------------------------------------------------------

test("a Close is answered with the same code, and both ends are closed", async () => {
  const [a, b] = pair();
  const log = [];
  listen(a, "a", log);
  listen(b, "b", log);
  a.accept();
  b.accept();
  a.close(4001, "bye");
  assertEquals(a.readyState, 2);
  await settle();
  assertEquals(log, [["b", "close", 4001, "bye", true, 3], ["a", "close", 4001, "bye", true, 3]]);
  b.close(1000);
  assertThrows(() => b.send("x"), TypeError, "Can't call WebSocket send() after close().");
});

test("a Close without a code is 1005", async () => {
  const [a, b] = pair();
  const log = [];
  listen(b, "b", log);
  a.accept();
  b.accept();
  a.close();
  await settle();
  assertEquals(log, [["b", "close", 1005, "", true, 3]]);
});

test("before the flag the program answers a Close, and may send until it does", async () => {
  const [a, b] = pair();
  const log = [];
  listen(a, "a", log);
  listen(b, "b", log);
  a.accept();
  b.accept();
  setFlags(currentFlags.filter((name) => name !== "web_socket_auto_reply_to_close"));
  a.close(1000, "bye");
  await settle();
  assertEquals([b.readyState, a.readyState], [2, 2]);
  b.send("late");
  b.close(3000, "too");
  await settle();
  setFlags(currentFlags);
  assertEquals(log, [["b", "close", 1000, "bye", true, 2], ["a", "message", "late", 2], ["a", "close", 3000, "too", true, 3]]);
  assertEquals(b.readyState, 3);
});

test("allowHalfOpen leaves the answer to the program", async () => {
  const [a, b] = pair();
  a.accept();
  b.accept({ allowHalfOpen: true });
  a.close(1000);
  await settle();
  assertEquals([a.readyState, b.readyState], [2, 2]);
});

test("a lost connection is a close without a handshake, and sends are ignored then", async () => {
  const [a] = pair();
  const log = [];
  listen(a, "a", log);
  a.accept();
  sockets.receive(sockets.lastId - 1, [1, 1006, "WebSocket disconnected without sending Close frame.", false]);
  await settle();
  // As workerd has it, the state of a lost connection changes after the event.
  assertEquals(log, [["a", "close", 1006, "WebSocket disconnected without sending Close frame.", false, 1]]);
  assertEquals(a.send("x"), undefined);
});

test("a transport error is an error event, and sends are ignored then", async () => {
  const [a] = pair();
  let seen;
  a.onerror = (event) => {
    seen = [event.message, event.error.message, a.readyState];
  };
  a.accept();
  sockets.receive(sockets.lastId - 1, [2, "boom"]);
  await settle();
  assertEquals(seen, ["Uncaught Error: boom", "boom", 3]);
  assertEquals(a.send("x"), undefined);
});

test("a listener that throws is reported and does not stop the next", async () => {
  const [a, b] = pair();
  const seen = [];
  b.addEventListener("message", () => {
    throw new Error("listener");
  });
  b.addEventListener("message", () => seen.push("second"));
  a.accept();
  b.accept();
  a.send("x");
  await settle();
  assertEquals([seen, host.uncaught.length], [["second"], 1]);
  host.uncaught.length = 0;
});

test("an ended context listens no more", async () => {
  const [a, b] = pair();
  const log = [];
  listen(b, "b", log);
  a.accept();
  host.inContext(777, () => b.accept());
  host.main.endContext(777);
  a.send("x");
  await settle();
  assertEquals(log, []);
});

// --- responses --------------------------------------------------------------------------------------------------------

for (const [path, message] of [["accepted", "Can't return WebSocket in a Response after calling accept()."],
  ["hibernating", "Can't return WebSocket in a Response after calling acceptWebSocket()."],
  ["constructed", "Can't return WebSocket in a Response if it was created with `new WebSocket()`"]]) {
  test(`an end that is ${path} cannot be returned`, () =>
    assertRejects(env.Room.getByName("r").fetch(`http://x/${path}`, upgrade), TypeError, message));
}

test("an end cannot be returned twice", async () => {
  const stub = env.Room.getByName("twice");
  await stub.fetch("http://x/twice", upgrade);
  await assertRejects(stub.fetch("http://x/twice", upgrade), TypeError, "Can't return WebSocket that was already used in a response.");
});

test("an end cannot be returned for a request without upgrade", () => assertRejects(env.Room.getByName("r").fetch("http://x/"), TypeError,
  'Worker tried to return a WebSocket in a response to a request which did not contain the header "Upgrade: websocket".'));

test("the caller accepts the socket of a response and talks to the object", async () => {
  const response = await env.Room.getByName("r").fetch("http://x/echo", upgrade);
  const ws = response.webSocket;
  const log = [];
  listen(ws, "ws", log);
  ws.accept();
  ws.send("hi");
  await settle();
  assertEquals([response.status, log], [101, [["ws", "message", "echo hi", 1]]]);
});

test("an end that was returned cannot be accepted any more, and ignores what is sent", async () => {
  const stub = env.Room.getByName("sent");
  await stub.fetch("http://x/twice", upgrade);
  await inObject((ctx, { kept }) => {
    assertThrows(() => kept.accept(), TypeError, "Can't accept() WebSocket that was already used in a response.");
    assertEquals([kept.send("x"), kept.close(1000)], [undefined, undefined]);
    assertThrows(() => ctx.acceptWebSocket(kept), Error, PAIR_USED);
  }, host.objects.get(stub.id.toString()));
});

// --- new WebSocket ----------------------------------------------------------------------------------------------------

for (const [url, protocols, text] of [["nope", undefined, "The url is invalid."], ["/relative", undefined, "The url is invalid."],
  ["http://x/", undefined, "The url scheme must be ws or wss."], ["https://x/", undefined, "The url scheme must be ws or wss."],
  ["ws://x/#", undefined, "The url fragment must be empty."], ["wss://x/#a", undefined, "The url fragment must be empty."],
  ["ws://x", "a b", "The protocol header token is invalid."], ["ws://x", "", "The protocol header token is invalid."],
  ["ws://x", ["a b"], "One of the protocol header tokens is invalid."], ["ws://x", [""], "One of the protocol header tokens is invalid."],
  ["ws://x", ["a", "a"], "The protocols header cannot have repeating values."]]) {
  test(`new WebSocket(${JSON.stringify(url)}, ${JSON.stringify(protocols)}) throws`, () => {
    assertEquals(assertThrows(() => new WebSocket(url, protocols), DOMException, `WebSocket Constructor: ${text}`).name, "SyntaxError");
  });
}

test("new WebSocket needs a URL", () => assertThrows(() => new WebSocket(), TypeError,
  "Failed to construct 'WebSocket': constructor parameter 1 is not of type 'string'."));

test("a connecting socket cannot be accepted, sent to or hibernate", async () => {
  const ws = connecting();
  assertEquals([ws.readyState, ws.url], [0, "ws://x/"]);
  assertThrows(() => ws.accept(), TypeError, "Websockets obtained from the 'new WebSocket()' constructor cannot call accept");
  assertThrows(() => ws.send("x"), TypeError, NOT_ACCEPTED);
  await inObject((ctx) => assertThrows(() => ctx.acceptWebSocket(ws), Error,
    "Cannot call `acceptWebSocket()` on this WebSocket because its pair has already been accepted or used in a Response."));
});

test("a connected socket opens, has its protocol, and needs no accept", async () => {
  const asked = [];
  let server;
  sockets.onConnect = async (url, protocols) => {
    asked.push(url, protocols);
    const [client, other] = sockets.pair();
    server = other;
    return [client, "chat", "permessage-deflate"];
  };
  const log = [];
  const ws = new WebSocket("wss://x/path", ["chat", "other"]);
  listen(ws, "ws", log);
  await settle();
  assertEquals([asked, ws.readyState, ws.protocol, ws.extensions], [["wss://x/path", ["chat", "other"]], 1, "chat", "permessage-deflate"]);
  sockets.receive(server - 1, [0, "hello"]);
  await settle();
  ws.send("x");
  assertEquals(log, [["ws", "open", 1], ["ws", "message", "hello", 1]]);
});

test("a failed connection is an error and then a close", async () => {
  const text = "Failed to establish the WebSocket connection: expected server to reply with HTTP status code 101 (switching protocols), but received 404 instead.";
  sockets.onConnect = () => Promise.reject(new Error(text));
  const ws = new WebSocket("ws://x/");
  const log = [];
  let message;
  ws.onerror = (event) => {
    message = event.message;
  };
  listen(ws, "ws", log);
  await settle();
  assertEquals([message, log], [`Uncaught Error: ${text}`, [["ws", "error", 3], ["ws", "close", 1006, "Failed to establish websocket connection", false, 3]]]);
});

test("a close before the connection takes effect when it is made", async () => {
  let connect;
  sockets.onConnect = () => new Promise((resolve) => {
    connect = resolve;
  });
  const ws = new WebSocket("ws://x/");
  const log = [];
  listen(ws, "ws", log);
  ws.close();
  assertEquals(ws.readyState, 2);
  connect([sockets.pair()[0], "", ""]);
  await settle();
  assertEquals(log.map((entry) => entry[1]), ["error", "close"]);
});

// --- attachments ------------------------------------------------------------------------------------------------------

test("an attachment is cloned in and out, and null when there is none", async () => {
  await inObject((ctx) => {
    const [a, b] = pair();
    assertEquals(a.deserializeAttachment(), null);
    const value = { list: [1] };
    a.serializeAttachment(value);
    value.list.push(2);
    ctx.acceptWebSocket(a);
    const copy = a.deserializeAttachment();
    copy.list.push(3);
    assertEquals(a.deserializeAttachment(), { list: [1] });
    a.serializeAttachment(undefined);
    assertEquals([a.deserializeAttachment(), b.deserializeAttachment()], [undefined, null]);
  });
});

test("an attachment of 16384 bytes is kept and one of 16385 is not", () => {
  const [a] = pair();
  a.serializeAttachment("x".repeat(16379));
  assertThrows(() => a.serializeAttachment("x".repeat(16380)), Error,
    "A WebSocket 'attachment' cannot be larger than 16384 bytes.'attachment' was 16385 bytes.");
  assertEquals(a.deserializeAttachment().length, 16379);
});

test("an attachment must be there and cloneable", () => {
  const [a] = pair();
  assertThrows(() => a.serializeAttachment(), TypeError, "Failed to execute 'serializeAttachment' on 'WebSocket': parameter 1 is not of type 'Value'.");
  assertThrows(() => a.serializeAttachment(() => {}), DOMException, "() => {} could not be cloned.");
  assertThrows(() => a.serializeAttachment(env.Room.getByName("x")), DOMException, "ServiceStub cannot be serialized in this context.");
});

// --- acceptWebSocket --------------------------------------------------------------------------------------------------

test("tags are strings without duplicates", async () => {
  await inObject((ctx) => {
    const [a] = pair();
    ctx.acceptWebSocket(a, ["a", "a", "b", 5]);
    assertEquals(ctx.getTags(a), ["a", "b", "5"]);
  });
});

test("ten tags of 256 bytes are accepted, more or longer ones are not", async () => {
  await inObject((ctx) => {
    const tags = Array.from({ length: 10 }, (_, i) => `${i}`.padEnd(256, "x"));
    assertThrows(() => ctx.acceptWebSocket(pair()[0], [...tags, "more"]), Error, "a Hibernatable WebSocket cannot have more than 10 tags");
    assertThrows(() => ctx.acceptWebSocket(pair()[0], ["x".repeat(257)]), Error,
      `"${"x".repeat(257)}" is longer than the max tag length (256 characters).`);
    assertThrows(() => ctx.acceptWebSocket(pair()[0], ["é".repeat(129)]), Error,
      `"${"é".repeat(129)}" is longer than the max tag length (256 characters).`);
    ctx.acceptWebSocket(pair()[0], tags);
    ctx.acceptWebSocket(pair()[0], [...tags.slice(1), tags[1]]);
    // They are counted before those that are the same are found.
    assertThrows(() => ctx.acceptWebSocket(pair()[0], [...tags, tags[0]]), Error, "a Hibernatable WebSocket cannot have more than 10 tags");
  });
});

test("the arguments of acceptWebSocket and its relatives are checked", async () => {
  await inObject((ctx) => {
    const wrong = (method, position, type) => `Failed to execute '${method}' on 'DurableObjectState': parameter ${position} is not of type '${type}'.`;
    for (const value of [undefined, {}, "x"]) {
      assertThrows(() => ctx.acceptWebSocket(value), TypeError, wrong("acceptWebSocket", 1, "WebSocket"));
      assertThrows(() => ctx.getTags(value), TypeError, wrong("getTags", 1, "WebSocket"));
    }
    assertThrows(() => ctx.acceptWebSocket(pair()[0], "x"), TypeError, wrong("acceptWebSocket", 2, "Array"));
    assertThrows(() => ctx.setWebSocketAutoResponse({}), TypeError, wrong("setWebSocketAutoResponse", 1, "WebSocketRequestResponsePair"));
    assertThrows(() => ctx.setWebSocketAutoResponse(null), TypeError, wrong("setWebSocketAutoResponse", 1, "WebSocketRequestResponsePair"));
  });
});

const ALREADY = "Cannot call `acceptWebSocket()` if the WebSocket was already accepted via `accept()`";
const PAIR_USED = "Cannot call `acceptWebSocket()` on this WebSocket because its pair has already been accepted or used in a Response.";

test("an end in use cannot be accepted for hibernation", async () => {
  await inObject((ctx) => {
    const [a, b] = pair();
    a.accept();
    assertThrows(() => ctx.acceptWebSocket(a), Error, ALREADY);
    assertThrows(() => ctx.acceptWebSocket(b), Error, PAIR_USED);
    const [c, d] = pair();
    ctx.acceptWebSocket(c);
    assertThrows(() => ctx.acceptWebSocket(c), Error, ALREADY);
    assertThrows(() => ctx.acceptWebSocket(d), Error, PAIR_USED);
    assertThrows(() => c.accept(), TypeError, "Can't accept() WebSocket after enabling hibernation.");
  });
});

test("only hibernatable sockets have tags", async () => {
  await inObject((ctx) => {
    const [a, b] = pair();
    assertThrows(() => ctx.getTags(b), Error, "you must call 'acceptWebSocket()' before attempting to access the tags of a WebSocket.");
    a.accept();
    assertThrows(() => ctx.getTags(a), Error, "only hibernatable websockets can have tags.");
  });
});

test("sockets are listed newest first, and by tag in order of acceptance", async () => {
  await inObject((ctx) => {
    const [a, b, c] = [pair()[0], pair()[0], pair()[0]];
    ctx.acceptWebSocket(a, ["t"]);
    ctx.acceptWebSocket(b);
    ctx.acceptWebSocket(c, ["t", "u"]);
    const same = (list, expected) => list.length === expected.length && list.every((ws, i) => ws === expected[i]);
    assert(same(ctx.getWebSockets(), [c, b, a]));
    assert(same(ctx.getWebSockets("t"), [a, c]));
    assert(same(ctx.getWebSockets("none"), []));
  });
});

test("an object lists its own sockets only", async () => {
  await inObject((ctx) => ctx.acceptWebSocket(pair()[0]));
  const other = await inObject((ctx) => ctx.getWebSockets().length);
  assertEquals(other.value, 0);
});

// --- auto-response and timeout ----------------------------------------------------------------------------------------

test("a request-response pair is read-only and needs both strings", () => {
  const both = new WebSocketRequestResponsePair("a", 5);
  assertEquals([both.request, both.response], ["a", "5"]);
  assertThrows(() => {
    both.request = "x";
  }, TypeError);
  assertThrows(() => new WebSocketRequestResponsePair(), TypeError,
    "Failed to construct 'WebSocketRequestResponsePair': constructor parameter 1 is not of type 'string'.");
  assertThrows(() => new WebSocketRequestResponsePair("a"), TypeError,
    "Failed to construct 'WebSocketRequestResponsePair': constructor parameter 2 is not of type 'string'.");
});

test("an auto-response is set, read and removed", async () => {
  await inObject((ctx) => {
    assertEquals(ctx.getWebSocketAutoResponse(), null);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    const set = ctx.getWebSocketAutoResponse();
    assertEquals([set instanceof WebSocketRequestResponsePair, set.request, set.response], [true, "ping", "pong"]);
    ctx.setWebSocketAutoResponse();
    assertEquals(ctx.getWebSocketAutoResponse(), null);
  });
});

test("auto-responses of 2048 bytes are accepted and of 2049 are not", async () => {
  await inObject((ctx) => {
    const fits = "é".repeat(1024);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(fits, fits));
    assertThrows(() => ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(`${fits}x`, "b")), RangeError,
      "Request cannot be larger than 2048 bytes. A request of size 2049 was provided.");
    assertThrows(() => ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("a", `${fits}x`)), RangeError,
      "Response cannot be larger than 2048 bytes. A response of size 2049 was provided.");
  });
});

test("the time of the last auto-response is a Date or null", async () => {
  await inObject((ctx) => {
    const [a, b] = [pair()[0], pair()[0]];
    ctx.acceptWebSocket(a, ["answered"]);
    ctx.acceptWebSocket(b);
    assertEquals([ctx.getWebSocketAutoResponseTimestamp(a), ctx.getWebSocketAutoResponseTimestamp(b),
      ctx.getWebSocketAutoResponseTimestamp(pair()[0])], [new Date(1234), null, null]);
  });
});

test("the event timeout is at most a week, and 0 unsets it", async () => {
  await inObject((ctx) => {
    const seen = [ctx.getHibernatableWebSocketEventTimeout()];
    for (const ms of [604800000, 0, "5", undefined, 1.5]) {
      ctx.setHibernatableWebSocketEventTimeout(ms);
      seen.push(ctx.getHibernatableWebSocketEventTimeout());
    }
    assertEquals(seen, [null, 604800000, null, 5, null, 1]);
    assertThrows(() => ctx.setHibernatableWebSocketEventTimeout(604800001), Error, "Event timeout should not exceed 604800000 ms.");
    assertThrows(() => ctx.setHibernatableWebSocketEventTimeout(-1), TypeError,
      "The value cannot be converted because it is negative and this API expects a positive number.");
    assertThrows(() => ctx.setHibernatableWebSocketEventTimeout(NaN), TypeError, "The value cannot be converted because it is not an integer.");
  });
});

// --- handlers ---------------------------------------------------------------------------------------------------------

/** A hibernating socket of a fresh object and the id of its other end. */
async function connected(className = 0) {
  let server;
  const object = await inObject((ctx) => {
    const [a, b] = pair();
    ctx.acceptWebSocket(a, ["tag"]);
    b.accept();
    server = a;
    return b;
  }, host.object(className, String(++count).padStart(64, "0"), undefined));
  return { object, server, client: object.value };
}

test("messages reach webSocketMessage with the same socket, bytes as an ArrayBuffer", async () => {
  const { client, server } = await connected();
  client.send("text");
  client.send(new Uint8Array([1, 2]));
  await settle();
  const [text, , bytes] = events;
  assert(text[1] === server && bytes[1] === server);
  assertEquals([text[2], bytes[2] instanceof ArrayBuffer, [...new Uint8Array(bytes[2])]], ["text", true, [1, 2]]);
});

test("the next message waits until the handler has finished", async () => {
  const { client } = await connected();
  let finish;
  slow = new Promise((resolve) => {
    finish = resolve;
  });
  client.send("one");
  client.send("two");
  await settle();
  assertEquals(events.map(([kind]) => kind), ["message"]);
  slow = undefined;
  finish();
  await settle();
  assertEquals(events.map(([kind, a]) => (kind === "handled" ? a : kind)), ["message", "one", "message", "two"]);
});

test("a handler that throws fails its event and leaves the socket open", async () => {
  const { client, server } = await connected();
  client.send("throw");
  client.send("next");
  await settle();
  assertEquals([host.failures, events.map(([kind]) => kind), server.readyState], [["TypeError: handler"], ["message", "message", "handled"], 1]);
  host.failures.length = 0;
});

test("listeners of a hibernatable socket are not called", async () => {
  const { client, server } = await connected();
  const log = [];
  listen(server, "server", log);
  client.send("x");
  await settle();
  assertEquals(log, []);
});

test("a Close reaches webSocketClose with the socket closing, is answered after it, and the socket is detached", async () => {
  const { object, client } = await connected();
  client.close(4000, "bye");
  await settle();
  assertEquals(events, [["close", 4000, "bye", true, 2]]);
  await inObject((ctx) => {
    assertEquals(ctx.getWebSockets(), []);
  }, object);
  assertEquals(client.readyState, 3);
});

test("before the flag webSocketClose must close the socket itself", async () => {
  const { client, server } = await connected();
  setFlags(currentFlags.filter((name) => name !== "web_socket_auto_reply_to_close"));
  client.close(1000, "bye");
  await settle();
  setFlags(currentFlags);
  assertEquals([events, client.readyState, server.readyState], [[["close", 1000, "bye", true, 2]], 2, 2]);
});

test("a lost connection is a close that was not clean", async () => {
  const { server } = await connected();
  sockets.receive(sockets.lastId - 1, [1, 1006, "WebSocket disconnected without sending Close frame.", false]);
  await settle();
  assertEquals(events, [["close", 1006, "WebSocket disconnected without sending Close frame.", false, 1]]);
  assertEquals(server.send("x"), undefined);
});

test("a transport error reaches webSocketError", async () => {
  await connected();
  sockets.receive(sockets.lastId - 1, [2, "boom"]);
  await settle();
  assertEquals(events, [["error", "boom"]]);
});

test("events without a handler are dropped", async () => {
  const { client } = await connected(1);
  client.send("x");
  client.close();
  await settle();
  assertEquals([host.failures, client.readyState], [[], 3]);
});

// --- waking up --------------------------------------------------------------------------------------------------------

test("a socket wakes its object: a new instance, a new socket object, the same attachment and tags", async () => {
  const { object, client, server } = await connected();
  server.serializeAttachment({ who: "me" });
  host.evict(object);
  client.send("wake");
  await settle();
  const woken = events[0][1];
  assert(woken !== server && woken instanceof WebSocket);
  await inObject((ctx, room) => {
    assertEquals([room.atStart, ctx.getWebSockets()[0] === woken, ctx.getTags(woken), woken.deserializeAttachment(), woken.readyState, woken.url],
      [1, true, ["tag"], { who: "me" }, 1, null]);
  }, object);
});

test("that a Close was sent outlives hibernation", async () => {
  const { object, server } = await connected();
  sockets.ends.get(sockets.lastId).use = "idle";
  server.close(1000);
  host.evict(object);
  await inObject((ctx) => {
    const [woken] = ctx.getWebSockets();
    assertEquals(woken.readyState, 2);
    assertThrows(() => woken.send("x"), TypeError, "Can't call WebSocket send() after close().");
  }, object);
});

test("nothing was reported as uncaught", async () => {
  await settle();
  assertEquals([host.uncaught, host.failures], [[], []]);
});
