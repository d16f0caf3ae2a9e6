/**
 * WebSockets without hibernation, between a Worker and its object. Reference: sections 9.1 to 9.3.
 *
 * The folder websockets-manual-close runs the same program with a date before
 * web_socket_auto_reply_to_close, websockets-older with one before the standard's binary type and the
 * limit of reasons, and websockets-pedantic with the flag pedantic_wpt.
 */

import { caseObject, caseWorker, inWorker, refuses } from "../harness.js";

/** Notes every event of a socket and lets the program wait for one. */
class Recorder {
  events = [];
  waiting = [];

  constructor(socket) {
    socket.addEventListener("message", (event) => this.note("message", event.data));
    socket.addEventListener("close", (event) => this.note("close", event.code, event.reason, event.wasClean, socket.readyState));
    socket.addEventListener("error", (event) => this.note("error", event.message));
  }

  note(...event) {
    this.events.push(event);
    for (const wake of this.waiting.splice(0)) {
      wake();
    }
  }

  /** The events so far, once there are `count`. */
  async first(count) {
    while (this.events.length < count) {
      await new Promise((resolve) => this.waiting.push(resolve));
    }
    return this.events;
  }
}

/** Connects to the object and accepts. */
async function connect(stub, init = {}) {
  const response = await stub.fetch("http://object/", { ...init, headers: { Upgrade: "websocket", ...init.headers } });
  const socket = response.webSocket;
  const recorder = new Recorder(socket);
  socket.accept();
  return { socket, recorder, response };
}

/** The steps of an object that accepts a socket and hands it to `serve`. */
const accepting = (serve) => ({
  construct: (object) => { object.log = []; },
  fetch(object, request) {
    const [client, server] = Object.values(new WebSocketPair());
    server.accept();
    serve(server, object, request);
    return new Response(null, { status: 101, webSocket: client });
  },
  log: (object) => object.log,
});

const echo = accepting((server) => {
  server.addEventListener("message", ({ data }) => server.send(data));
  server.addEventListener("close", ({ code, reason }) => { server.close(code === 1005 ? 1000 : code, reason); });
});

const cases = {
  "9.1 a pair has two ends": inWorker((_, t) => {
    const pair = new WebSocketPair();
    t.write("keys", Object.keys(pair));
    t.write("class", pair[0].constructor.name, pair[0] instanceof WebSocket);
    const [first, second] = new WebSocketPair();
    t.write("iterated", first !== second, first instanceof WebSocket);
    t.write("values", Object.values(new WebSocketPair()).length);
  }),

  "9.1 the constants": inWorker((_, t) => {
    t.write("standard", WebSocket.CONNECTING, WebSocket.OPEN, WebSocket.CLOSING, WebSocket.CLOSED);
    t.write("older", WebSocket.READY_STATE_CONNECTING, WebSocket.READY_STATE_OPEN, WebSocket.READY_STATE_CLOSING, WebSocket.READY_STATE_CLOSED);
    const [end] = new WebSocketPair();
    t.write("of an end", end.OPEN, end.readyState);
  }),

  "9.1 an end of a pair": inWorker((_, t) => {
    const [end] = new WebSocketPair();
    t.write("url", end.url);
    t.write("protocol", end.protocol);
    t.write("extensions", end.extensions);
    t.write("binaryType", end.binaryType);
    t.write("tag", Object.prototype.toString.call(end));
    t.write("attachment", end.deserializeAttachment());
  }),

  "9.1 messages go between the ends of a pair": inWorker(async (_, t) => {
    const [a, b] = new WebSocketPair();
    const recorder = new Recorder(b);
    a.accept();
    b.accept();
    a.send("one");
    a.send("two");
    t.write("events", await recorder.first(2));
  }),

  "9.1 messages wait for accept": inWorker(async (_, t) => {
    const [a, b] = new WebSocketPair();
    a.accept();
    a.send("early");
    await scheduler.wait(1);
    const recorder = new Recorder(b);
    b.accept();
    t.write("events", await recorder.first(1));
  }),

  "9.1 an upgrade through a stub": {
    object: echo,
    async worker({ object }, t) {
      const { socket, response, recorder } = await connect(object);
      t.write("response", response.status, response.body, response.ok);
      t.write("socket", socket.readyState, socket.url, socket.protocol, socket.extensions);
      socket.send("hello");
      t.write("events", await recorder.first(1));
      socket.close(1000, "bye");
      t.write("events", await recorder.first(2));
    },
  },

  "9.1 values are sent as text or bytes": {
    object: accepting((server) => {
      server.binaryType = "arraybuffer";
      server.addEventListener("message", ({ data }) => server.send(typeof data === "string" ? `text ${data}` : data));
    }),
    async worker({ object }, t) {
      const { socket, recorder } = await connect(object);
      socket.binaryType = "arraybuffer";
      const values = ["", "é\u{1f600}", 7, null, undefined, { a: 1 }, true, new Uint8Array([1, 2]), new Uint8Array([1, 2, 3]).subarray(1), new ArrayBuffer(0), new Uint16Array([258]), new DataView(new ArrayBuffer(1))];
      for (const value of values) {
        socket.send(value);
      }
      for (const event of await recorder.first(values.length)) {
        t.write("event", ...event);
      }
      refuses(t, "symbol", () => socket.send(Symbol("s")));
      await t.attempt("nothing", () => socket.send());
      socket.close();
    },
  },

  "9.1 binary messages are of the binary type": {
    object: echo,
    async worker({ object }, t) {
      const { socket, recorder } = await connect(object);
      t.write("default", socket.binaryType);
      socket.send(new Uint8Array([1, 2]));
      const [[, data]] = await recorder.first(1);
      t.write("class", data.constructor.name, data.size ?? data.byteLength);
      socket.binaryType = "arraybuffer";
      socket.send(new Uint8Array([3]));
      t.write("changed", (await recorder.first(2))[1]);
      socket.binaryType = "nonsense";
      t.write("nonsense", socket.binaryType);
      socket.close();
    },
  },

  "9.1 a message is copied when it is sent": {
    object: echo,
    async worker({ object }, t) {
      const { socket, recorder } = await connect(object);
      socket.binaryType = "arraybuffer";
      const bytes = new Uint8Array([1]);
      socket.send(bytes);
      bytes[0] = 2;
      t.write("events", await recorder.first(1));
      socket.close();
    },
  },

  "9.1 a message of 1 MiB": {
    object: echo,
    async worker({ object }, t) {
      const { socket, recorder } = await connect(object);
      socket.send("x".repeat(1024 * 1024));
      t.write("length", (await recorder.first(1))[0][1].length);
      socket.close();
    },
  },

  "9.1 many messages keep their order": {
    object: echo,
    async worker({ object }, t) {
      const { socket, recorder } = await connect(object);
      for (let index = 0; index < 200; index += 1) {
        socket.send(String(index));
      }
      const events = await recorder.first(200);
      t.write("in order", events.every(([, data], index) => data === String(index)));
      socket.close();
    },
  },

  "9.1 handlers as properties": {
    object: echo,
    async worker({ object }, t) {
      const response = await object.fetch("http://object/", { headers: { Upgrade: "websocket" } });
      const socket = response.webSocket;
      t.write("before", socket.onmessage);
      const message = new Promise((resolve) => { socket.onmessage = resolve; });
      socket.accept();
      socket.send("hello");
      const event = await message;
      t.write("event", event.type, event.data, event.constructor.name, event.target === socket);
      socket.close();
    },
  },

  "9.2 before accept": inWorker(async (_, t) => {
    const [end] = new WebSocketPair();
    await t.attempt("send", () => end.send("x"));
    await t.attempt("close", () => end.close());
  }),

  "9.2 accept again": inWorker(async (_, t) => {
    const [end] = new WebSocketPair();
    await t.attempt("first", () => end.accept());
    await t.attempt("second", () => end.accept());
  }),

  "9.2 send after close": inWorker(async (_, t) => {
    const [a, b] = new WebSocketPair();
    a.accept();
    b.accept();
    a.close(1000, "done");
    await t.attempt("send", () => a.send("x"));
    await t.attempt("close", () => a.close());
  }),

  "9.2 close codes": inWorker(async (_, t) => {
    for (const code of [0, 999, 1000, 1001, 1004, 1005, 1006, 1015, 2999, 3000, 4999, 5000, -1, "text", 1000.5]) {
      const [end] = new WebSocketPair();
      end.accept();
      await t.attempt(String(code), () => end.close(code, "reason"));
    }
  }),

  "9.2 close reasons": inWorker(async (_, t) => {
    const closed = (...values) => { const [end] = new WebSocketPair(); end.accept(); return () => end.close(...values); };
    await t.attempt("reason without code", closed(undefined, "reason"));
    await t.attempt("123 bytes", closed(1000, "x".repeat(123)));
    await t.attempt("124 bytes", closed(1000, "x".repeat(124)));
    await t.attempt("wide characters", closed(1000, "é".repeat(62)));
  }),

  "9.2 a socket and a response": inWorker(async (_, t) => {
    const respond = (webSocket) => new Response(null, { status: 101, webSocket });
    const [used] = new WebSocketPair();
    await t.attempt("first", () => respond(used).status);
    await t.attempt("second", () => respond(used).status);
    await t.attempt("accept after", () => used.accept());
    const [accepted] = new WebSocketPair();
    accepted.accept();
    await t.attempt("after accept", () => respond(accepted).status);
    const [end] = new WebSocketPair();
    await t.attempt("other status", () => new Response(null, { status: 200, webSocket: end }));
    await t.attempt("body", () => new Response("body", { status: 101, webSocket: end }));
    await t.attempt("101 without a socket", () => new Response(null, { status: 101 }));
    await t.attempt("not a socket", () => respond({}));
  }),

  "9.2 what close is given": inWorker(async (_, t) => {
    const pair = () => { const ends = Object.values(new WebSocketPair()); for (const end of ends) end.accept(); return ends; };
    for (const [name, args] of Object.entries({
      nothing: [], undefined: [undefined], "undefined and undefined": [undefined, undefined], null: [null], "null reason": [1000, null], "number as reason": [1000, 5],
      "undefined reason": [1000, undefined], "empty reason": [1000, ""], "text as code": ["3001", "r"], "fraction as code": [3000.9], "object as code": [{ valueOf: () => 3003 }],
      "beyond 16 bits": [66536], NaN: [NaN], true: [true], "lone surrogate": [1000, "\ud800"], "more than two": [1000, "x", "y"], "empty reason alone": [undefined, ""],
    })) {
      const [a, b] = pair();
      const events = [];
      b.addEventListener("close", ({ code, reason, wasClean }) => events.push([code, reason, wasClean]));
      await t.attempt(name, () => a.close(...args));
      await scheduler.wait(2);
      t.write("event", events, a.readyState, b.readyState);
    }
    const [a] = pair();
    refuses(t, "a symbol", () => a.close(Symbol("s")));
    refuses(t, "a bigint", () => a.close(1000n));
    refuses(t, "a symbol as reason", () => a.close(1000, Symbol("s")));
  }),

  "9.2 names of protocols": inWorker(async (_, t) => {
    for (const [name, protocols] of Object.entries({
      undefined: undefined, "empty list": [], empty: "", "empty in a list": [""], comma: "a,b", slash: "a/b", accent: "\u00e9", number: 5, "number in a list": [5], null: null,
      object: {}, options: { headers: { a: "b" } }, two: ["a", "b"],
    })) {
      await t.attempt(name, () => {
        const socket = new WebSocket("ws://127.0.0.1:1/", protocols);
        socket.addEventListener("error", () => {});
        return [socket.readyState, socket.protocol];
      });
    }
  }),

  "9.1 listeners of a socket": inWorker(async (_, t) => {
    const [a, b] = Object.values(new WebSocketPair());
    a.accept();
    b.accept();
    const log = [];
    a.addEventListener("message", { handleEvent: (event) => log.push(["object", event.data]) });
    a.addEventListener("message", (event) => log.push(["once", event.data]), { once: true });
    const removed = () => log.push(["removed"]);
    a.addEventListener("message", removed);
    a.removeEventListener("message", removed);
    const controller = new AbortController();
    a.addEventListener("message", (event) => log.push(["until aborted", event.data]), { signal: controller.signal });
    a.addEventListener("message", function () { log.push(["this", this === a]); });
    const recorder = new Recorder(a);
    b.send("1");
    await recorder.first(1);
    controller.abort();
    b.send("2");
    await recorder.first(2);
    t.write("log", log);
    const own = [];
    a.addEventListener("message", (event) => { own.push(event.data); event.stopImmediatePropagation(); });
    a.addEventListener("message", () => own.push("never"));
    a.dispatchEvent(new MessageEvent("message", { data: "own" }));
    t.write("an event of one's own", own);
    let seen;
    a.addEventListener("close", (event) => { seen = [event.constructor.name, event.bubbles, event.cancelable, event.isTrusted, event.target === a, event.currentTarget === a, event.eventPhase]; });
    b.close(1000);
    await recorder.first(4);
    t.write("a close", seen);
    t.write("made", new CloseEvent("close").code, new CloseEvent("close", { code: 5, reason: "r", wasClean: true }).reason, new MessageEvent("message").data, new ErrorEvent("error").message);
  }),

  "9.1 one end is accepted later": inWorker(async (_, t) => {
    const [a, b] = Object.values(new WebSocketPair());
    a.accept();
    const first = new Recorder(a);
    a.send("before");
    a.close(3000, "x");
    await scheduler.wait(5);
    t.write("states", a.readyState, b.readyState, first.events);
    const second = new Recorder(b);
    b.addEventListener("close", () => b.close(3000, "x"));
    b.accept();
    t.write("events", (await second.first(2)).slice(0, 2));
    t.write("and at the other end", await first.first(1));
    t.write("states", a.readyState, b.readyState);
    const [c] = Object.values(new WebSocketPair());
    await t.attempt("accept of a number", () => c.accept(5));
    await t.attempt("accept of null", () => c.accept(null));
    t.write("state", c.readyState);
  }),

  "9.1 what an upgrade may look like": {
    object: accepting((server, _object, request) => { server.send(request.headers.get("upgrade")?.toLowerCase() ?? "none"); }),
    async worker({ object }, t) {
      for (const [name, init] of Object.entries({
        capitals: { headers: { Upgrade: "WebSocket" } }, "more than one": { headers: { Upgrade: "websocket, other" } }, "something else": { headers: { Upgrade: "h2c" } },
        none: {},
      })) {
        await t.attempt(name, async () => {
          const { status, webSocket } = await object.fetch("http://object/", init);
          const recorder = new Recorder(webSocket);
          webSocket.accept();
          return [status, ...(await recorder.first(1))];
        });
      }
    },
  },

  "9.2 addresses that are no WebSocket's": inWorker(async (_, t) => {
    for (const url of ["", "nonsense", "/relative", "http://host/", "https://host/", "ftp://host/", "ws://host/#fragment"]) {
      await t.attempt(url, () => new WebSocket(url));
    }
    await t.attempt("protocol", () => new WebSocket("ws://host/", "with space"));
    await t.attempt("protocols", () => new WebSocket("ws://host/", ["ok", "not ok"]));
    await t.attempt("repeated", () => new WebSocket("ws://host/", ["a", "a"]));
    await t.attempt("nothing", () => new WebSocket());
  }),

  "9.3 the object closes": {
    object: accepting((server) => server.close(4000, "from the object")),
    async worker({ object }, t) {
      const { socket, recorder } = await connect(object);
      t.write("events", await recorder.first(1));
      socket.close(4001, "too late");
      t.write("state", socket.readyState);
    },
  },

  "9.3 the caller closes": {
    object: accepting((server, object) => {
      server.addEventListener("close", ({ code, reason, wasClean }) => {
        object.log.push([code, reason, wasClean, server.readyState]);
        server.close(4001, "from the handler");
        object.log.push([server.readyState]);
      });
    }),
    async worker({ object }, t) {
      const { socket, recorder } = await connect(object);
      socket.close(4000, "from the caller");
      t.write("state", socket.readyState);
      t.write("events", await recorder.first(1));
      t.write("log", await object.step("log"));
    },
  },

  "9.3 a close without a code": {
    object: accepting((server, object) => {
      server.addEventListener("close", ({ code, reason, wasClean }) => {
        object.log.push([code, reason, wasClean]);
        server.close();
      });
    }),
    async worker({ object }, t) {
      const { socket, recorder } = await connect(object);
      socket.close();
      t.write("events", await recorder.first(1));
      t.write("log", await object.step("log"));
    },
  },

  "9.3 messages before the close arrive before it": {
    object: accepting((server) => {
      server.send("one");
      server.send("two");
      server.close(1000, "done");
    }),
    async worker({ object }, t) {
      const { recorder } = await connect(object);
      t.write("events", await recorder.first(3));
    },
  },

  "9.3 the object aborts": {
    object: {
      ...accepting(() => {}),
      abort: ({ ctx }) => { ctx.abort("gone"); },
    },
    async worker({ open }, t) {
      const { recorder } = await connect(open());
      await open().step("abort").catch(() => {});
      for (const [type, code, , wasClean] of (await recorder.first(1)).slice(-1)) {
        t.write("last", type, code, wasClean);
      }
    },
  },

  "9.3 half open keeps the caller's side open": {
    object: {
      fetch(_object, _request) {
        const [client, server] = Object.values(new WebSocketPair());
        server.accept({ allowHalfOpen: true });
        server.addEventListener("close", () => {
          server.send("after your close");
          server.close(1000, "now mine");
        });
        return new Response(null, { status: 101, webSocket: client });
      },
    },
    async worker({ object }, t) {
      const { socket, recorder } = await connect(object);
      socket.close(1000, "mine");
      t.write("events", await recorder.first(2));
    },
  },

  "9.1 a protocol is what the response says": {
    object: {
      fetch(_object, request) {
        const [client, server] = Object.values(new WebSocketPair());
        server.accept();
        return new Response(null, { status: 101, webSocket: client, headers: { "Sec-WebSocket-Protocol": request.headers.get("Sec-WebSocket-Protocol").split(",")[0] } });
      },
    },
    async worker({ object }, t) {
      const { socket, response } = await connect(object, { headers: { "Sec-WebSocket-Protocol": "chat, other" } });
      t.write("protocol", socket.protocol, response.headers.get("Sec-WebSocket-Protocol"));
      socket.close();
    },
  },

  "9.1 no upgrade, no socket": {
    object: { fetch: () => new Response("plain") },
    async worker({ object }, t) {
      const response = await object.fetch("http://object/", { headers: { Upgrade: "websocket" } });
      t.write("response", response.status, response.webSocket, await response.text());
    },
  },

  "9.2 sends to a peer that is gone are ignored": {
    object: {
      ...accepting((server) => server.close(1000, "done")),
      abort: ({ ctx }) => { ctx.abort("gone"); },
    },
    async worker({ object, open }, t) {
      const closed = await connect(object);
      await closed.recorder.first(1);
      await open().step("abort").catch(() => {});
      await t.attempt("send", () => closed.socket.send("x"));
      await t.attempt("close", () => closed.socket.close());
      await t.attempt("close again", () => closed.socket.close(1000, "again"));
    },
  },

  "9.2 a lost connection": {
    object: { ...accepting(() => {}), abort: ({ ctx }) => { ctx.abort("gone"); } },
    async worker({ open }, t) {
      const { socket, recorder } = await connect(open());
      await open().step("abort").catch(() => {});
      t.write("events", await recorder.first(1));
      await t.attempt("send", () => socket.send("x"));
      await t.attempt("close", () => socket.close(1000, "x"));
      t.write("state", socket.readyState);
    },
  },

  "9.2 arguments of close are checked first": inWorker(async (_, t) => {
    const [end] = new WebSocketPair();
    await t.attempt("code before accept", () => end.close(1));
    await t.attempt("reason before accept", () => end.close(undefined, "reason"));
    end.accept();
    end.close(1000);
    await t.attempt("code after close", () => end.close(1));
    await t.attempt("reason after close", () => end.close(undefined, "reason"));
    await t.attempt("long reason after close", () => end.close(1000, "x".repeat(124)));
  }),

  "9.2 what a response may give away": {
    object: {
      fetch(object, request) {
        const [client, server] = Object.values(new WebSocketPair());
        const respond = (webSocket) => new Response(null, { status: 101, webSocket });
        switch (request.headers.get("How")) {
          case "accepted":
            client.accept();
            return respond(client);
          case "hibernating":
            object.ctx.acceptWebSocket(client);
            return respond(client);
          case "twice":
            return respond(object.given);
          case "constructed":
            return respond(new WebSocket("ws://127.0.0.1:1/"));
          default:
            server.accept();
            object.given = client;
            return respond(client);
        }
      },
      acceptGiven: (object) => object.given.accept(),
      sendGiven: (object) => object.given.send("x"),
      closeGiven: (object) => object.given.close(1000, "x"),
      stateGiven: (object) => [object.given.readyState, object.given.url],
      hibernateGiven: (object) => object.ctx.acceptWebSocket(object.given),
      tagsOfGiven: (object) => object.ctx.getTags(object.given),
    },
    async worker({ object }, t) {
      const ask = (How) => object.fetch("http://object/", { headers: { Upgrade: "websocket", How } });
      const { status, webSocket } = await ask("fresh");
      t.write("fresh", status, webSocket.readyState);
      await t.attempt("accept what was given", () => object.step("acceptGiven"));
      await t.attempt("send on what was given", () => object.step("sendGiven"));
      await t.attempt("state of what was given", () => object.step("stateGiven"));
      await t.attempt("close of what was given", () => object.step("closeGiven"));
      await t.attempt("state after", () => object.step("stateGiven"));
      await t.attempt("acceptWebSocket of what was given", () => object.step("hibernateGiven"));
      await t.attempt("tags of what was given", () => object.step("tagsOfGiven"));
      for (const how of ["accepted", "hibernating", "twice", "constructed"]) {
        await t.attempt(how, async () => {
          const { status, webSocket } = await ask(how);
          const recorder = new Recorder(webSocket);
          webSocket.accept();
          return [status, await recorder.first(1)];
        });
      }
    },
  },

  "9.2 a constructed WebSocket is not accepted": inWorker(async (_, t) => {
    const socket = new WebSocket("ws://127.0.0.1:1/");
    t.write("state", socket.readyState, socket.url, socket.protocol, socket.extensions, socket.binaryType);
    await t.attempt("accept", () => socket.accept());
    await t.attempt("send", () => socket.send("x"));
    await t.attempt("bad code", () => socket.close(1));
  }),

  "9.1 a constructed WebSocket connects by itself": {
    object: {
      fetch(object, request) {
        const [client, server] = Object.values(new WebSocketPair());
        server.accept();
        server.addEventListener("message", ({ data }) => server.send(`${request.headers.get("Sec-WebSocket-Protocol")} ${data}`));
        server.addEventListener("close", ({ code, reason }) => server.close(code, reason));
        return new Response(null, { status: 101, webSocket: client, headers: { "Sec-WebSocket-Protocol": "chat" } });
      },
    },
    async worker({ address }, t) {
      const socket = new WebSocket(`ws://${address}`, ["chat", "other"]);
      const recorder = new Recorder(socket);
      const opened = new Promise((resolve) => socket.addEventListener("open", resolve));
      const event = await opened;
      t.write("open", event.constructor.name, event.type, event.target === socket);
      t.write("state", socket.readyState, socket.protocol, socket.url === `ws://${address}`);
      socket.send("hello");
      t.write("events", await recorder.first(1));
      socket.close(4000, "bye");
      t.write("closing", socket.readyState);
      t.write("events", (await recorder.first(2)).at(-1));
    },
  },

  "9.1 a fetch with an upgrade": {
    object: echo,
    async worker({ address }, t) {
      const response = await fetch(`http://${address}`, { headers: { Upgrade: "websocket" } });
      const socket = response.webSocket;
      t.write("response", response.status, socket instanceof WebSocket);
      t.write("socket", socket.readyState, socket.url, socket.protocol);
      const recorder = new Recorder(socket);
      socket.accept();
      socket.send("hello");
      t.write("events", await recorder.first(1));
      socket.close();
      t.write("events", (await recorder.first(2)).at(-1));
    },
  },

  "9.2 a server that does not agree": {
    object: { fetch: () => new Response("no", { status: 403 }) },
    async worker({ address }, t) {
      const socket = new WebSocket(`ws://${address}`);
      const error = new Promise((resolve) => socket.addEventListener("error", resolve));
      const close = new Promise((resolve) => socket.addEventListener("close", resolve));
      const { constructor, message } = await error;
      t.write("error", constructor.name, message, (await error).error);
      const { code, reason, wasClean } = await close;
      t.write("close", code, reason, wasClean, socket.readyState);
      await t.attempt("send", () => socket.send("x"));
      await t.attempt("close again", () => socket.close());
    },
  },

  "9.2 no server": inWorker(async (_, t) => {
    const socket = new WebSocket("ws://127.0.0.1:1/");
    const error = new Promise((resolve) => socket.addEventListener("error", resolve));
    const close = new Promise((resolve) => socket.addEventListener("close", resolve));
    t.write("error", (await error).type);
    const { code, reason, wasClean } = await close;
    t.write("close", code, reason, wasClean, socket.readyState);
  }),

  "9.2 closed before it is open": {
    object: echo,
    async worker({ address }, t) {
      const socket = new WebSocket(`ws://${address}`);
      const error = new Promise((resolve) => socket.addEventListener("error", resolve));
      const close = new Promise((resolve) => socket.addEventListener("close", resolve));
      socket.close(4000, "changed my mind");
      t.write("state", socket.readyState);
      t.write("error", (await error).message);
      const { code, reason, wasClean } = await close;
      t.write("close", code, reason, wasClean, socket.readyState);
    },
  },

  "9.3 messages arrive until the peer closes too": {
    object: {
      fetch(object) {
        const [client, server] = Object.values(new WebSocketPair());
        server.accept({ allowHalfOpen: true });
        server.addEventListener("close", () => {
          server.send("one");
          server.send("two");
          server.close(4001, "now mine");
        });
        return new Response(null, { status: 101, webSocket: client });
      },
    },
    async worker({ object }, t) {
      const { socket, recorder } = await connect(object);
      socket.close(4000, "mine");
      await t.attempt("send", () => socket.send("x"));
      t.write("events", await recorder.first(3));
      t.write("state", socket.readyState);
    },
  },

  "9.3 a pair whose other end closes": inWorker(async (_, t) => {
    const [a, b] = new WebSocketPair();
    const [atA, atB] = [new Recorder(a), new Recorder(b)];
    a.accept();
    b.accept();
    b.send("last words");
    b.close(3001, "b is done");
    t.write("a", await atA.first(2));
    a.close(3002, "a too");
    t.write("b", await atB.first(1));
    t.write("states", a.readyState, b.readyState);
  }),

  "9.3 closes of both ends at once": inWorker(async (_, t) => {
    const [a, b] = new WebSocketPair();
    const [atA, atB] = [new Recorder(a), new Recorder(b)];
    a.accept();
    b.accept();
    a.close(3001, "a");
    b.close(3002, "b");
    t.write("a", await atA.first(1));
    t.write("b", await atB.first(1));
  }),

  "9.1 a binary type is what was set last": inWorker(async (_, t) => {
    const [a, b] = new WebSocketPair();
    const recorder = new Recorder(b);
    a.accept();
    b.accept();
    t.write("default", b.binaryType);
    for (const type of ["blob", "arraybuffer", "ArrayBuffer", "", "blob"]) {
      refuses(t, `set ${type}`, () => { b.binaryType = type; });
      t.write("is", b.binaryType);
    }
    a.send(new Uint8Array([1]));
    const [[, blob]] = await recorder.first(1);
    t.write("blob", blob.constructor.name, blob.type, blob.size);
    b.binaryType = "arraybuffer";
    a.send(new Uint8Array([2]));
    t.write("array buffer", (await recorder.first(2))[1]);
  }),

  "9.1 a blob is no message": inWorker(async (_, t) => {
    const [a, b] = new WebSocketPair();
    const recorder = new Recorder(b);
    a.accept();
    b.accept();
    await t.attempt("blob", () => a.send(new Blob(["x"])));
    t.write("events", await recorder.first(1));
  }),

  "9.1 a message waits for the input gate": {
    object: {
      construct: (object) => { object.log = []; },
      fetch(object) {
        const [client, server] = Object.values(new WebSocketPair());
        server.accept();
        server.addEventListener("message", ({ data }) => {
          object.log.push(data);
          if (data === "two") server.send(object.log.join(" "));
          if (data !== "one") return;
          object.ctx.blockConcurrencyWhile(async () => {
            object.log.push("section begins");
            await scheduler.wait(10);
            object.log.push("section ends");
          });
        });
        return new Response(null, { status: 101, webSocket: client });
      },
    },
    async worker({ object }, t) {
      const { socket, recorder } = await connect(object);
      socket.send("one");
      socket.send("two");
      t.write("events", await recorder.first(1));
      socket.close();
    },
  },

  "9.1 properties cannot be set": inWorker((_, t) => {
    const [end] = new WebSocketPair();
    for (const name of ["readyState", "url", "protocol", "extensions"]) {
      refuses(t, name, () => { end[name] = "changed"; });
    }
    t.write("still", end.readyState, end.url, end.protocol, end.extensions);
  }),

  "9.5 attachments of any socket": inWorker(async (_, t) => {
    const [end] = new WebSocketPair();
    const value = { a: [1] };
    t.write("serialize", end.serializeAttachment(value));
    value.a.push(2);
    t.write("copy", end.deserializeAttachment(), end.deserializeAttachment() !== end.deserializeAttachment());
    await t.attempt("function", () => end.serializeAttachment((x) => x));
    await t.attempt("nothing", () => end.serializeAttachment());
    t.write("kept", end.deserializeAttachment());
    await t.attempt("16 KiB less a bit", () => end.serializeAttachment("x".repeat(16370)));
    await t.attempt("more than 16 KiB", () => end.serializeAttachment("x".repeat(16384)));
  }),
};

export class Subject extends caseObject(cases) {}

export default caseWorker(cases);
