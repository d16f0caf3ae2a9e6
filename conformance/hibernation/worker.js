/**
 * WebSockets that can hibernate: `ctx.acceptWebSocket`. Reference: sections 9.4 and 9.5.
 *
 * The folder hibernation-manual-close runs the same program with a date before web_socket_auto_reply_to_close.
 */

import { caseObject, caseWorker, inObject, refuses } from "../harness.js";

/** Connects to the object; gives the socket and a function that waits for its first events. */
async function connect(stub, path = "") {
  const response = await stub.fetch(`http://object/${path}`, { headers: { Upgrade: "websocket" } });
  const socket = response.webSocket;
  socket.binaryType = "arraybuffer";
  const events = [];
  let wake = () => {};
  const note = (...event) => { events.push(event); wake(); };
  socket.addEventListener("message", ({ data }) => note("message", data));
  socket.addEventListener("close", ({ code, reason, wasClean }) => note("close", code, reason, wasClean));
  socket.addEventListener("error", ({ message }) => note("error", message));
  socket.accept();
  const first = async (count) => {
    while (events.length < count) {
      await new Promise((resolve) => { wake = resolve; });
    }
    return events;
  };
  return { socket, first };
}

/** Steps of an object that accepts every socket, tagged with the parts of the path. */
const accepting = {
  construct: (object) => { object.log = []; },
  fetch(object, request) {
    const [client, server] = Object.values(new WebSocketPair());
    const tags = new URL(request.url).pathname.split("/").filter(Boolean);
    object.ctx.acceptWebSocket(server, tags);
    return new Response(null, { status: 101, webSocket: client });
  },
  log: (object) => object.log,
};

const echo = {
  ...accepting,
  webSocketMessage(_object, socket, message) { socket.send(message); },
  webSocketClose(_object, socket, code, reason) { socket.close(code, reason); },
};

/** An end of a pair whose other end is accepted by the object itself. */
function accepted(ctx, tags) {
  const [other, end] = Object.values(new WebSocketPair());
  ctx.acceptWebSocket(end, tags);
  return { other, end };
}

const cases = {
  "9.4 messages come to the handler": {
    object: {
      ...accepting,
      webSocketMessage(object, socket, message) {
        object.log.push([socket.constructor.name, typeof message, message.constructor.name, socket === object.ctx.getWebSockets()[0]]);
        socket.send(message);
      },
    },
    async worker({ object }, t) {
      const { socket, first } = await connect(object);
      socket.send("text");
      socket.send(new Uint8Array([1, 2]));
      t.write("events", await first(2));
      t.write("log", await object.step("log"));
      socket.close();
    },
  },

  "9.4 the caller's close comes to the handler": {
    object: {
      ...accepting,
      webSocketClose(object, socket, code, reason, wasClean) {
        object.log.push([code, reason, wasClean, socket.readyState, object.ctx.getWebSockets().length]);
        socket.close(code, "from the handler");
      },
      count: (object) => object.ctx.getWebSockets().length,
    },
    async worker({ object }, t) {
      const { socket, first } = await connect(object);
      socket.close(4000, "bye");
      t.write("events", await first(1));
      t.write("log", await object.step("log"));
      t.write("count", await object.step("count"));
    },
  },

  "9.4 the object closes": {
    object: {
      ...accepting,
      webSocketMessage(object, socket) { socket.close(4001, "enough"); object.log.push([socket.readyState]); },
      webSocketClose(object, socket, code, reason, wasClean) { object.log.push([code, reason, wasClean]); },
    },
    async worker({ object }, t) {
      const { socket, first } = await connect(object);
      socket.send("close, please");
      t.write("events", await first(1));
    },
  },

  "9.4 the handlers of one socket run one after the other": {
    object: {
      ...accepting,
      async webSocketMessage(object, socket, message) {
        object.log.push(`${message} begins`);
        await scheduler.wait(5);
        object.log.push(`${message} ends`);
        socket.send(message);
      },
    },
    async worker({ object }, t) {
      const { socket, first } = await connect(object);
      socket.send("one");
      socket.send("two");
      await first(2);
      t.write("log", await object.step("log"));
      socket.close();
    },
  },

  "9.4 the handlers of two sockets interleave": {
    object: {
      ...accepting,
      async webSocketMessage(object, socket, message) {
        object.log.push(`${message} begins`);
        await scheduler.wait(20);
        object.log.push(`${message} ends`);
        socket.send(message);
      },
    },
    async worker({ object }, t) {
      const [one, two] = [await connect(object), await connect(object)];
      one.socket.send("one");
      two.socket.send("two");
      await Promise.all([one.first(1), two.first(1)]);
      t.write("log", (await object.step("log")).map((line) => line.split(" ")[1]));
      one.socket.close();
      two.socket.close();
    },
  },

  "9.4 a handler that throws leaves the socket open": {
    object: {
      ...accepting,
      webSocketMessage(_object, socket, message) {
        if (message === "throw") {
          throw new Error("from the handler");
        }
        socket.send(message);
      },
    },
    async worker({ object }, t) {
      const { socket, first } = await connect(object);
      socket.send("throw");
      socket.send("still here");
      t.write("events", await first(1));
      socket.close();
    },
  },

  "9.4 getWebSockets": {
    object: {
      ...accepting,
      tagsOf: ({ ctx }, tag) => (tag === undefined ? ctx.getWebSockets() : ctx.getWebSockets(tag)).map((socket) => ctx.getTags(socket)),
    },
    async worker({ object }, t) {
      const sockets = [];
      for (const path of ["a/x", "b/x", "c"]) {
        sockets.push(await connect(object, path));
      }
      t.write("all", await object.step("tagsOf"));
      t.write("x", await object.step("tagsOf", "x"));
      t.write("missing", await object.step("tagsOf", "y"));
      for (const { socket } of sockets) {
        socket.close();
      }
    },
  },

  "9.4 the list of sockets is the program's": inObject(({ ctx }, t) => {
    const first = accepted(ctx, ["x"]).end;
    const second = accepted(ctx, ["x"]).end;
    const list = ctx.getWebSockets();
    t.write("an array", Array.isArray(list), Object.keys(list), list[0] === second, list[1] === first);
    list.pop();
    list.push("something else");
    t.write("again", ctx.getWebSockets().length, ctx.getWebSockets() === ctx.getWebSockets(), ctx.getWebSockets("x")[0] === first);
    Object.defineProperty(Array.prototype, 0, { set() { throw new Error("seen"); }, configurable: true });
    t.write("with a setter", ctx.getWebSockets().length);
    delete Array.prototype[0];
  }),

  "9.4 tags": inObject(async ({ ctx }, t) => {
    const { end } = accepted(ctx, ["b", "a", "b"]);
    t.write("duplicates", ctx.getTags(end));
    t.write("none", ctx.getTags(accepted(ctx).end));
    t.write("empty", ctx.getTags(accepted(ctx, [""]).end));
    t.write("coerced", ctx.getTags(accepted(ctx, [7]).end));
    const tags = (count) => Array.from({ length: count }, (_, index) => `tag ${index}`);
    await t.attempt("10", () => accepted(ctx, tags(10)) && "accepted");
    await t.attempt("11", () => accepted(ctx, tags(11)) && "accepted");
    await t.attempt("256 bytes", () => accepted(ctx, ["x".repeat(256)]) && "accepted");
    await t.attempt("257 bytes", () => accepted(ctx, ["x".repeat(257)]) && "accepted");
    await t.attempt("not an array", () => accepted(ctx, "tag") && "accepted");
  }),

  "9.4 tags of other kinds": inObject(async ({ ctx }, t) => {
    const tagsOf = (tags) => ctx.getTags(accepted(ctx, tags).end);
    await t.attempt("undefined", () => tagsOf(undefined));
    for (const [name, tags] of Object.entries({ null: null, set: new Set(["a"]), number: 5, object: {} })) {
      await t.attempt(name, () => tagsOf(tags));
    }
    await t.attempt("elements", () => tagsOf([["a"], null, undefined, true]));
    refuses(t, "a symbol", () => tagsOf([Symbol("s")]));
    await t.attempt("256 bytes of two each", () => tagsOf(["\u00e9".repeat(128)])[0].length);
    await t.attempt("258 bytes of two each", () => tagsOf(["\u00e9".repeat(129)]));
    await t.attempt("11, of which 10 are distinct", () => tagsOf([..."abcdefghij", "a"]));
    await t.attempt("sockets of null", () => ctx.getWebSockets(null).length);
    await t.attempt("sockets of a number", () => ctx.getWebSockets(7).length);
    await t.attempt("sockets of a long tag", () => ctx.getWebSockets("x".repeat(300)).length);
    await t.attempt("tags of nothing", () => ctx.getTags());
    await t.attempt("tags of an object", () => ctx.getTags({}));
    await t.attempt("both ends", () => { const { other } = accepted(ctx); ctx.acceptWebSocket(other); });
    await t.attempt("the other end accepts", () => { const { other } = accepted(ctx); other.accept(); return other.readyState; });
    await t.attempt("one that connects by itself", () => { const socket = new WebSocket("ws://127.0.0.1:1/"); socket.addEventListener("error", () => {}); ctx.acceptWebSocket(socket); });
    await t.attempt("closed", () => { const { end } = accepted(ctx); end.close(3000, "r"); return [end.readyState, ctx.getWebSockets().includes(end)]; });
    await t.attempt("sent after it was closed", () => { const { end } = accepted(ctx); end.close(); end.send("x"); });
  }),

  "9.4 what cannot be accepted": inObject(async ({ ctx }, t) => {
    const [first] = Object.values(new WebSocketPair());
    first.accept();
    await t.attempt("after accept", () => ctx.acceptWebSocket(first));
    const [other, end] = Object.values(new WebSocketPair());
    other.accept();
    await t.attempt("other end accepted", () => ctx.acceptWebSocket(end));
    const { end: twice } = accepted(ctx);
    await t.attempt("twice", () => ctx.acceptWebSocket(twice));
    await t.attempt("accept after", () => twice.accept());
    await t.attempt("respond after", () => new Response(null, { status: 101, webSocket: twice }));
    await t.attempt("not a socket", () => ctx.acceptWebSocket({}));
    await t.attempt("nothing", () => ctx.acceptWebSocket());
    const [plain] = Object.values(new WebSocketPair());
    await t.attempt("tags of another", () => ctx.getTags(plain));
    await t.attempt("tags of an accepted", () => ctx.getTags(first));
  }),

  "9.4 an accepted socket before its response": inObject(async ({ ctx }, t) => {
    const { end } = accepted(ctx, ["a"]);
    t.write("state", end.readyState);
    t.write("listed", ctx.getWebSockets().length, ctx.getWebSockets("a")[0] === end);
    await t.attempt("send", () => end.send("early"));
  }),

  "9.4 auto-response": {
    object: {
      ...accepting,
      construct(object) {
        object.log = [];
        object.ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
      },
      webSocketMessage(object, socket, message) { object.log.push(message); socket.send(`handled ${message}`); },
      timestamp: ({ ctx }) => ctx.getWebSocketAutoResponseTimestamp(ctx.getWebSockets()[0]) instanceof Date,
      timestampBefore: ({ ctx }) => ctx.getWebSocketAutoResponseTimestamp(ctx.getWebSockets()[0]),
    },
    async worker({ object }, t) {
      const { socket, first } = await connect(object);
      t.write("timestamp before", await object.step("timestampBefore"));
      for (const message of ["ping", "ping ", "Ping", "ping"]) {
        socket.send(message);
      }
      socket.send(new TextEncoder().encode("ping"));
      const events = await first(5);
      t.write("events", events.slice(0, 4).sort());
      t.write("binary", typeof events[4][1]);
      t.write("timestamp", await object.step("timestamp"));
      socket.close();
    },
  },

  "9.4 the pair of an auto-response": inObject(async ({ ctx }, t) => {
    t.write("none", ctx.getWebSocketAutoResponse());
    const pair = new WebSocketRequestResponsePair("ping", "pong");
    t.write("pair", pair.request, pair.response, Object.prototype.toString.call(pair));
    t.write("set", ctx.setWebSocketAutoResponse(pair));
    const kept = ctx.getWebSocketAutoResponse();
    t.write("get", kept.request, kept.response, kept instanceof WebSocketRequestResponsePair);
    ctx.setWebSocketAutoResponse();
    t.write("removed", ctx.getWebSocketAutoResponse());
    await t.attempt("2048", () => ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("x".repeat(2048), "y".repeat(2048))));
    await t.attempt("request", () => ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("x".repeat(2049), "")));
    await t.attempt("response", () => ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("", "y".repeat(2049))));
    await t.attempt("one argument", () => new WebSocketRequestResponsePair("x"));
    await t.attempt("not a pair", () => ctx.setWebSocketAutoResponse({}));
    refuses(t, "read only", () => { pair.request = "changed"; });
  }),

  "9.4 auto-responses of other kinds": inObject(async ({ ctx }, t) => {
    await t.attempt("null", () => ctx.setWebSocketAutoResponse(null));
    const pair = new WebSocketRequestResponsePair("a", "b");
    ctx.setWebSocketAutoResponse(pair);
    t.write("identity", ctx.getWebSocketAutoResponse() === pair, ctx.getWebSocketAutoResponse() === ctx.getWebSocketAutoResponse());
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("c", "d"));
    t.write("replaced", ctx.getWebSocketAutoResponse().request);
    await t.attempt("2048 bytes of two each", () => ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("\u00e9".repeat(1024), "x")));
    await t.attempt("one byte more", () => ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(`${"\u00e9".repeat(1024)}x`, "x")));
    t.write("kept", ctx.getWebSocketAutoResponse().request.length);
    const coerced = new WebSocketRequestResponsePair(1, null);
    t.write("coerced", coerced.request, coerced.response, Object.keys(coerced), JSON.stringify(coerced));
    await t.attempt("time of a fresh socket", () => ctx.getWebSocketAutoResponseTimestamp(new WebSocketPair()[0]));
    await t.attempt("time of one that was never answered", () => ctx.getWebSocketAutoResponseTimestamp(accepted(ctx).end));
    await t.attempt("time of an object", () => ctx.getWebSocketAutoResponseTimestamp({}));
    await t.attempt("time of nothing", () => ctx.getWebSocketAutoResponseTimestamp());
  }),

  "9.4 event time limits of other kinds": inObject(async ({ ctx }, t) => {
    for (const [name, value] of Object.entries({ NaN, negative: -1, text: "50", fraction: 1.5, null: null, Infinity, "past 32 bits": 2 ** 32 })) {
      await t.attempt(name, () => { ctx.setHibernatableWebSocketEventTimeout(value); return ctx.getHibernatableWebSocketEventTimeout(); });
    }
  }),

  "9.4 the event time limit": inObject(async ({ ctx }, t) => {
    t.write("none", ctx.getHibernatableWebSocketEventTimeout());
    t.write("set", ctx.setHibernatableWebSocketEventTimeout(1000));
    t.write("get", ctx.getHibernatableWebSocketEventTimeout());
    ctx.setHibernatableWebSocketEventTimeout(0);
    t.write("zero", ctx.getHibernatableWebSocketEventTimeout());
    ctx.setHibernatableWebSocketEventTimeout(5);
    ctx.setHibernatableWebSocketEventTimeout();
    t.write("nothing", ctx.getHibernatableWebSocketEventTimeout());
    await t.attempt("604800000", () => ctx.setHibernatableWebSocketEventTimeout(604800000));
    await t.attempt("604800001", () => ctx.setHibernatableWebSocketEventTimeout(604800001));
  }),

  "9.5 attachments": {
    object: {
      ...accepting,
      webSocketMessage(_object, socket, message) {
        const before = socket.deserializeAttachment();
        socket.serializeAttachment({ count: (before?.count ?? 0) + 1, message });
        socket.send(JSON.stringify([before, socket.deserializeAttachment()]));
      },
    },
    async worker({ object }, t) {
      const { socket, first } = await connect(object);
      socket.send("one");
      socket.send("two");
      t.write("events", await first(2));
      socket.close();
    },
  },

  "9.4 a missing handler is no error": {
    object: { ...accepting },
    async worker({ object }, t) {
      const { socket } = await connect(object);
      socket.send("dropped");
      t.write("log", await object.step("log"));
      socket.close();
    },
  },

  "9.4 a broadcast reaches every socket": {
    object: {
      ...accepting,
      webSocketMessage(object, _socket, message) {
        for (const socket of object.ctx.getWebSockets()) {
          socket.send(message);
        }
      },
    },
    async worker({ object }, t) {
      const connections = [await connect(object), await connect(object), await connect(object)];
      connections[0].socket.send("all");
      for (const { first } of connections) {
        t.write("events", await first(1));
      }
      for (const { socket } of connections) {
        socket.close();
      }
    },
  },

  "A.24 an abort disconnects the sockets": {
    object: { ...echo, abort: ({ ctx }) => { ctx.abort("gone"); } },
    async worker({ open }, t) {
      const { first } = await connect(open());
      await open().step("abort").catch(() => {});
      const [type, code, , wasClean] = (await first(1)).at(-1);
      t.write("last", type, code, wasClean);
    },
  },

  "9.4 listeners on an accepted socket hear nothing": {
    object: {
      ...accepting,
      fetch(object) {
        const [client, server] = Object.values(new WebSocketPair());
        object.ctx.acceptWebSocket(server);
        server.addEventListener("message", () => object.log.push("listener"));
        return new Response(null, { status: 101, webSocket: client });
      },
      webSocketMessage(object, socket, message) { object.log.push("handler"); socket.send(message); },
    },
    async worker({ object }, t) {
      const { socket, first } = await connect(object);
      socket.send("x");
      await first(1);
      t.write("log", await object.step("log"));
      socket.close();
    },
  },

  "9.4 sockets that were given away": {
    object: {
      ...accepting,
      fetch(object) {
        const [client, server] = Object.values(new WebSocketPair());
        server.accept();
        object.given = client;
        return new Response(null, { status: 101, webSocket: client });
      },
      async tryGiven(object) {
        await object.ctx.acceptWebSocket(object.given);
      },
      async tryOther(object) {
        const [client, server] = Object.values(new WebSocketPair());
        const response = new Response(null, { status: 101, webSocket: client });
        object.ctx.acceptWebSocket(server);
        return [response.status, object.ctx.getWebSockets().length];
      },
    },
    async worker({ object }, t) {
      const { socket } = await connect(object);
      await t.attempt("given away", () => object.step("tryGiven"));
      await t.attempt("other end in a response", () => object.step("tryOther"));
      socket.close();
    },
  },

  "9.4 a socket that the object closed stays until the peer closes": {
    object: {
      ...accepting,
      webSocketMessage(object, socket) {
        socket.close(4001, "enough");
        object.log.push(["closed", object.ctx.getWebSockets().length, socket.readyState]);
      },
      webSocketClose(object, socket, code, reason, wasClean) {
        object.log.push(["close", code, reason, wasClean, object.ctx.getWebSockets().length, socket.readyState]);
      },
      count: ({ ctx }) => ctx.getWebSockets().length,
    },
    async worker({ object }, t) {
      const { socket, first } = await connect(object);
      socket.send("close, please");
      t.write("events", await first(1));
      socket.close(4002, "mine");
      while ((await object.step("log")).length < 2) await scheduler.wait(1);
      t.write("log", await object.step("log"));
      while ((await object.step("count")) > 0) await scheduler.wait(1);
      t.write("count", await object.step("count"));
    },
  },

  "9.4 a socket after its last event": {
    object: {
      ...accepting,
      webSocketMessage(object, socket) { socket.serializeAttachment("kept"); object.kept = socket; socket.send("ok"); },
      webSocketClose(object, socket) { object.log.push([socket.deserializeAttachment(), object.ctx.getTags(socket)]); },
      count: ({ ctx }) => ctx.getWebSockets().length,
      state: (object) => object.kept.readyState,
      send: (object) => object.kept.send("late"),
      close: (object) => object.kept.close(1000, "late"),
      attachment: (object) => object.kept.deserializeAttachment(),
      tags: (object) => object.ctx.getTags(object.kept),
    },
    async worker({ object }, t) {
      const { socket, first } = await connect(object, "a");
      socket.send("x");
      await first(1);
      socket.close(1000, "done");
      while ((await object.step("log")).length < 1) await scheduler.wait(1);
      while ((await object.step("count")) > 0) await scheduler.wait(1);
      t.write("log", await object.step("log"));
      for (const step of ["state", "send", "close", "attachment", "tags"]) {
        await t.attempt(step, () => object.step(step));
      }
    },
  },

  "9.4 a peer that vanishes": {
    object: {
      ...accepting,
      webSocketClose(object, _socket, code, reason, wasClean) { object.log.push([code, reason, wasClean]); },
      webSocketError(object, _socket, error) { object.log.push(error); },
      // The caller's side lives in another object, which is aborted.
      async call(object, stub) {
        const response = await stub.fetch("http://object/", { headers: { Upgrade: "websocket" } });
        response.webSocket.accept();
        object.socket = response.webSocket;
      },
      abort: ({ ctx }) => { ctx.abort("gone"); },
    },
    async worker({ object, open }, t) {
      const caller = open("#caller");
      await caller.step("call", object);
      await caller.step("abort").catch(() => {});
      while ((await object.step("log")).length < 1) await scheduler.wait(1);
      t.write("log", await object.step("log"));
    },
  },

  "9.4 the time of an auto-response is kept when the pair is removed": {
    object: {
      ...accepting,
      construct: (object) => { object.ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong")); },
      webSocketMessage(object, socket, message) { socket.send(`handled ${message}`); },
      remove: ({ ctx }) => { ctx.setWebSocketAutoResponse(); },
      times: ({ ctx }) => ctx.getWebSockets().map((socket) => ctx.getWebSocketAutoResponseTimestamp(socket) instanceof Date),
    },
    async worker({ object }, t) {
      const one = await connect(object);
      const two = await connect(object);
      one.socket.send("ping");
      t.write("events", await one.first(1));
      await object.step("remove");
      t.write("times, newest first", await object.step("times"));
      one.socket.send("ping");
      t.write("events", await one.first(2));
      one.socket.close();
      two.socket.close();
    },
  },

  "9.4 auto-responses keep their place among messages": {
    object: {
      ...accepting,
      construct: (object) => { object.ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong")); },
      async webSocketMessage(object, socket, message) {
        socket.send(`before ${message}`);
        await object.ctx.storage.put("message", message);
        socket.send(`after ${message}`);
      },
    },
    async worker({ object }, t) {
      const { socket, first } = await connect(object);
      socket.send("one");
      await first(2);
      socket.send("ping");
      await first(3);
      socket.send("two");
      t.write("events", await first(5));
      socket.close();
    },
  },

  "9.4 at most 32768 sockets": inObject(async ({ ctx }, t) => {
    for (let count = 0; count < 32768; count += 1) {
      accepted(ctx);
    }
    t.write("count", ctx.getWebSockets().length);
    await t.attempt("one more", () => accepted(ctx) && "accepted");
  }),

  "9.5 values that cannot be attached": inObject(async ({ ctx }, t) => {
    const { end } = accepted(ctx);
    t.write("never set", end.deserializeAttachment());
    refuses(t, "a function", () => end.serializeAttachment(() => {}));
    await t.attempt("a stub", () => end.serializeAttachment(ctx.id));
    const value = { list: [1] };
    end.serializeAttachment(value);
    value.list.push(2);
    t.write("a copy", end.deserializeAttachment(), end.deserializeAttachment() === end.deserializeAttachment());
    end.serializeAttachment(undefined);
    t.write("undefined", end.deserializeAttachment());
    end.serializeAttachment(null);
    t.write("null", end.deserializeAttachment());
    await t.attempt("16384 bytes", () => end.serializeAttachment("x".repeat(16384 - 5)));
    await t.attempt("16385 bytes", () => end.serializeAttachment("x".repeat(16385 - 5)));
  }),

  "9.5 within one life a connection is one object": {
    object: {
      ...accepting,
      fetch(object) {
        const [client, server] = Object.values(new WebSocketPair());
        object.ctx.acceptWebSocket(server, ["t"]);
        object.server = server;
        server.own = "property";
        return new Response(null, { status: 101, webSocket: client });
      },
      webSocketMessage(object, socket) {
        const same = [object.ctx.getWebSockets()[0], object.ctx.getWebSockets("t")[0], object.server].map((other) => other === socket);
        socket.send(JSON.stringify([same, socket.own]));
      },
    },
    async worker({ object }, t) {
      const { socket, first } = await connect(object);
      socket.send("x");
      t.write("events", await first(1));
      socket.close();
    },
  },

  "9.4 messages of one socket keep their order while others come": {
    object: {
      ...accepting,
      async webSocketMessage(object, socket, message) {
        await object.ctx.storage.put("last", message);
        socket.send(message);
      },
    },
    async worker({ object }, t) {
      const connections = [];
      for (let count = 0; count < 4; count += 1) connections.push(await connect(object));
      for (let index = 0; index < 25; index += 1) {
        for (const { socket } of connections) socket.send(String(index));
      }
      for (const { socket, first } of connections) {
        const events = await first(25);
        t.write("in order", events.every(([, data], index) => data === String(index)));
        socket.close();
      }
    },
  },

  "9.4 sockets pass through a service and two objects": {
    object: {
      ...echo,
      fetch(object, request) {
        const { pathname } = new URL(request.url);
        if (pathname === "/relay") {
          return object.env.SUBJECT.getByName(`${object.ctx.id.name}#target`).fetch("http://object/tag", request);
        }
        return accepting.fetch(object, request);
      },
    },
    async worker({ open }, t) {
      const { socket, first } = await connect(open(), "relay");
      socket.send("through");
      t.write("events", await first(1));
      socket.close(4000, "bye");
      t.write("events", (await first(2)).at(-1));
    },
  },

  "9.4 messages sent in fetch arrive after the upgrade": {
    object: {
      ...accepting,
      fetch(object) {
        const [client, server] = Object.values(new WebSocketPair());
        object.ctx.acceptWebSocket(server);
        server.send("welcome");
        return new Response(null, { status: 101, webSocket: client });
      },
    },
    async worker({ object }, t) {
      const { socket, first } = await connect(object);
      t.write("events", await first(1));
      socket.close();
    },
  },
};

export class Subject extends caseObject(cases) {}

export default caseWorker(cases);
