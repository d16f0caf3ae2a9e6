/**
 * What a hibernated object finds when it wakes. Reference: section 9.5, scenarios 10 and 21.
 *
 * Few cases, because each waits until the runtime drops the instance: ten idle seconds.
 */

import { caseObject, caseWorker } from "../harness.js";

const cases = {
  "A.21 a message wakes the object": {
    object: {
      construct(object) {
        object.born = object.ctx.getWebSockets().map((socket) => [object.ctx.getTags(socket), socket.deserializeAttachment()]);
        object.ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
      },
      fetch(object, request) {
        const [client, server] = Object.values(new WebSocketPair());
        const name = new URL(request.url).pathname.slice(1);
        object.ctx.acceptWebSocket(server, [name, "all"]);
        server.serializeAttachment({ name });
        server.own = "property";
        server.addEventListener("message", () => server.send("a listener"));
        object.first = server;
        return new Response(null, { status: 101, webSocket: client });
      },
      webSocketMessage(object, socket, message) {
        const { ctx } = object;
        if (message === "close") {
          socket.close(4001, "enough");
          return;
        }
        const time = ctx.getWebSocketAutoResponseTimestamp(socket);
        socket.send(JSON.stringify({
          message,
          constructedWith: object.born,
          own: socket.own ?? null,
          first: object.first === undefined,
          same: ctx.getWebSockets(message)[0] === socket,
          newestFirst: ctx.getWebSockets().map((other) => other.deserializeAttachment().name),
          tags: ctx.getTags(socket),
          attachment: socket.deserializeAttachment(),
          answered: time instanceof Date,
          state: ctx.getWebSockets().map((other) => other.readyState),
          shape: [socket.url, socket.protocol, socket.extensions],
        }));
      },
      webSocketClose(object, socket, code, reason, wasClean) {
        object.closed = [code, reason, wasClean];
      },
    },
    async worker({ object }, t) {
      const connect = async (name) => {
        const response = await object.fetch(`http://object/${name}`, { headers: { Upgrade: "websocket" } });
        const socket = response.webSocket;
        const waiting = [];
        const events = [];
        socket.addEventListener("message", ({ data }) => { events.push(data); waiting.splice(0).forEach((wake) => wake()); });
        socket.accept({ allowHalfOpen: true });
        const next = async () => {
          while (events.length === 0) await new Promise((resolve) => waiting.push(resolve));
          return events.shift();
        };
        return { socket, next };
      };
      const [one, two] = [await connect("one"), await connect("two")];
      one.socket.send("ping");
      t.write("answered", await one.next());
      one.socket.send("one");
      t.write("before", await one.next());
      await scheduler.wait(14_000);
      one.socket.send("one");
      t.write("after", await one.next());
      one.socket.send("ping");
      t.write("still answered", await one.next());
      one.socket.close();
      two.socket.close();
    },
  },

  "9.5 what else wakes an object": {
    object: {
      construct(object) {
        const { ctx } = object;
        object.born = ctx.getWebSockets().map((socket) => [socket.readyState, socket.deserializeAttachment()]);
        ctx.blockConcurrencyWhile(async () => {
          if (await ctx.storage.get("throws")) throw new Error("not this time");
        });
      },
      fetch({ ctx }, request) {
        const [client, server] = Object.values(new WebSocketPair());
        ctx.acceptWebSocket(server);
        server.serializeAttachment(new URL(request.url).pathname);
        return new Response(null, { status: 101, webSocket: client });
      },
      webSocketMessage({ ctx }, socket, message) {
        if (message === "close") socket.close(4001, "by the object");
        if (message === "abort") ctx.abort("gone");
      },
      set: ({ ctx }, key, value) => ctx.storage.put(key, value),
      wakeIn: ({ ctx }, ms) => ctx.storage.setAlarm(Date.now() + ms),
      async alarm({ ctx, born }) { await ctx.storage.put("alarm", [born, ctx.getWebSockets().length]); },
      look: async ({ ctx, born }) => [born, ctx.getWebSockets().map(({ readyState }) => readyState), await ctx.storage.get("alarm")],
    },
    async worker({ open }, t) {
      const connect = async (stub, options) => {
        const { webSocket: socket } = await stub.fetch("http://object/path", { headers: { Upgrade: "websocket" } });
        const events = [];
        socket.addEventListener("close", ({ code, reason, wasClean }) => events.push([code, reason, wasClean]));
        socket.accept(options);
        return { socket, events };
      };
      const [byRequest, byAlarm, throwing, closed] = ["#request", "#alarm", "#throws", "#closed"].map(open);
      await connect(byRequest);
      await connect(byAlarm);
      await byAlarm.step("wakeIn", 13_000);
      const lost = await connect(throwing);
      await throwing.step("set", "throws", true);
      const half = await connect(closed, { allowHalfOpen: true });
      half.socket.send("close");
      while (half.events.length === 0) await scheduler.wait(1);
      await scheduler.wait(14_500);
      t.write("a request", await byRequest.step("look"));
      t.write("an alarm", await byAlarm.step("look"));
      t.write("closed before it slept", await closed.step("look"), half.events);
      lost.socket.send("wake up");
      while (lost.events.length === 0) await scheduler.wait(1);
      t.write("a constructor that throws", lost.events);
    },
  },
};

export class Subject extends caseObject(cases) {}

export default caseWorker(cases);
