import { assert, assertEquals, assertThrows, test } from "stated:test";

const stream = (...chunks) => new ReadableStream({
  start(controller) {
    for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
    controller.close();
  },
});

/** All events of a source until it fails: type, data and last id. */
const eventsOf = (source, ...types) => new Promise((resolve) => {
  const events = [];
  for (const type of ["message", ...types]) {
    source.addEventListener(type, (event) => events.push([event.type, event.data, event.lastEventId]));
  }
  source.onerror = () => resolve(events);
});

test("events are cut out of a stream", async () => {
  const source = EventSource.from(stream("data: one\n\nevent: tick\nid: 7\ndata:two\ndata: three\n\n: comment\n\nid\ndata\n\n"));
  assertEquals([source.readyState, source.url, source.withCredentials], [EventSource.OPEN, "", false]);
  assertEquals(await eventsOf(source, "tick"), [["message", "one", ""], ["tick", "two\nthree", "7"], ["message", "", ""]]);
  assertEquals(source.readyState, EventSource.CLOSED);
});

test("lines end with CR, LF or both, wherever chunks are cut", async () => {
  const text = "\ufeffdata: é\r\n\r\ndata: b\r\rdata: c\n\n";
  const bytes = new TextEncoder().encode(text);
  const source = EventSource.from(new ReadableStream({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  }));
  assertEquals((await eventsOf(source)).map(([, data]) => data), ["é", "b", "c"]);
});

test("an event without its empty line, or without data, is none", async () => {
  const source = EventSource.from(stream("event: x\n\ndata: lost"));
  assertEquals(await eventsOf(source, "x"), []);
});

test("a lost connection is made again with the last id", async () => {
  const requests = [];
  let source;
  const fetcher = {
    async fetch(url, { headers }) {
      requests.push([url, headers["last-event-id"]]);
      if (requests.length === 2) source.close();
      return new Response(stream("retry: 1\nid: 5\ndata: x\n\n"), { headers: { "content-type": "text/event-stream; charset=utf-8" } });
    },
  };
  source = new EventSource("https://example.com/events", { fetcher });
  assertEquals([source.readyState, source.url], [EventSource.CONNECTING, "https://example.com/events"]);
  await new Promise((resolve) => {
    source.onopen = resolve;
  });
  while (source.readyState !== EventSource.CLOSED) await scheduler.wait(1);
  assertEquals(requests, [["https://example.com/events", undefined], ["https://example.com/events", "5"]]);
});

test("a response that is no event stream ends it", async () => {
  const answers = [new Response("", { status: 204 }), new Response("data: x\n\n", { headers: { "content-type": "text/plain" } })];
  const texts = ["The response status code was 204.", "The content type in the response was invalid."];
  for (const [index, answer] of answers.entries()) {
    const source = new EventSource("https://example.com/", { fetcher: { fetch: async () => answer } });
    const event = await new Promise((resolve) => {
      source.onerror = resolve;
    });
    assertEquals([event.message, source.readyState], [texts[index], EventSource.CLOSED]);
  }
});

test("arguments are checked", () => {
  const refused = assertThrows(() => new EventSource("nowhere"), DOMException, "Cannot open an EventSource to 'nowhere'. The URL is invalid.");
  assertEquals(refused.name, "SyntaxError");
  assertThrows(() => new EventSource(), TypeError, "Failed to construct 'EventSource': constructor parameter 1 is not of type 'string'.");
  assertThrows(() => EventSource.from({}), TypeError, "Failed to execute 'from' on 'EventSource': parameter 1 is not of type 'ReadableStream'.");
  const credentials = assertThrows(() => new EventSource("https://a.b", { withCredentials: true }), DOMException,
    "The init.withCredentials option is not supported. It must be false or undefined.");
  assertEquals(credentials.name, "NotSupportedError");
  assertEquals([EventSource.CONNECTING, EventSource.OPEN, EventSource.CLOSED], [0, 1, 2]);
  assert(EventSource.prototype instanceof EventTarget);
});
