/**
 * What a hibernated object finds when it wakes. Reference: section 9.5, scenario 21.
 *
 * One case, because it waits until the runtime drops the instance: ten idle seconds.
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
};

export class Subject extends caseObject(cases) {}

export default caseWorker(cases);
