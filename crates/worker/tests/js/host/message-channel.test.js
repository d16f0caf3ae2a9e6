import { assert, assertEquals, assertThrows, test } from "stated:test";

/** Resolves to the data of the next messages. */
const received = (port, count = 1) => new Promise((resolve) => {
  const data = [];
  port.addEventListener("message", (event) => {
    if (data.push(event.data) === count) resolve(data);
  });
  port.start();
});

test("messages arrive in order, as clones, on the other port", async () => {
  const { port1, port2 } = new MessageChannel();
  const original = { list: [1, new Date(0)] };
  port1.postMessage(original);
  port1.postMessage("second");
  const [first, second] = await received(port2, 2);
  assertEquals([first, second], [original, "second"]);
  assert(first !== original);
});

test("a message arrives after the running code", async () => {
  const { port1, port2 } = new MessageChannel();
  const order = [];
  port2.onmessage = ({ data }) => order.push(data);
  port1.postMessage("message");
  order.push("code");
  await received(port2);
  assertEquals(order, ["code", "message"]);
});

test("a port waits for start, which setting onmessage does", async () => {
  const { port1, port2 } = new MessageChannel();
  const seen = [];
  port2.addEventListener("message", ({ data }) => seen.push(data));
  port1.postMessage(1);
  await Promise.resolve();
  await Promise.resolve();
  assertEquals(seen, []);
  const next = new Promise((resolve) => {
    port2.onmessage = resolve;
  });
  assertEquals([(await next).data, seen], [1, [1]]);
});

test("a transferred buffer is detached", async () => {
  const { port1, port2 } = new MessageChannel();
  const { buffer } = Uint8Array.of(1, 2, 3);
  port1.postMessage(buffer, [buffer]);
  assertEquals(buffer.byteLength, 0);
  const [moved] = await received(port2);
  assertEquals([...new Uint8Array(moved)], [1, 2, 3]);
});

test("what cannot be cloned throws at the sender", () => {
  const { port1 } = new MessageChannel();
  const error = assertThrows(() => port1.postMessage(() => {}), DOMException);
  assertEquals(error.name, "DataCloneError");
  assertThrows(() => port1.postMessage(), TypeError, "Failed to execute 'postMessage' on 'MessagePort': parameter 1 is not of type 'Value'.");
});

test("closing a port closes the other one after what was sent", async () => {
  const { port1, port2 } = new MessageChannel();
  const order = [];
  port2.onmessage = ({ data }) => order.push(data);
  const closed = new Promise((resolve) => {
    port2.onclose = resolve;
  });
  port1.postMessage("last");
  port1.close();
  port1.postMessage("too late");
  await closed;
  assertEquals(order, ["last"]);
});

test("ports come from channels only", () => {
  assertThrows(() => new MessagePort(), TypeError, "Illegal constructor");
  const channel = new MessageChannel();
  assert(channel.port1 instanceof MessagePort && channel.port1 instanceof EventTarget);
  assertEquals([channel.port1 === channel.port1, `${channel}`, `${channel.port2}`], [true, "[object MessageChannel]", "[object MessagePort]"]);
});
