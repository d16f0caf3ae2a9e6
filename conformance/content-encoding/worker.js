/**
 * Content codings of responses: what is decoded when it is read, and encoded when it leaves. Reference: section 11.
 *
 * The Worker is its own origin, over the network, so that what is sent is seen as it was on the wire.
 */

import { WorkerEntrypoint } from "cloudflare:workers";
import { caseObject, caseWorker, inWorker } from "../harness.js";

const text = "hello world ".repeat(50);
const bytesOf = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
const joined = (...parts) => new Uint8Array(parts.flatMap((part) => [...part]));
const raw = {
  gzip: bytesOf("H4sIAAAAAAAAA8tIzcnJVyjPL8pJUcgYZY+yqcQGAA0urSVYAgAA"),
  br: bytesOf("G1cC+I2Ubt5EVYaWIGxvNUtjtUAGVNsA"),
};

/** `raw` of a coding, changed. */
const changes = {
  none: (bytes) => bytes,
  damaged: (bytes) => bytes.map((byte, index) => (index > 11 && index < 16 ? byte ^ 0xff : byte)),
  "wrong checksum": (bytes) => bytes.map((byte, index) => (index === bytes.length - 6 ? byte ^ 0xff : byte)),
  short: (bytes) => bytes.slice(0, -9),
  "followed by other bytes": (bytes) => joined(bytes, bytesOf("anVuaw==")),
  twice: (bytes) => joined(bytes, bytes),
  empty: () => new Uint8Array(0),
  "not encoded": () => new TextEncoder().encode(text),
};

/** What the Worker answers as an origin, by the first part of the path. */
const origin = {
  /** `/raw/<coding>/<change>?as=<Content-Encoding>`: bytes as they are. */
  raw([coding, change = "none"], { as = coding, status = 200 }) {
    const hasBody = status !== "204" && status !== "304";
    const bytes = hasBody ? changes[change](raw[coding]) : null;
    return new Response(bytes, { status, encodeBody: "manual", headers: { "Content-Encoding": as } });
  },
  /** `/made/<Content-Encoding>`: a text that leaves as the headers say. */
  made([coding], { encodeBody, body = text }) {
    return new Response(body, { headers: { "Content-Encoding": coding }, encodeBody });
  },
  /** The same from a stream. */
  streamed([coding]) {
    const { readable, writable } = new TransformStream();
    const writer = writable.getWriter();
    const chunks = text.match(/.{100}/g).map((chunk) => new TextEncoder().encode(chunk));
    chunks.reduce((before, chunk) => before.then(() => writer.write(chunk)), Promise.resolve()).then(() => writer.close());
    return new Response(readable, { headers: { "Content-Encoding": coding } });
  },
  /** Many zeros that take few bytes. */
  zeros() {
    const chunk = new Uint8Array(1 << 20);
    let left = 32;
    const stream = new ReadableStream({
      pull(controller) {
        if (left-- > 0) controller.enqueue(chunk);
        else controller.close();
      },
    });
    return new Response(stream, { headers: { "Content-Encoding": "gzip" } });
  },
  headers(_, __, request) {
    return Response.json(request.headers.get("Accept-Encoding"));
  },
  async upload(_, __, request) {
    return Response.json([request.headers.get("Content-Encoding"), (await request.arrayBuffer()).byteLength]);
  },
  async pass([how, ...rest], _, request) {
    const response = await fetch(new URL(`/origin/raw/${rest.join("/")}`, request.url));
    return passes[how](response);
  },
};

/** What a Worker may do with a response that it has not read. */
const passes = {
  "as it is": (response) => response,
  "as a copy": (response) => new Response(response.body, response),
  "as a clone": (response) => response.clone(),
  "through a stream": (response) => new Response(response.body.pipeThrough(new TransformStream()), response),
  "its body alone": (response) => new Response(response.body),
  "without its header": (response) => {
    const copy = new Response(response.body, response);
    copy.headers.delete("Content-Encoding");
    return copy;
  },
  "under another name": (response) => {
    const copy = new Response(response.body, response);
    copy.headers.set("Content-Encoding", response.headers.get("Content-Encoding") === "br" ? "gzip" : "br");
    return copy;
  },
  "as it is read": (response) => new Response(response.body, { headers: response.headers, encodeBody: "manual" }),
  "as a text": async (response) => new Response(await response.text(), response),
};

export class Service extends WorkerEntrypoint {
  fetch(request) {
    return origin.made(["gzip"], Object.fromEntries(new URL(request.url).searchParams));
  }
  give(encodeBody) {
    return origin.made(["gzip"], { encodeBody });
  }
  async giveBody(address) {
    return (await fetch(`http://${address}/origin/raw/gzip`)).body;
  }
}

/** A case that gets `at(path)`, the URL of an answer of the origin above. */
const overNetwork = (body) =>
  inWorker(({ address, ctx }, t) => {
    const [host] = address.split("/");
    return body((path) => `http://${host}/origin/${path}`, t, ctx.exports, host);
  });

/** Status, coding and the start of the text, or the error. */
const read = async (t, label, url, init) => {
  const response = await fetch(url, init);
  await t.attempt(label, async () => {
    const got = await response.text();
    return [response.status, response.headers.get("Content-Encoding"), got.length, got === text ? "the text" : "another"];
  });
};

/** What is on the wire. */
const wire = async (url, init) => {
  const response = await fetch(url, { ...init, encodeResponseBody: "manual" });
  return [response.headers.get("Content-Encoding"), new Uint8Array(await response.arrayBuffer())];
};

const same = (a, b) => a.length === b.length && a.every((byte, index) => byte === b[index]);

const cases = {
  "11 what is decoded when it is read": overNetwork(async (at, t) => {
    for (const coding of ["gzip", "br"]) await read(t, coding, at(`raw/${coding}`));
    const response = await fetch(at("raw/gzip"));
    t.write("headers", response.headers.get("Content-Encoding"), response.headers.get("Content-Length"));
    t.write("arrayBuffer", (await response.arrayBuffer()).byteLength);
    t.write("blob", (await (await fetch(at("raw/gzip"))).blob()).size);
  }),

  "11 what is left alone": overNetwork(async (at, t) => {
    for (const name of ["GZIP", "x-gzip", "gzip, identity", "gzip,gzip", "identity", "deflate", "zstd", "nonsense"]) {
      await read(t, name, at(`raw/gzip?as=${encodeURIComponent(name)}`));
    }
  }),

  "11 damaged bodies": overNetwork(async (at, t) => {
    for (const coding of ["gzip", "br"]) {
      for (const change of Object.keys(changes)) await read(t, `${coding} ${change}`, at(`raw/${coding}/${change}`));
    }
  }),

  "11 a damaged body by a reader": overNetwork(async (at, t) => {
    const count = async (path) => {
      const reader = (await fetch(at(path))).body.getReader();
      let length = 0;
      try {
        for (let part = await reader.read(); !part.done; part = await reader.read()) length += part.value.length;
      } catch (error) {
        return [length, error];
      }
      return length;
    };
    t.write("whole", await count("raw/gzip"));
    t.write("short", await count("raw/gzip/short"));
    t.write("wrong checksum", (await count("raw/gzip/wrong checksum"))[1]);
    const response = await fetch(at("raw/gzip/damaged"));
    await t.attempt("text", () => response.text());
    await t.attempt("again", () => response.text());
    t.write("used", response.bodyUsed);
  }),

  "11 a decoded body by parts and twice": overNetwork(async (at, t) => {
    const reader = (await fetch(at("raw/gzip"))).body.getReader({ mode: "byob" });
    t.write("byob", (await reader.read(new Uint8Array(7))).value);
    await reader.cancel();
    const [left, right] = (await fetch(at("raw/gzip"))).body.tee();
    t.write("tee", (await new Response(left).text()).length, (await new Response(right).text()).length);
    const response = await fetch(at("raw/br"));
    const clone = response.clone();
    t.write("clone", (await clone.text()).length, (await response.text()).length);
  }),

  "11 responses without a body": overNetwork(async (at, t) => {
    await read(t, "HEAD", at("raw/gzip"), { method: "HEAD" });
    for (const status of [204, 304]) await read(t, status, at(`raw/gzip?status=${status}`));
    await read(t, "404", at("raw/gzip?status=404"));
  }),

  "11 encodeResponseBody": overNetwork(async (at, t) => {
    t.write("manual", same((await wire(at("raw/gzip")))[1], raw.gzip));
    t.write("automatic", (await (await fetch(at("raw/gzip"), { encodeResponseBody: "automatic" })).text()).length);
    await t.attempt("another", () => new Request(at("raw/gzip"), { encodeResponseBody: "other" }));
    await t.attempt("null", () => new Request(at("raw/gzip"), { encodeResponseBody: null }));
  }),

  "11 what a program makes is encoded as it says": overNetwork(async (at, t) => {
    for (const coding of ["gzip", "br", "GZIP", "deflate", "zstd"]) {
      for (const how of ["made", "streamed"]) {
        const [name, bytes] = await wire(at(`${how}/${coding}`));
        t.write(`${how} ${coding}`, name, bytes.length < text.length ? "smaller" : bytes.length);
        await read(t, "read", at(`${how}/${coding}`));
      }
    }
    const [, gzip] = await wire(at("made/gzip"));
    const plain = new Response(gzip).body.pipeThrough(new DecompressionStream("gzip"));
    t.write("gzip is gzip", (await new Response(plain).text()) === text);
    t.write("nothing", (await wire(at("made/gzip?body=")))[1].length);
  }),

  "11 encodeBody": overNetwork(async (at, t) => {
    t.write("manual", (await wire(at("made/gzip?encodeBody=manual")))[1].length);
    t.write("automatic", (await wire(at("made/gzip?encodeBody=automatic")))[1].length < text.length);
    await t.attempt("another", () => new Response("", { encodeBody: "other" }));
    await t.attempt("null", () => new Response("", { encodeBody: null }));
    const response = new Response(text, { headers: { "Content-Encoding": "gzip" } });
    t.write("read where it was made", (await response.text()).length);
  }),

  "11 what passes through": overNetwork(async (at, t) => {
    for (const coding of ["gzip", "br"]) {
      for (const how of Object.keys(passes)) {
        const [name, bytes] = await wire(at(`pass/${how}/${coding}`));
        const untouched = how !== "as a text" && how !== "through a stream" && same(bytes, raw[coding]);
        t.write(`${coding} ${how}`, name, untouched ? "as it came" : bytes.length < text.length ? "encoded" : bytes.length);
        await read(t, "read", at(`pass/${how}/${coding}`));
      }
    }
    t.write("damaged", same((await wire(at("pass/as it is/gzip/damaged")))[1], changes.damaged(raw.gzip)));
    await read(t, "HEAD", at("pass/as it is/gzip"), { method: "HEAD" });
  }),

  "11 requests are left alone": overNetwork(async (at, t) => {
    const send = async (body) => (await fetch(at("upload"), { method: "POST", body, headers: { "Content-Encoding": "gzip" } })).json();
    t.write("text", await send(text));
    t.write("a body that was encoded", await send((await fetch(at("raw/gzip"))).body));
  }),

  "11 Accept-Encoding is the program's": overNetwork(async (at, t) => {
    const sent = async (headers) => (await fetch(at("headers"), { headers })).json();
    t.write("none", await sent({}));
    t.write("own", await sent({ "Accept-Encoding": "zstd, br;q=0.5" }));
  }),

  "11 between Workers": overNetwork(async (at, t, { Service: service }, host) => {
    await t.attempt("automatic", async () => (await (await service.fetch("http://x/")).text()).length);
    await t.attempt("manual", async () => (await (await service.fetch("http://x/?encodeBody=manual")).text()).length);
    const encoded = await service.fetch("http://x/", { encodeResponseBody: "manual" });
    t.write("read encoded", (await encoded.arrayBuffer()).byteLength < text.length);
    t.write("as a result", (await (await service.give()).text()).length, (await (await service.give("manual")).text()).length);
    t.write("a body as a result", (await new Response(await service.giveBody(host)).text()).length);
  }),

  "11 few bytes that become many": overNetwork(async (at, t) => {
    let length = 0;
    for await (const chunk of (await fetch(at("zeros"))).body) length += chunk.length;
    t.write("length", length);
    t.write("as they came", (await wire(at("zeros")))[1].length < 1 << 17);
  }),
};

const served = caseWorker(cases);

export default {
  fetch(request, env, ctx) {
    const url = new URL(request.url);
    const [, first, kind, ...rest] = decodeURIComponent(url.pathname).split("/");
    if (first !== "origin") return served.fetch(request, env, ctx);
    return origin[kind](rest, Object.fromEntries(url.searchParams), request);
  },
};

export const Subject = caseObject(cases);
