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

/** What a socket does that is connected again when it is over. */
function twice(module, port) {
  return new Promise((resolve) => {
    const events = [];
    const socket = new module.Socket();
    for (const name of ["connect", "ready", "data", "end", "finish", "close"]) socket.on(name, (value) => events.push([name, value instanceof Uint8Array ? `${value}` : value]));
    const start = () => socket.connect(port, "127.0.0.1", () => socket.end());
    socket.once("close", () => {
      socket.once("close", () => resolve(events));
      start();
    });
    start();
  });
}

test("a socket that is over is connected again", async () => {
  await withServer(async (port) => {
    const ours = await twice(net, port);
    assertEquals(ours, await twice(nodesNet, port));
    assertEquals(ours.filter(([name]) => name === "data"), [["data", "bye"], ["data", "bye"]]);
  });
});

test("what waits for a connection that fails is told so", async () => {
  const told = (module) => new Promise((resolve) => {
    const events = [];
    const socket = module.connect(1, "127.0.0.1");
    for (const name of ["error", "close"]) socket.on(name, () => events.push(name));
    socket.write("x", ({ code, message }) => resolve([...events, code, message]));
  });
  assertEquals(await told(net), ["error", "close", "ERR_SOCKET_CLOSED_BEFORE_CONNECTION", "Socket closed before the connection was established"]);
});

test("a reader with a buffer of its own gets the bytes in it", async () => {
  const read = (module, port) => new Promise((resolve) => {
    const seen = [];
    const buffer = Buffer.alloc(2);
    const socket = module.connect({ port, host: "127.0.0.1", onread: { buffer, callback: (count, bytes) => seen.push(`${bytes.subarray(0, count)}`) > 0 } }, () => socket.end());
    socket.on("close", () => resolve(seen));
  });
  await withServer(async (port) => {
    const ours = await read(net, port);
    assertEquals([ours, ours], [await read(nodesNet, port), ["by", "e"]]);
  });
});

test("an address is read from text", () => {
  const parts = (text) => {
    const found = net.SocketAddress.parse(text);
    return found && [found.address, found.port, found.family];
  };
  assertEquals([parts("1.2.3.4:8080"), parts("[::1]:1"), parts("::1"), parts("1.2.3.4"), parts("name"), net.BlockList.isBlockList(new net.BlockList()), net.BlockList.isBlockList({})],
    [["1.2.3.4", 8080, "ipv4"], ["::1", 1, "ipv6"], undefined, ["1.2.3.4", 0, "ipv4"], undefined, true, false]);
});

test("the port of an address may be text", () => {
  assertEquals(new net.SocketAddress({ port: "80" }).port, 80);
});
