import net, { BlockList, isIP, SocketAddress } from "stated:node/net";
import { assertEquals, assertThrows, test } from "stated:test";

const failure = (fn) => {
  const { name, message, code } = assertThrows(fn);
  return [name, message, code];
};

test("a list knows addresses, networks and ranges", () => {
  const list = new BlockList();
  list.addAddress("1.2.3.4");
  list.addSubnet("10.0.0.0", 8);
  list.addRange("::1", "::5", "ipv6");
  list.addAddress(new SocketAddress({ address: "::9", family: "ipv6" }));
  const found = [["1.2.3.4"], ["1.2.3.5"], ["10.2.3.4"], ["11.0.0.0"], ["::5", "ipv6"], ["::6", "ipv6"], ["::9", "ipv6"], ["::ffff:10.0.0.1", "ipv6"], ["no"]]
    .map((address) => list.check(...address));
  assertEquals(found, [true, false, true, false, true, false, true, true, false]);
  assertEquals(list.rules, ["Address: IPv6 ::9", "Range: IPv6 ::1-::5", "Subnet: IPv4 10.0.0.0/8", "Address: IPv4 1.2.3.4"]);
  assertEquals(failure(() => list.addAddress("x")), ["Error", "Invalid socket address", "ERR_INVALID_ADDRESS"]);
  assertEquals(failure(() => list.addSubnet("10.0.0.0", 33))[2], "ERR_OUT_OF_RANGE");
});

test("an address has a family and a port", () => {
  const { address, port, family, flowlabel } = new SocketAddress({ address: "::1", family: "ipv6", port: 5 });
  assertEquals([address, port, family, flowlabel], ["::1", 5, "ipv6", 0]);
  assertEquals([new SocketAddress().address, isIP("::1"), isIP("1.2.3.4"), isIP("x")], ["127.0.0.1", 6, 4, 0]);
  assertEquals(failure(() => new SocketAddress({ address: "x" }))[2], "ERR_INVALID_ADDRESS");
});

test("what cannot be connected to is refused at once, in Node's words", () => {
  assertEquals(failure(() => net.connect({})), ["TypeError", "The \"options\" or \"port\" or \"path\" argument must be specified", "ERR_MISSING_ARGS"]);
  assertEquals(failure(() => net.connect(70_000)), ["RangeError", "Port should be >= 0 and < 65536. Received type number (70000).", "ERR_SOCKET_BAD_PORT"]);
  assertEquals(failure(() => net.connect({ port: {} }))[1], "The \"options.port\" property must be one of type number or string. Received an instance of Object");
  const socket = new net.Socket();
  assertEquals([socket.connecting, socket.pending, socket.readyState, socket.bytesRead, socket.remoteAddress], [false, true, "open", 0, undefined]);
});

test("an address is made of an object", () => {
  assertEquals(assertThrows(() => new net.SocketAddress(null), TypeError, 'The "options" argument must be of type object. Received null').code, "ERR_INVALID_ARG_TYPE");
});

test("names of addresses in a list, and their ports, are checked", () => {
  const list = new BlockList();
  const message = (fn) => failure(fn)[1];
  assertEquals([message(() => list.addRange(5, "1.1.1.1")), message(() => list.addRange("1.1.1.1", 5)), message(() => list.addSubnet(5, 8))],
    ["start", "end", "network"].map((name) => `The "${name}" argument must be of type string. Received type number (5)`));
  assertEquals(failure(() => new SocketAddress({ flowlabel: "x" }))[2], "ERR_INVALID_ARG_TYPE");
});

test("options of a connection are checked when it is begun", () => {
  const message = (options) => failure(() => net.connect({ port: 1, ...options })).slice(1);
  assertEquals(message({ localAddress: "here" }), ["Invalid IP address: here", "ERR_INVALID_IP_ADDRESS"]);
  assertEquals(message({ localPort: "5" })[1], "ERR_INVALID_ARG_TYPE");
  assertEquals(message({ timeout: -1 }), ['The value of "msecs" is out of range. It must be a non-negative finite number. Received -1', "ERR_OUT_OF_RANGE"]);
  assertEquals(message({ autoSelectFamily: 1 }), ['The "options.autoSelectFamily" property must be of type boolean. Received type number (1)', "ERR_INVALID_ARG_TYPE"]);
  assertEquals(failure(() => net.connect(null))[1], 'The "options.port" property must be one of type number or string. Received null');
});

test("a socket that was never connected takes nothing", async () => {
  const socket = new net.Socket();
  const seen = await new Promise((resolve) => {
    const events = [];
    socket.on("error", ({ code, message }) => events.push([code, message]));
    socket.on("close", () => resolve(events));
    socket.write("x");
  });
  assertEquals(seen, [["ERR_SOCKET_CLOSED", "Socket is closed"]]);
});
