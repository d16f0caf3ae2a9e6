import { handleAsNodeRequest, httpServerHandler } from "stated:cloudflare-node";
import { Buffer } from "stated:node/buffer";
import http from "stated:node/http";
import { assert, assertEquals, assertRejects, assertThrows, test } from "stated:test";

let port = 8000;

/** The answer of a server with this listener: status, text, headers and body. */
async function answer(listener, path = "/", init = undefined) {
  const server = http.createServer(listener).listen(++port);
  try {
    const response = await handleAsNodeRequest(port, new Request(`https://host.example${path}`, init));
    return [response.status, response.statusText, [...response.headers], await response.text()];
  } finally {
    server.close();
  }
}

test("a request is what came", async () => {
  const [, , , body] = await answer((request, response) => {
    const { method, url, headers, rawHeaders, httpVersion, complete, socket } = request;
    response.end(JSON.stringify({ method, url, headers, rawHeaders, httpVersion, complete, encrypted: socket.encrypted }));
  }, "/a/b?c=d", { headers: { "X-In": "1", cookie: "a=1" } });
  assertEquals(JSON.parse(body), {
    method: "GET", url: "/a/b?c=d", headers: { host: "host.example", cookie: "a=1", "x-in": "1" },
    rawHeaders: ["host", "host.example", "cookie", "a=1", "x-in", "1"], httpVersion: "1.1", complete: false, encrypted: true,
  });
});

test("a response is what was written", async () => {
  assertEquals(await answer((_request, response) => {
    response.setHeader("X-List", ["1", "2"]);
    response.writeHead(201, "Made", { "x-b": "3" });
    response.end("text");
  }), [201, "Made", [["content-length", "4"], ["x-b", "3"], ["x-list", "1, 2"]], "text"]);
  assertEquals(await answer((_request, response) => {
    response.statusCode = 404;
    response.appendHeader("Set-Cookie", "a=1");
    response.appendHeader("Set-Cookie", "b=2");
    response.end();
  }), [404, "Not Found", [["content-length", "0"], ["set-cookie", "a=1"], ["set-cookie", "b=2"]], ""]);
  assertEquals(await answer((_request, response) => response.writeHead(204, ["x-a", "1"]).end()), [204, "No Content", [["x-a", "1"]], ""]);
  assertEquals((await answer((_request, response) => response.end("not sent"), "/", { method: "HEAD" }))[3], "");
});

test("fields are fixed once they are sent", async () => {
  const seen = [];
  await answer(async (_request, response) => {
    response.write("a");
    seen.push(response.headersSent);
    await null;
    await new Promise((resolve) => { setTimeout(resolve, 1); });
    seen.push(response.headersSent);
    for (const call of [() => response.setHeader("a", "b"), () => response.writeHead(200), () => response.removeHeader("a")]) seen.push(assertThrows(call).code);
    response.end("b");
  });
  assertEquals(seen, [true, true, "ERR_HTTP_HEADERS_SENT", "ERR_HTTP_HEADERS_SENT", "ERR_HTTP_HEADERS_SENT"]);
});

test("bodies stream in both directions", async () => {
  const [, , headers, body] = await answer((request, response) => {
    request.setEncoding("utf8");
    response.writeHead(200, { "content-type": "text/plain" });
    request.on("data", (piece) => response.write(piece.toUpperCase()));
    request.on("end", () => response.end("!"));
  }, "/", { method: "POST", body: "some text ".repeat(10_000) });
  assertEquals([headers, body], [[["content-type", "text/plain"]], `${"SOME TEXT ".repeat(10_000)}!`]);
});

test("a slow reader holds the handler up", async () => {
  const server = http.createServer((_request, response) => {
    response.writeHead(200);
    const first = response.write(Buffer.alloc(100_000));
    response.write(Buffer.alloc(100_000));
    response.on("drain", () => response.end(`${first}`));
  }).listen(++port);
  const response = await handleAsNodeRequest({ port }, new Request("http://a/"));
  const bytes = new Uint8Array(await response.arrayBuffer());
  assertEquals([bytes.length, new TextDecoder().decode(bytes.subarray(200_000))], [200_005, "false"]);
  server.close();
});

test("errors of the handler and of the connection reach the caller", async () => {
  await assertRejects(() => answer(() => { throw new RangeError("boom"); }), RangeError, "boom");
  await assertRejects(() => answer((_request, response) => response.destroy(new Error("gone"))), Error, "gone");
  await assertRejects(() => answer((_request, response) => {
    response.on("error", () => {});
    response.write("partial");
    setTimeout(() => response.destroy(new Error("broken")), 1);
  }));
});

test("a caller that goes away is seen", async () => {
  const controller = new AbortController();
  const events = [];
  const server = http.createServer((request, response) => {
    request.on("error", () => {});
    response.on("error", () => {});
    response.on("close", () => events.push(["closed", response.writableFinished]));
    controller.abort();
  }).listen(++port);
  await assertRejects(() => handleAsNodeRequest(port, new Request("http://a/", { signal: controller.signal })));
  assertEquals(events, [["closed", false]]);
  server.close();
});

test("servers are found by port while they listen", async () => {
  const events = [];
  const server = http.createServer((_request, response) => response.end("x"));
  server.on("listening", () => events.push("listening")).on("close", () => events.push("close"));
  server.listen(++port, "localhost", () => events.push("callback"));
  assertEquals([server.listening, server.address()], [true, { port, family: "IPv4", address: "127.0.0.1" }]);
  assertEquals(assertThrows(() => server.listen(1)).code, "ERR_SERVER_ALREADY_LISTEN");
  const second = http.createServer();
  const error = await new Promise((resolve) => { second.on("error", resolve).listen(port); });
  assertEquals([error.code, error.message], ["EADDRINUSE", `listen EADDRINUSE: address already in use :::${port}`]);
  const any = http.createServer().listen();
  assert(any.address().port >= 49_152);
  any.close();
  for (const target of [port, { port }, server]) assertEquals(await (await handleAsNodeRequest(target, new Request("http://a/"))).text(), "x");
  await new Promise((resolve) => { server.close(resolve); });
  assertEquals(events, ["listening", "callback", "close"]);
  const gone = await assertRejects(() => handleAsNodeRequest(port, new Request("http://a/")), Error,
    `Http server with port ${port} not found. This is likely a bug with your code. You should check if server.listen() was called with the same port (${port})`);
  assertEquals(gone.code, "ERR_INVALID_ARG_VALUE");
});

test("a handler is made of a server, with further handlers", async () => {
  const server = http.createServer((request, response) => response.end(Object.keys(request.cloudflare).join())).listen(++port);
  const handler = httpServerHandler(server, { scheduled() {} });
  assertEquals(Object.keys(handler), ["scheduled", "fetch"]);
  assertEquals(await (await handler.fetch(new Request("http://a/"), {}, {})).text(), "cf,env,ctx");
  for (const target of [{}, "8080", -1, { port: 65_536 }]) assertThrows(() => httpServerHandler(target), Error, "Failed to determine port for server");
  assertThrows(() => httpServerHandler(), Error, "Server descriptor cannot be null or undefined");
  await assertRejects(() => handleAsNodeRequest(http.createServer(), new Request("http://a/")), Error, "Failed to determine port for server");
  server.close();
});

test("a handler makes its server listen, and a server hears of connections", async () => {
  const events = [];
  const server = http.createServer((request, response) => response.end(request.url));
  for (const name of ["connection", "request"]) server.on(name, () => events.push(name));
  const handler = httpServerHandler(server);
  assertEquals([server.listening, await (await handler.fetch(new Request("http://a/b?c"), {}, {})).text(), events], [true, "/b?c", ["connection", "request"]]);
  server.close();
});

test("a request that nobody reads ends with its response, and is aborted with one that is given up", async () => {
  const events = [];
  const listening = (request, response) => {
    for (const name of ["end", "aborted", "close", "error"]) request.on(name, (error) => events.push(error?.code ?? name));
    response.on("close", () => events.push("response"));
  };
  await answer((request, response) => {
    listening(request, response);
    response.end();
  }, "/", { method: "POST", body: "unread" });
  await new Promise((resolve) => { setTimeout(resolve, 1); });
  assertEquals(events.splice(0), ["response", "end", "close"]);
  await assertRejects(() => answer((request, response) => {
    listening(request, response);
    response.destroy();
  }));
  await new Promise((resolve) => { setTimeout(resolve, 1); });
  assertEquals(events, ["aborted", "response", "ECONNRESET", "close"]);
});

test("a body is as long as it says when it must be", async () => {
  const seen = [];
  await assertRejects(() => answer((_request, response) => {
    response.strictContentLength = true;
    response.setHeader("content-length", 5);
    seen.push(assertThrows(() => response.end("1234")).message, assertThrows(() => response.write("56")).code);
    response.destroy();
  }));
  assertEquals(seen, ["Response body's content-length of 4 byte(s) does not match the content-length of 5 byte(s) set in header", "ERR_HTTP_CONTENT_LENGTH_MISMATCH"]);
});
