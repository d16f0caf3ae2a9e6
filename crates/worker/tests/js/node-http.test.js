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

test("an agent checks its settings and names what tells connections apart", () => {
  assertEquals(failure(() => new http.Agent({ scheduling: "x" })), ["TypeError", "The argument 'scheduling' must be one of: 'fifo', 'lifo'. Received 'x'", "ERR_INVALID_ARG_VALUE"]);
  assertEquals(failure(() => new http.Agent({ maxTotalSockets: 0 })), ["RangeError", 'The value of "maxTotalSockets" is out of range. It must be >= 1. Received 0', "ERR_OUT_OF_RANGE"]);
  assertEquals(new http.Agent({ maxTotalSockets: 1 }).maxTotalSockets, 1);
  assertEquals([new https.Agent().getName({ host: "h", port: 1, ca: "c", servername: "s", rejectUnauthorized: false }).split(":").slice(0, 12).join(":"), new https.Agent().getName().replace("localhost", "")],
    ["h:1::c::::::false:s:", ":".repeat(22)]);
});

test("a server checks its limits and choices", () => {
  const message = (options) => failure(() => http.createServer(options)).slice(1);
  assertEquals(message([]), ["The \"options\" argument must be of type object. Received an instance of Array", "ERR_INVALID_ARG_TYPE"]);
  assertEquals(message({ requestTimeout: null }), ["The \"requestTimeout\" argument must be of type number. Received null", "ERR_INVALID_ARG_TYPE"]);
  assertEquals(message({ maxHeaderSize: -1 }), ['The value of "maxHeaderSize" is out of range. It must be >= 0 && <= 9007199254740991. Received -1', "ERR_OUT_OF_RANGE"]);
  assertEquals(message({ requireHostHeader: 1 }), ["The \"options.requireHostHeader\" property must be of type boolean. Received type number (1)", "ERR_INVALID_ARG_TYPE"]);
  assertEquals(message({ requestTimeout: 5, headersTimeout: 6 })[1], "ERR_OUT_OF_RANGE");
  const { headersTimeout, requestTimeout, keepAliveTimeout } = http.createServer({ requestTimeout: 7000 });
  assertEquals([headersTimeout, requestTimeout, keepAliveTimeout], [7000, 7000, 5000]);
  assertEquals(failure(() => http.setMaxIdleHTTPParsers(0))[2], "ERR_OUT_OF_RANGE");
});

test("options of a request are checked when it is made", () => {
  const message = (options) => failure(() => http.request(options)).slice(1);
  assertEquals(message({ signal: {} }), ["The \"signal\" argument must be an instance of AbortSignal. Received an instance of Object", "ERR_INVALID_ARG_TYPE"]);
  assertEquals(message({ timeout: "x" }), ["The \"timeout\" argument must be of type number. Received type string ('x')", "ERR_INVALID_ARG_TYPE"]);
  assertEquals(message({ insecureHTTPParser: 1 }), ["The \"options.insecureHTTPParser\" property must be of type boolean. Received type number (1)", "ERR_INVALID_ARG_TYPE"]);
  assertEquals(message({ maxHeaderSize: -1 })[1], "ERR_OUT_OF_RANGE");
  assertEquals(message({ agent: {} })[1], "ERR_INVALID_ARG_TYPE");
});

test("a message that has no way cannot be sent or read", () => {
  const message = new http.OutgoingMessage();
  assertEquals(failure(() => message.write("a")), ["Error", "The _implicitHeader() method is not implemented", "ERR_METHOD_NOT_IMPLEMENTED"]);
  assertEquals(failure(() => message.write(5))[2], "ERR_INVALID_ARG_TYPE");
  assertEquals(failure(() => message.write(null))[2], "ERR_STREAM_NULL_VALUES");
  assertEquals(failure(() => response().addTrailers({ "a b": "1" })), ["TypeError", "Trailer name must be a valid HTTP token [\"a b\"]", "ERR_INVALID_HTTP_TOKEN"]);
});

test("the head is fixed by writeHead", () => {
  const sent = response();
  sent.setHeader("x-a", "1");
  assertEquals([sent.writeHead(200, { "X-A": "2" }) === sent, sent.headersSent, sent.getHeader("x-a")], [true, true, "2"]);
  assertEquals([failure(() => sent.setHeader("a", "b"))[2], failure(() => sent.writeHead(200))[2]], ["ERR_HTTP_HEADERS_SENT", "ERR_HTTP_HEADERS_SENT"]);
  assertEquals(failure(() => response().writeHead(200, ["odd"])), ["TypeError", "The argument 'headers' is invalid. Received [ 'odd' ]", "ERR_INVALID_ARG_VALUE"]);
  assertEquals(failure(() => response().writeEarlyHints({ link: "odd" }))[2], "ERR_INVALID_ARG_VALUE");
});
