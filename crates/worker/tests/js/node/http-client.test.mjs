/** On Node only: the client of `node:http` against the stand-in host, which sees what is sent. */

import http from "stated:node/http";
import https from "stated:node/https";
import { assertEquals, test } from "stated:test";
import { makeError } from "stated:error-transport";
import { answerFetch, newBody } from "./host-web.mjs";

/** What a request sends, and all that it and its response do. */
function exchange(send, answer = [200, "OK", [], null, "", false, 0]) {
  const sent = new Promise((resolve) => {
    answerFetch(async (request) => {
      resolve(request);
      if (answer instanceof Error) throw answer;
      return answer;
    });
  });
  return new Promise((resolve) => {
    const events = [];
    const request = send();
    for (const name of ["socket", "finish", "error", "timeout", "abort", "close"]) {
      request.on(name, (value) => {
        events.push(name === "error" ? [name, value.message, value.code] : name);
        if (name === "close") sent.then((seen) => resolve({ events, sent: seen }));
      });
    }
    request.on("response", (response) => {
      const pieces = [];
      response.on("data", (piece) => pieces.push(piece));
      response.on("end", () => events.push(["response", response.statusCode, response.headers, Buffer.concat(pieces).toString()]));
    });
  });
}

test("a request is sent with its fields and body, and the response comes whole", async () => {
  const { events, sent } = await exchange(() => {
    const request = http.request({ host: "example.com", port: 8080, path: "/a?b", method: "POST", headers: { "X-A": ["1", "2"] }, auth: "u:p" });
    request.end("body");
    return request;
  }, [201, "Created", ["set-cookie", "a=1", "set-cookie", "b=2", "x", "y"], newBody(["some ", "text"]), "", false, 0]);
  assertEquals([sent.method, sent.url, sent.redirect, Buffer.from(sent.body).toString()], ["POST", "http://example.com:8080/a?b", "manual", "body"]);
  assertEquals(sent.headers.filter((_, index) => index % 2 === 0).sort(), ["authorization", "x-a", "x-a"]);
  assertEquals(events, ["socket", "finish", ["response", 201, { "set-cookie": ["a=1", "b=2"], x: "y" }, "some text"], "close"]);
});

test("https has its own scheme and port, and GET no body", async () => {
  const { sent } = await exchange(() => https.get("https://example.com/path"));
  assertEquals([sent.method, sent.url, sent.body], ["GET", "https://example.com/path", null]);
});

test("a connection that fails is an error with Node's code", async () => {
  const { events } = await exchange(() => http.get("http://example.com:1/"), makeError("Error:ECONNREFUSED", "Network connection lost.", 0, ""));
  assertEquals(events.filter((event) => Array.isArray(event)), [["error", "connect ECONNREFUSED example.com:1", "ECONNREFUSED"]]);
});

test("a request's time limit is taken back", async () => {
  const { events } = await exchange(() => {
    const request = http.get("http://example.com/", { timeout: 1 });
    assertEquals([request.timeout, request.clearTimeout() === request, request.timeout], [1, true, 0]);
    return request;
  });
  assertEquals(events.includes("timeout"), false);
});

test("a request that is given up hangs up", async () => {
  const { events } = await exchange(() => {
    const request = http.get("http://example.com/", () => {});
    request.on("finish", () => request.destroy());
    return request;
  });
  assertEquals(events.filter((event) => Array.isArray(event)), [["error", "socket hang up", "ECONNRESET"]]);
});
