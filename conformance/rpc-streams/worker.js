/** Streams of bytes as arguments and results of RPC: who reads what, and what each side is told. Reference: section 10.4. */

import { DurableObject } from "cloudflare:workers";
import { caseObject, caseWorker, inWorker } from "../harness.js";

const encode = (text) => new TextEncoder().encode(text);
const decode = (bytes) => new TextDecoder().decode(bytes);
const textOf = (stream) => new Response(stream).text();

/** A stream of bytes that gives these texts, one at a time. */
function streamOf(...texts) {
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      if (texts.length > 0) {
        controller.enqueue(encode(texts.shift()));
        return;
      }
      controller.close();
      controller.byobRequest?.respond(0);
    },
  });
}

/** A sink of text, and what has arrived in it. */
function sink() {
  const lines = [];
  const writable = new WritableStream({
    write(chunk) { lines.push(typeof chunk === "string" ? chunk : decode(chunk)); },
    close() { lines.push("closed"); },
    abort(reason) { lines.push(`aborted: ${reason}`); },
  });
  return { lines, writable };
}

/** Waits until a list has this many entries, which come by themselves. */
async function until(lines, count) {
  for (let tries = 0; lines.length < count && tries < 500; tries++) await scheduler.wait(2);
  return lines;
}

/** A case with the stub of an object that reads and writes. */
const withPeer = (body) => inWorker(({ env, name }, t) => body(env.PEERS.getByName(name), t));

const cases = {
  "10.4 a stream in a result": withPeer(async (peer, t) => {
    await t.attempt("of bytes", async () => textOf(await peer.give("a", "b")));
    await t.attempt("of any chunks", async () => textOf(await peer.giveDefault()));
    await t.attempt("two, read in the other order", async () => { const [a, b] = await peer.giveTwo(); return [await textOf(b), await textOf(a)]; });
    await t.attempt("what it is", async () => { const stream = await peer.give("a"); return [stream.constructor.name, stream.locked, typeof stream[Symbol.dispose]]; });
    await t.attempt("into a buffer", async () => {
      const reader = (await peer.give("abc", "def")).getReader({ mode: "byob" });
      const { value, done } = await reader.read(new Uint8Array(2));
      return [decode(value), done];
    });
    await t.attempt("teed", async () => Promise.all((await peer.give("a", "b")).tee().map(textOf)));
    await t.attempt("iterated", async () => { let text = ""; for await (const chunk of await peer.give("a", "b")) text += decode(chunk); return text; });
    await t.attempt("piped", async () => { const { lines, writable } = sink(); await (await peer.give("p", "q")).pipeTo(writable); return lines.join(""); });
    await t.attempt("given back", async () => textOf(await peer.echo(await peer.give("a", "b"))));
    await t.attempt("2,000,000 bytes", async () => { let length = 0; for await (const chunk of await peer.giveLarge(2_000_000)) length += chunk.length; return length; });
  }),

  "10.4 a stream as an argument": withPeer(async (peer, t) => {
    await t.attempt("of bytes", () => peer.read(streamOf("x", "y")));
    await t.attempt("given on", async () => textOf(await peer.echo(streamOf("x", "y"))));
    await t.attempt("at its end", () => peer.read(streamOf()));
    await t.attempt("of a length", () => {
      const { readable, writable } = new FixedLengthStream(3);
      const writer = writable.getWriter();
      writer.write(encode("abc"));
      writer.close();
      return peer.read(readable);
    });
    await t.attempt("compressed", async () => textOf((await peer.echo(new Blob(["hello"]).stream().pipeThrough(new CompressionStream("gzip")))).pipeThrough(new DecompressionStream("gzip"))));
    await t.attempt("whose start was read", async () => {
      const stream = streamOf("x", "y");
      const reader = stream.getReader();
      await reader.read();
      reader.releaseLock();
      return peer.read(stream);
    });
    await t.attempt("read after the call", async () => { await peer.keep(streamOf("k", "l")); return peer.readKept(); });
    await t.attempt("in a request", () => peer.readRequest(new Request("http://host/", { method: "POST", body: streamOf("r", "s") })));
  }),

  "10.4 a stream is sent once": withPeer(async (peer, t) => {
    const stream = streamOf("x");
    const call = peer.read(stream);
    t.write("locked at once", stream.locked);
    await t.attempt("call", () => call);
    t.write("locked later", stream.locked);
    await t.attempt("again", () => peer.read(stream));
    const twice = streamOf("x");
    await t.attempt("twice in one call", () => peer.readTwo(twice, twice));
    const locked = streamOf("x");
    locked.getReader();
    await t.attempt("locked", () => peer.read(locked));
  }),

  "10.4 a stream that fails": withPeer(async (peer, t) => {
    await t.attempt("before it is sent", () => peer.read(new ReadableStream({ start(controller) { controller.error(new RangeError("at the start")); } })));
    await t.attempt("while it is read", () => peer.read(new ReadableStream({
      type: "bytes",
      async pull(controller) {
        controller.enqueue(encode("x"));
        await scheduler.wait(1);
        controller.error(new RangeError("later"));
      },
    })));
    await t.attempt("at the callee", async () => textOf(await peer.giveBroken()));
    await t.attempt("with a chunk of text", async () => textOf(await peer.giveChunk("text")));
    await t.attempt("with a chunk that is none", async () => (await (await peer.giveChunk({ a: 1 })).getReader().read()).value);
  }),

  "10.4 a stream that nobody reads": withPeer(async (peer, t) => {
    const reasons = [];
    await peer.ignore(new ReadableStream({ type: "bytes", pull() { return scheduler.wait(10_000); }, cancel(reason) { reasons.push(`${reason}`); } }));
    t.write("canceled", await until(reasons, 1));
    const reader = (await peer.giveEndless()).getReader();
    await reader.read();
    await reader.cancel("enough");
    t.write("canceled at the callee", await peer.canceled());
  }),

  "10.4 a stream waits for its reader": withPeer(async (peer, t) => {
    const stream = await peer.giveCounting();
    let pulled;
    // What is not read fills some buffers and then stops the source.
    for (let last = -1; pulled !== last; pulled = await peer.pulled()) { last = pulled; await scheduler.wait(50); }
    t.write("chunks of 64 KiB", pulled < 2000);
    await stream.cancel();
  }),

  "10.4 a writable stream as an argument": withPeer(async (peer, t) => {
    await t.attempt("of the runtime", async () => { const { readable, writable } = new IdentityTransformStream(); const text = textOf(readable); await peer.write(writable, "a", "b"); return text; });
    await t.attempt("of the program", async () => { const { lines, writable } = sink(); await peer.write(writable, "a", "b"); return lines; });
    await t.attempt("aborted", async () => { const { lines, writable } = sink(); await peer.abortWriter(writable); return until(lines, 1); });
    await t.attempt("that fails", () => peer.write(new WritableStream({ write() { throw new RangeError("in write"); } }), "a", "b", "c"));
    await t.attempt("that the callee pipes into", async () => { const { readable, writable } = new IdentityTransformStream(); const text = textOf(readable); await peer.pipe(streamOf("v", "w"), writable); return text; });
    await t.attempt("locked", () => { const { writable } = sink(); writable.getWriter(); return peer.write(writable, "a"); });
    await t.attempt("locked, of the runtime", () => { const { writable } = new IdentityTransformStream(); writable.getWriter(); return peer.write(writable, "a"); });
  }),

  "10.4 a writable stream in a result": withPeer(async (peer, t) => {
    const write = async (chunk) => { const writer = (await peer.giveWritable()).getWriter(); await writer.write(chunk); await writer.close(); return peer.written(); };
    await t.attempt("bytes", () => write(encode("a")));
    await t.attempt("text", () => write("text"));
    await t.attempt("a number", () => write(7));
  }),

  "10.4 a response with a stream": withPeer(async (peer, t) => {
    const response = await peer.respond();
    t.write("head", response.status, response.headers.get("x"), response.headers.get("content-length"), response.bodyUsed);
    await t.attempt("text", () => response.text());
    await t.attempt("again", () => response.text());
  }),
};

/** Reads and writes what it is given. */
export class Peer extends DurableObject {
  #canceled = [];
  #kept;
  #pulled = 0;
  #sink;

  echo(value) { return value; }
  ignore() {}
  give(...texts) { return streamOf(...texts); }
  giveTwo() { return [streamOf("1"), streamOf("2")]; }
  giveDefault() { return new ReadableStream({ start(controller) { controller.enqueue(encode("d1")); controller.enqueue(encode("d2")); controller.close(); } }); }
  giveChunk(chunk) { return new ReadableStream({ start(controller) { controller.enqueue(chunk); controller.close(); } }); }
  giveBroken() {
    let pulled = 0;
    return new ReadableStream({ type: "bytes", pull(controller) { if (pulled++ === 0) controller.enqueue(encode("x")); else controller.error(new RangeError("at the callee")); } });
  }
  giveEndless() {
    return new ReadableStream({
      type: "bytes",
      async pull(controller) { await scheduler.wait(1); controller.enqueue(encode("x")); },
      cancel: (reason) => { this.#canceled.push(`${reason}`); },
    });
  }
  canceled() { return until(this.#canceled, 1); }
  giveLarge(left) {
    return new ReadableStream({
      type: "bytes",
      pull(controller) {
        if (left === 0) { controller.close(); return; }
        const size = Math.min(left, 65536);
        left -= size;
        controller.enqueue(new Uint8Array(size));
      },
    });
  }
  giveCounting() { return new ReadableStream({ type: "bytes", pull: (controller) => { this.#pulled++; controller.enqueue(new Uint8Array(65536)); } }); }
  pulled() { return this.#pulled; }
  giveWritable() { this.#sink = sink(); return this.#sink.writable; }
  written() { return this.#sink.lines; }
  respond() { return new Response(streamOf("b", "c"), { status: 201, headers: { x: "y" } }); }

  read(stream) { return textOf(stream); }
  async readTwo(a, b) { return [await textOf(a), await textOf(b)]; }
  async readRequest(request) { return [request.method, request.url, await request.text()]; }
  keep(stream) { this.#kept = stream; }
  readKept() { return textOf(this.#kept); }
  async write(stream, ...texts) {
    const writer = stream.getWriter();
    for (const text of texts) await writer.write(encode(text));
    await writer.close();
    return "written";
  }
  async abortWriter(stream) { await stream.getWriter().abort(new RangeError("why")); }
  pipe(readable, writable) { return readable.pipeTo(writable); }
}

export class Subject extends caseObject(cases) {}

export default caseWorker(cases);
