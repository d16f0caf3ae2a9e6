/** On Node only: sockets of `node:net` beside Node's own, over a stand-in for the host's TCP. */

import nodesNet from "node:net";
import net from "stated:node/net";
import { assertEquals, test } from "stated:test";
import { connections } from "./host-tcp.mjs";

/** Runs with the port of a server that answers in upper case and says goodbye. */
async function withServer(run) {
  const server = nodesNet.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("data", (data) => socket.write(`${data}`.toUpperCase()));
    socket.on("end", () => socket.end("bye"));
    socket.on("error", () => {});
  });
  await new Promise((resolve) => { server.listen(0, "127.0.0.1", resolve); });
  try {
    return await run(server.address().port);
  } finally {
    server.close();
  }
}

/** All that a socket of a module does in a conversation. */
function conversation(module, port) {
  return new Promise((resolve) => {
    const events = [];
    const socket = module.connect(port, "127.0.0.1", () => events.push("callback"));
    for (const name of ["connect", "ready", "data", "end", "finish", "error", "close"]) {
      socket.on(name, (value) => {
        events.push([name, value instanceof Uint8Array ? `${value}` : value]);
        if (name === "data" && !socket.writableEnded) socket.end();
        if (name === "close") resolve([events, socket.bytesRead, socket.bytesWritten, socket.readyState, socket.destroyed]);
      });
    }
    socket.write("hello ");
    socket.write("world");
    events.push([socket.connecting, socket.pending, socket.readyState]);
  });
}

test("a conversation has the events of Node's own", async () => {
  await withServer(async (port) => {
    const [ours, nodes] = [await conversation(net, port), await conversation(nodesNet, port)];
    assertEquals(ours, nodes);
    assertEquals(ours[0].filter(([name]) => name === "data"), [["data", "HELLO WORLD"], ["data", "bye"]]);
  });
});

test("a server that is not there is ECONNREFUSED", async () => {
  const refused = (module) => new Promise((resolve) => {
    module.connect(1, "127.0.0.1").on("error", ({ message, code, syscall, address, port, errno }) => resolve([message, code, syscall, address, port, errno]));
  });
  assertEquals(await refused(net), await refused(nodesNet));
});

test("a silent connection times out, and is closed when it is destroyed", async () => {
  await withServer(async (port) => {
    const events = await new Promise((resolve) => {
      const seen = [];
      const socket = net.connect(port, "127.0.0.1");
      socket.setTimeout(5, () => {
        seen.push("timeout");
        socket.destroy();
      });
      socket.on("close", (hadError) => resolve([...seen, hadError]));
    });
    assertEquals(events, ["timeout", false]);
  });
  assertEquals(connections.size, 0);
});
