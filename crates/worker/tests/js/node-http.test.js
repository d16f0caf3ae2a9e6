import http, { METHODS, STATUS_CODES, validateHeaderName, validateHeaderValue } from "stated:node/http";
import https from "stated:node/https";
import { assertEquals, assertThrows, test } from "stated:test";

const failure = (fn) => {
  const { name, message, code } = assertThrows(fn);
  return [name, message, code];
};
const response = () => new http.ServerResponse({ method: "GET", httpVersionMajor: 1, httpVersionMinor: 1 });

test("fields are set, appended, found without case, and removed", () => {
  const message = response();
  assertEquals(message.setHeader("X-One", 1) === message, true);
  message.setHeader("x-list", ["a", "b"]);
  message.appendHeader("X-One", "2");
  message.appendHeader("X-New", "n");
  message.setHeaders(new Map([["x-map", "m"]]));
  assertEquals([message.getHeader("x-one").map(String), message.getHeader("X-LIST"), message.hasHeader("X-MAP"), message.hasHeader("no"), message.getHeader("no")],
    [["1", "2"], ["a", "b"], true, false, undefined]);
  assertEquals([message.getHeaderNames(), message.getRawHeaderNames()], [["x-one", "x-list", "x-new", "x-map"], ["X-One", "x-list", "X-New", "x-map"]]);
  assertEquals([Object.getPrototypeOf(message.getHeaders()), message.getHeaders()["x-map"]], [null, "m"]);
  message.removeHeader("X-LIST");
  assertEquals([message.hasHeader("x-list"), message.headersSent], [false, false]);
});

test("names and values are checked in Node's words", () => {
  const name = ["TypeError", "Header name must be a valid HTTP token [\"a b\"]", "ERR_INVALID_HTTP_TOKEN"];
  assertEquals([failure(() => validateHeaderName("a b")), failure(() => response().setHeader("a b", "x")), failure(() => http.request({ headers: { "a b": "1" } }))], [name, name, name]);
  assertEquals(failure(() => validateHeaderValue("a", undefined)), ["TypeError", "Invalid value \"undefined\" for header \"a\"", "ERR_HTTP_INVALID_HEADER_VALUE"]);
  assertEquals(failure(() => validateHeaderValue("a", "x\x01")), ["TypeError", "Invalid character in header content [\"a\"]", "ERR_INVALID_CHAR"]);
  assertEquals(failure(() => response().setHeader("a", "é€")), ["TypeError", "Invalid character in header content [\"a\"]", "ERR_INVALID_CHAR"]);
  assertEquals(validateHeaderValue("a", "é\t "), undefined);
  assertEquals(failure(() => response().getHeader(5))[2], "ERR_INVALID_ARG_TYPE");
  assertEquals(failure(() => response().writeHead(99)), ["RangeError", "Invalid status code: 99", "ERR_HTTP_INVALID_STATUS_CODE"]);
});

test("what a request cannot be is refused when it is made", () => {
  assertEquals(failure(() => http.request({ protocol: "ftp:" })), ["TypeError", "Protocol \"ftp:\" not supported. Expected \"http:\"", "ERR_INVALID_PROTOCOL"]);
  assertEquals(failure(() => http.request("https://x/"))[1], "Protocol \"https:\" not supported. Expected \"http:\"");
  assertEquals(failure(() => https.request("http://x/"))[1], "Protocol \"http:\" not supported. Expected \"https:\"");
  assertEquals(failure(() => http.request({ path: "/a b" })), ["TypeError", "Request path contains unescaped characters", "ERR_UNESCAPED_CHARACTERS"]);
  assertEquals(failure(() => http.request({ method: "A B" })), ["TypeError", "Method must be a valid HTTP token [\"A B\"]", "ERR_INVALID_HTTP_TOKEN"]);
  assertEquals(failure(() => http.request("nothing"))[2], "ERR_INVALID_URL");
  assertEquals(failure(() => http.request({ agent: 5 }))[2], "ERR_INVALID_ARG_TYPE");
});

test("an agent is its settings", () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 5 });
  assertEquals([agent.keepAlive, agent.maxSockets, agent.maxFreeSockets, agent.defaultPort, agent.protocol], [true, 5, 256, 80, "http:"]);
  assertEquals([agent.getName({ host: "a", port: 1 }), new https.Agent().defaultPort, new https.Agent() instanceof http.Agent], ["a:1:", 443, true]);
  agent.destroy();
});

test("a server has an address only while it listens", () => {
  const server = http.createServer();
  assertEquals([server.listening, server.address(), server instanceof http.Server], [false, null, true]);
  assertEquals(failure(() => server.listen(70_000))[2], "ERR_SOCKET_BAD_PORT");
  assertEquals(failure(() => http.createServer(5))[2], "ERR_INVALID_ARG_TYPE");
});

test("lists and limits", () => {
  assertEquals([STATUS_CODES[404], METHODS.includes("PATCH"), METHODS.every((method, index) => index === 0 || METHODS[index - 1] < method), http.maxHeaderSize], ["Not Found", true, true, 16384]);
});

test("a reason that would end the line is refused", () => {
  const response = new http.ServerResponse(new http.IncomingMessage());
  assertEquals(assertThrows(() => response.writeHead(200, "a\nb"), TypeError, "Invalid character in statusMessage").code, "ERR_INVALID_CHAR");
});
