/**
 * `request.signal` of a request that arrived. The client that leaves is another request, which gives its own up or ends. What
 * clients on the network see is in crates/cli/tests/departures.rs. Flags: enable_request_signal, request_signal_passthrough.
 */

import { WorkerEntrypoint } from "cloudflare:workers";
import { caseObject, caseWorker, show } from "../harness.js";

/** A promise and what resolves it. */
function gate() {
  let open;
  const opened = new Promise((resolve) => { open = resolve; });
  return { opened, open };
}

/** What an object saw of the request that a case sent. */
class Watched {
  lines = [];
  began = gate();
  left = gate();
  ended = gate();

  watch(request) {
    const { signal } = request;
    this.lines.push(`begins: ${signal.aborted}`);
    signal.addEventListener("abort", () => {
      this.lines.push(`leaves: ${signal.aborted} ${show(signal.reason)} ${signal.reason.code}`);
      this.left.open();
    });
    this.began.open();
    return signal;
  }
}

/** A case: its object answers with `answer(watched, request, object)`, and `client(stub, transcript)` sends the request. */
function watched(answer, client) {
  return {
    object: {
      construct(object) { object.watched = new Watched(); },
      fetch: (object, request) => answer(object.watched, request, object),
      began: (object) => object.watched.began.opened,
      left: (object) => object.watched.left.opened,
      goOn: (object) => object.watched.left.open(),
      ended: (object) => object.watched.ended.opened,
      lines: (object) => object.watched.lines,
    },
    async worker({ object }, transcript) {
      await client(object, transcript);
      transcript.lines.push(...(await object.step("lines")));
    },
  };
}

/** Sends a request, waits until it has begun, and gives it up. */
async function giveUp(stub, transcript, send = (controller) => stub.fetch("http://object/", { signal: controller.signal })) {
  const controller = new AbortController();
  const answer = send(controller);
  const failed = answer.then(() => transcript.write("answered"), (error) => transcript.write("rejects", error));
  await stub.step("began");
  controller.abort(new Error("no patience"));
  await failed;
}

/** The object of a case notes what a service does. */
function noted() {
  return {
    construct(object) { object.watched = new Watched(); },
    note(object, line) { object.watched.lines.push(line); },
    open(object, name) { object.watched[name].open(); },
    again(object) { return object.watched.ended.opened.then(() => { object.watched.began = gate(); object.watched.ended = gate(); }); },
    began: (object) => object.watched.began.opened,
    left: (object) => object.watched.left.opened,
    ended: (object) => object.watched.ended.opened,
    lines: (object) => object.watched.lines,
  };
}

const encoder = new TextEncoder();

const cases = {
  "11.5 a caller that gives up": watched(
    async (watched, request) => {
      watched.watch(request);
      await watched.left.opened;
      watched.lines.push("goes on");
      watched.ended.open();
      return new Response("too late");
    },
    async (stub, transcript) => {
      await giveUp(stub, transcript);
      await stub.step("ended");
    },
  ),

  "11.5 a signal that is asked for when the caller has gone": watched(
    async (watched, request) => {
      watched.began.open();
      await watched.left.opened;
      watched.lines.push(`${request.signal.aborted} ${show(request.signal.reason)}`);
      watched.ended.open();
      return new Response("too late");
    },
    async (stub, transcript) => {
      await giveUp(stub, transcript);
      await scheduler.wait(20);
      await stub.step("goOn");
      await stub.step("ended");
    },
  ),

  "11.5 a caller that reads everything": watched(
    (watched, request) => {
      watched.watch(request);
      return new Response("everything");
    },
    async (stub, transcript) => {
      const response = await stub.fetch("http://object/");
      transcript.write("text", await response.text());
      await scheduler.wait(20);
    },
  ),

  "11.5 a caller that reads a stream to its end": watched(
    (watched, request) => {
      watched.watch(request);
      return new Response(new ReadableStream({
        async pull(controller) {
          await scheduler.wait(1);
          controller.enqueue(encoder.encode("a"));
          controller.close();
        },
      }));
    },
    async (stub, transcript) => {
      const response = await stub.fetch("http://object/");
      transcript.write("text", await response.text());
      await scheduler.wait(20);
    },
  ),

  "11.5 a caller that cancels the body": watched(
    (watched, request) => {
      watched.watch(request);
      const { readable, writable } = new TransformStream();
      const writer = writable.getWriter();
      (async () => {
        for (;;) {
          await writer.write(encoder.encode("a"));
          await scheduler.wait(5);
        }
      })().catch(() => {});
      return new Response(readable);
    },
    async (stub) => {
      const response = await stub.fetch("http://object/");
      const reader = response.body.getReader();
      await reader.read();
      await reader.cancel("enough");
      await stub.step("left");
    },
  ),

  "11.5 copies of the request": watched(
    (watched, request) => {
      const signal = watched.watch(request);
      const copies = [request.clone(), new Request(request), new Request("http://other/", request), new Request(new Request(request))];
      watched.lines.push(`same: ${copies.map((copy) => copy.signal === signal)}`);
      watched.lines.push(`without: ${new Request(request, { signal: null }).signal === signal}`);
      const own = new AbortController();
      watched.lines.push(`own: ${new Request(request, { signal: own.signal }).signal === own.signal}`);
      return new Response("copied");
    },
    async (stub) => { await (await stub.fetch("http://object/")).text(); },
  ),

  "11.5 a service that is called": {
    object: noted(),
    async worker({ env, object, name }, transcript) {
      await giveUp(object, transcript,
        (controller) => env.PEER.fetch(`http://peer/wait?${name}`, { signal: controller.signal }));
      await object.step("left");
      // What it was doing ends with its caller.
      await scheduler.wait(60);
      transcript.lines.push(...(await object.step("lines")));
    },
  },

  "11.5 a service that has more to do": {
    object: noted(),
    async worker({ env, object, name }, transcript) {
      await giveUp(object, transcript,
        (controller) => env.PEER.fetch(`http://peer/waitUntil?${name}`, { signal: controller.signal }));
      await object.step("left");
      await object.step("ended");
      transcript.lines.push(...(await object.step("lines")));
    },
  },

  "11.5 a service that remembers something to do": {
    object: noted(),
    async worker({ env, object, name }, transcript) {
      await giveUp(object, transcript,
        (controller) => env.PEER.fetch(`http://peer/waitUntilLater?${name}`, { signal: controller.signal }));
      await object.step("ended");
      transcript.lines.push(...(await object.step("lines")));
    },
  },

  "11.5 a request that is sent on": {
    object: { ...noted(), async fetch(object) { await scheduler.wait(60); return new Response("sent on"); } },
    async worker({ env, object, name }, transcript) {
      for (const kind of ["request", "signal", "copy", "any", "other"]) {
        await giveUp(object, transcript,
          (controller) => env.PEER.fetch(`http://peer/${kind}?${name}`, { signal: controller.signal }));
        await object.step("again");
      }
      transcript.lines.push(...(await object.step("lines")));
    },
  },
};

/** Another program, as far as its callers know. */
export class Peer extends WorkerEntrypoint {
  async fetch(request) {
    const { pathname, search } = new URL(request.url);
    const notes = this.env.SUBJECT.getByName(decodeURIComponent(search.slice(1)));
    const kind = pathname.slice(1);
    const { signal } = request;
    if (kind.startsWith("wait")) {
      signal.addEventListener("abort", () => {
        this.ctx.waitUntil(notes.step("note", `leaves: ${show(signal.reason)}`).then(() => notes.step("open", "left")));
        if (kind === "waitUntilLater") this.ctx.waitUntil(this.later(notes, signal));
      });
      if (kind === "waitUntil") this.ctx.waitUntil(this.later(notes, signal));
      await notes.step("open", "began");
      await scheduler.wait(kind === "wait" ? 30 : 10_000);
      await notes.step("note", "never noted");
      return new Response("too late");
    }
    const sent = {
      request: () => notes.fetch(request),
      signal: () => notes.fetch("http://object/", { signal }),
      copy: () => notes.fetch(new Request("http://object/", request)),
      any: () => notes.fetch("http://object/", { signal: AbortSignal.any([signal]) }),
      other: () => notes.fetch("http://object/"),
    }[kind];
    const noted = sent().then(
      (response) => notes.step("note", `${kind}: ${response.status}`),
      (error) => notes.step("note", `${kind}: ${show(error)}`),
    ).then(() => notes.step("open", "ended"));
    this.ctx.waitUntil(noted);
    await notes.step("open", "began");
    await noted;
    return new Response("too late");
  }

  async later(notes, signal) {
    await scheduler.wait(20);
    await notes.step("note", `later: ${signal.aborted}`);
    await notes.step("open", "ended");
  }
}

export default caseWorker(cases);
export class Subject extends caseObject(cases) {}
