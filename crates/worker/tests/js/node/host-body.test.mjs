// On Node only: bodies and fetches against the stand-in host, whose state the tests look at.
import { AbortController, AbortSignal } from "stated:abort";
import { hostBodyStream, streamToHostBody } from "stated:body";
import { TextDecoder, TextEncoder } from "stated:encoding";
import { fetch } from "stated:fetch";
import { Request, requestFromHost, requestToWire, signalOf } from "stated:request";
import { Response, responseFromHost, responseToWire } from "stated:response";
import { setFlags } from "stated:settings";
import { FixedLengthStream, ReadableStream } from "stated:streams";
import { assert, assertEquals, assertRejects, assertThrows, test } from "stated:test";
import { abortedFetches, answerFetch, callerWatches, callersLeft, bodyCalls, bodyState, newBody, openDecoders, reported } from "./host-web.mjs";
import { ops } from "./host.js";

const bytes = (text) => new TextEncoder().encode(text);
const text = (given) => new TextDecoder().decode(given);
const resetCalls = () => { for (const name of Object.keys(bodyCalls)) delete bodyCalls[name]; };

test("reading a host body as a whole is one operation and makes no stream", async () => {
  for (const [method, wanted] of [["text", "1"], ["json", 1], ["bytes", bytes("1")]]) {
    resetCalls();
    const request = requestFromHost("POST", "http://x/", [], newBody(["1"]));
    assertEquals(await request[method](), wanted);
    assertEquals([bodyCalls.bodyReadAll, request.bodyUsed], [1, true]);
  }
});

test("a host body whose stream was only touched is still read as a whole", async () => {
  resetCalls();
  const response = responseFromHost([200, "", [], newBody(["a", "b"]), "", false, 0]);
  void response.body;
  assertEquals([await response.text(), bodyCalls.bodyReadAll], ["ab", 1]);
});

test("a host body read chunk by chunk", async () => {
  const chunks = [];
  for await (const chunk of hostBodyStream(newBody(["a", "", "bc"]))) chunks.push(text(chunk));
  assertEquals(chunks, ["a", "bc"]);
});

test("a host body fills the reader's own buffer and gives it back at the end", async () => {
  const reader = hostBodyStream(newBody(["abc"])).getReader({ mode: "byob" });
  assertEquals(text((await reader.read(new Uint8Array(2))).value), "ab");
  assertEquals(text((await reader.read(new Uint8Array(2))).value), "c");
  const last = await reader.read(new Uint8Array(2));
  assertEquals([last.done, last.value?.byteLength], [true, 0]);
});

test("cancelling the stream cancels the body", async () => {
  const id = newBody(["a"]);
  await hostBodyStream(id).cancel();
  assertEquals(bodyState(id).cancelled, true);
});

test("a failing host body fails the stream", async () => {
  const id = newBody([]);
  bodyState(id).error = new Error("Network connection lost.");
  await assertRejects(hostBodyStream(id).getReader().read(), Error, "Network connection lost.");
  await assertRejects(responseFromHost([200, "", [], id, "", false, 0]).text(), Error, "Network connection lost.");
});

test("a fetched response is passed on by moving its body's id", () => {
  const fetched = () => responseFromHost([200, "OK", ["a", "b"], 77, "http://x/", false, 0]);
  assertEquals(responseToWire(fetched())[3], 77);
  const first = fetched();
  assertEquals(responseToWire(new Response(first.body, first)), [200, "OK", ["a", "b"], 77, null, false]);
  assertEquals([first.bodyUsed, first.body?.locked], [true, true]);
});

test("a partly read host body is pumped", async () => {
  const response = responseFromHost([200, "", [], newBody(["a", "b"]), "", false, 0]);
  const stream = /** @type {ReadableStream} */ (response.body);
  const reader = stream.getReader();
  await reader.read();
  reader.releaseLock();
  assertThrows(() => responseToWire(response), TypeError);
});

test("a clone of a host body is the host's tee", async () => {
  resetCalls();
  const request = requestFromHost("POST", "http://x/", [], newBody(["ab"]));
  const clone = request.clone();
  assertEquals([await clone.text(), await request.text(), bodyCalls.bodyTee, bodyCalls.bodyRead], ["ab", "ab", 1, undefined]);
});

test("a stream becomes a host body chunk by chunk, waiting for room", async () => {
  let pulled = 0;
  const stream = new ReadableStream({
    pull(controller) {
      pulled++;
      if (pulled > 3) controller.close();
      else controller.enqueue(bytes(`${pulled}`));
    },
  }, { highWaterMark: 0 });
  const id = streamToHostBody(stream);
  assertEquals([stream.locked, bodyState(id).length], [true, -1]);
  const chunks = [];
  for (let chunk = await ops.bodyRead(id); chunk !== undefined; chunk = await ops.bodyRead(id)) {
    chunks.push(text(chunk));
    assert(pulled <= chunks.length + 1, "the pump ran ahead of its reader");
  }
  assertEquals(chunks, ["1", "2", "3"]);
});

test("the context is kept alive until the pump is done", async () => {
  const begun = [];
  const { taskBegin, taskEnd } = ops;
  ops.taskBegin = (id) => begun.push(["begin", id]);
  const ended = new Promise((resolve) => { ops.taskEnd = (id) => resolve(begun.push(["end", id])); });
  const id = streamToHostBody(ReadableStream.from([bytes("a")]));
  await ops.bodyReadAll(id);
  await ended;
  Object.assign(ops, { taskBegin, taskEnd });
  assertEquals(begun, [["begin", 1], ["end", 1]]);
});

test("a fixed length stream announces its length", () => {
  const { readable } = new FixedLengthStream(5);
  const id = responseToWire(new Response(readable))[3];
  assertEquals(bodyState(id).length, 5);
});

test("a stream that fails aborts the host body and is reported", async () => {
  reported.length = 0;
  const id = streamToHostBody(new ReadableStream({ pull(controller) { controller.error(new RangeError("broken")); } }));
  await assertRejects(ops.bodyRead(id), Error, "RangeError: broken");
  assert(reported[0].startsWith("RangeError: broken"));
});

test("a stream that gives no bytes aborts the host body", async () => {
  let cancelled = false;
  const id = streamToHostBody(new ReadableStream({
    start: (controller) => controller.enqueue(7),
    cancel: () => { cancelled = true; },
  }));
  await assertRejects(ops.bodyRead(id), Error, "TypeError: This ReadableStream did not return bytes.");
  assertEquals(cancelled, true);
});

test("text of a stream leaves as UTF-8", async () => {
  const id = streamToHostBody(new ReadableStream({
    start(controller) {
      controller.enqueue("té");
      controller.close();
    },
  }));
  assertEquals(await ops.bodyRead(id), bytes("té"));
});

test("a reader that is gone cancels the stream", async () => {
  /** @type {any} */ let reason;
  const cancelled = new Promise((resolve) => {
    const stream = new ReadableStream({
      pull: (controller) => controller.enqueue(bytes("a")),
      cancel(given) {
        reason = given;
        resolve(undefined);
      },
    });
    const id = streamToHostBody(stream);
    void ops.bodyRead(id).then(() => ops.bodyCancel(id));
  });
  await cancelled;
  assertEquals(`${reason}`, "Error: Network connection lost.");
});

test("an error whose text cannot be made aborts the body all the same", async () => {
  const hostile = { toString() { throw new Error("no"); } };
  const id = streamToHostBody(new ReadableStream({ start: (controller) => controller.error(hostile) }));
  await assertRejects(ops.bodyRead(id), Error, "the stream failed");
});

test("a decoder that was finished is freed", () => {
  const before = openDecoders();
  const decoder = new TextDecoder();
  decoder.decode(bytes("a"), { stream: true });
  assertEquals(openDecoders(), before + 1);
  decoder.decode();
  assertEquals(openDecoders(), before);
  const fatal = new TextDecoder("utf-8", { fatal: true });
  assertThrows(() => fatal.decode(new Uint8Array([0xff]), { stream: true }), TypeError);
  assertEquals(openDecoders(), before);
});

// --- fetch --------------------------------------------------------------------------------------------------------------

test("fetch hands the request to the host and wraps the answer", async () => {
  let seen;
  answerFetch((request) => {
    seen = request;
    return [201, "Created", ["x", "y"], bytes("hi"), "http://x/final", true, 0];
  });
  const response = await fetch("http://x/a#b", { method: "POST", body: "q", headers: { A: "b" }, redirect: "manual" });
  assertEquals([seen.method, seen.url, seen.headers, text(seen.body), seen.redirect],
    ["POST", "http://x/a#b", ["a", "b", "content-type", "text/plain;charset=UTF-8"], "q", "manual"]);
  assertEquals([response.status, response.statusText, response.url, response.redirected, response.headers.get("x"), await response.text()],
    [201, "Created", "http://x/final", true, "y", "hi"]);
});

test("fetch of a request uses its body up", async () => {
  answerFetch(() => [200, "", [], null, "", false, 0]);
  const request = new Request("http://x", { method: "POST", body: "a" });
  await fetch(request);
  assertEquals(request.bodyUsed, true);
  await assertRejects(fetch(request), TypeError, "Body has already been used. It can only be used once. Use tee() first if you need "
    + "to read it twice.");
});

test("fetch passes a host request on without reading it", async () => {
  let seen;
  answerFetch((request) => {
    seen = request;
    return [200, "", [], null, "", false, 0];
  });
  await fetch(new Request("http://y/", requestFromHost("PUT", "http://x/", ["a", "b"], 31)));
  assertEquals([seen.method, seen.url, seen.headers, seen.body], ["PUT", "http://y/", ["a", "b"], 31]);
});

test("fetch rejects for unsuitable arguments", async () => {
  await assertRejects(() => /** @type {any} */ (fetch)(), TypeError,
    "Failed to execute 'fetch' on 'ServiceWorkerGlobalScope': parameter 1 is not of type 'Request or string'.");
  await assertRejects(() => fetch("x"), TypeError, "Invalid URL: x");
  await assertRejects(() => fetch("ftp://x/"), TypeError, "Fetch API cannot load: ftp://x/");
});

test("fetch rejects with the host's error", async () => {
  answerFetch(() => { throw new Error("Network connection lost."); });
  await assertRejects(fetch("http://x/"), Error, "Network connection lost.");
});

test("an aborted signal keeps fetch from starting", async () => {
  const controller = new AbortController();
  controller.abort();
  answerFetch(() => { throw new Error("started"); });
  assertEquals((await assertRejects(fetch("http://x/", { signal: controller.signal }))).name, "AbortError");
});

test("aborting while the host waits cancels the fetch and rejects with the reason", async () => {
  const controller = new AbortController();
  let token;
  answerFetch((request) => {
    token = request.token;
    return new Promise(() => {});
  });
  const pending = fetch("http://x/", { signal: controller.signal });
  controller.abort(new RangeError("mine"));
  await assertRejects(pending, RangeError, "mine");
  assert(abortedFetches.has(token));
});

test("aborting while the body arrives fails the body with the reason", async () => {
  const controller = new AbortController();
  const id = newBody(["a"]);
  bodyState(id).closed = false;
  answerFetch(() => [200, "", [], id, "", false, 0]);
  const response = await fetch("http://x/", { signal: controller.signal });
  const reader = response.body.getReader();
  await reader.read();
  const { fetchAbort } = ops;
  ops.fetchAbort = () => ops.bodyAbort(id, "cancelled by the host");
  const reading = reader.read();
  controller.abort(new RangeError("mine"));
  ops.fetchAbort = fetchAbort;
  await assertRejects(reading, RangeError, "mine");
});

test("data: URLs are answered without the host", async () => {
  answerFetch(() => { throw new Error("asked the host"); });
  const cases = [
    ["data:text/x,a%20b", "text/x", "a b"], ["data:,hi", "text/plain;charset=US-ASCII", "hi"], ["data:;charset=utf-8,%C3%A9", "text/plain;charset=utf-8", "é"],
    ["data:text/plain;base64,aGk=", "text/plain", "hi"], ["data:text/plain;base64,aG%6B=#f", "text/plain", "hi"], ["data:nonsense,x#y", "text/plain;charset=US-ASCII", "x"],
  ];
  for (const [url, type, wanted] of cases) {
    const response = await fetch(url);
    assertEquals([response.status, response.headers.get("content-type"), await response.text()], [200, type, wanted], url);
  }
  await assertRejects(() => fetch("data:hi"), TypeError, "Fetch API cannot load: data:hi");
  await assertRejects(() => fetch("data:;base64,*"), TypeError, "Fetch API cannot load: data:;base64,*");
});

test("a stream as a request's body is pumped", async () => {
  const [, , , body] = requestToWire(new Request("http://x", { method: "POST", body: ReadableStream.from([bytes("a"), bytes("b")]) }));
  assertEquals(text(await ops.bodyReadAll(body)), "ab");
});

/** Runs `action` with compatibility flags. */
function withFlags(flags, action) {
  setFlags(flags);
  try {
    return action();
  } finally {
    setFlags([]);
  }
}

test("nobody watches the client before the signal is asked for", () => withFlags(["enable_request_signal"], () => {
  const request = requestFromHost("GET", "http://x/", [], null, 71);
  void request.clone();
  void new Request(request);
  assertEquals(callerWatches.has(71), false);
  void request.signal;
  assertEquals(callerWatches.has(71), true);
}));

test("the signal is aborted when the client leaves, with an error that may be retried", () => withFlags(["enable_request_signal"], () => {
  const { signal } = requestFromHost("GET", "http://x/", [], null, 72);
  assertEquals(signal.aborted, false);
  callerWatches.get(72)?.();
  const { name, code, message, retryable } = signal.reason;
  assertEquals([signal.aborted, name, code, message, retryable], [true, "AbortError", 20, "The client has disconnected", true]);
}));

test("the signal of a client that has left is aborted from the start", () => withFlags(["enable_request_signal"], () => {
  callersLeft.add(73);
  assertEquals(requestFromHost("GET", "http://x/", [], null, 73).signal.aborted, true);
}));

test("copies of a request have its client's signal", () => withFlags(["enable_request_signal"], () => {
  const request = requestFromHost("POST", "http://x/", [], null, 74);
  const copy = new Request(new Request(request));
  const { signal } = request.clone();
  assert(copy.signal === signal && request.signal === signal && new Request("http://y/", request).signal === signal);
  assert(new Request(request, { signal: null }).signal !== signal);
  const own = new AbortController();
  assert(new Request(request, { signal: own.signal }).signal === own.signal);
}));

test("without the flag copies have signals of their own, and nobody is watched", () => {
  const request = requestFromHost("GET", "http://x/", [], null, 75);
  const { signal } = request;
  assert(request.clone().signal !== signal && new Request(request).signal !== signal);
  assertEquals(callerWatches.has(75), false);
});

test("the client's signal cancels what is sent on only with its flag", () => {
  for (const [flags, cancels] of /** @type {[string[], boolean][]} */ ([
    [["enable_request_signal"], false], [["enable_request_signal", "request_signal_passthrough"], true],
  ])) {
    withFlags(flags, () => {
      const request = requestFromHost("GET", "http://x/", [], null, 76);
      const sent = [request, new Request(request), new Request("http://y/", request), new Request("http://y/", { signal: request.signal })];
      assertEquals(sent.map((one) => signalOf(one) === request.signal), sent.map(() => cancels));
      assertEquals(signalOf(new Request("http://y/", { signal: AbortSignal.any([request.signal]) })) !== null, true);
    });
  }
});
