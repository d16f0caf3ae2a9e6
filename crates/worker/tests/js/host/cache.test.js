import { assert, assertEquals, assertRejects, assertThrows, test } from "stated:test";

let count = 0;
/** A URL no other test uses. */
const url = () => `https://cache.example/${++count}`;
const fresh = (body, headers = {}) => new Response(body, { headers: { "cache-control": "max-age=60", ...headers } });

test("what was put matches, with status, headers and body", async () => {
  const at = url();
  await caches.default.put(at, new Response("body", { status: 404, statusText: "Nope", headers: { "cache-control": "max-age=60", "x-y": "z" } }));
  const response = await caches.default.match(new Request(at));
  assertEquals([response.status, response.statusText, response.headers.get("x-y"), response.headers.get("cf-cache-status"), await response.text()],
    [404, "Nope", "z", "HIT", "body"]);
  assertEquals(await (await caches.default.match(at)).text(), "body");
});

test("put reads the body, and the last one counts", async () => {
  const at = url();
  const response = fresh("1");
  await caches.default.put(at, response);
  assertEquals(response.bodyUsed, true);
  await caches.default.put(at, fresh("2"));
  assertEquals(await (await caches.default.match(`${at}#fragment`)).text(), "2");
});

test("delete forgets", async () => {
  const at = url();
  assertEquals(await caches.default.delete(at), false);
  await caches.default.put(at, fresh("x"));
  assertEquals([await caches.default.delete(at), await caches.default.match(at)], [true, undefined]);
});

test("named caches are apart from each other and from the default", async () => {
  const at = url();
  const one = await caches.open("default");
  await one.put(at, fresh("named"));
  assertEquals([await caches.default.match(at), await (await caches.open("two")).match(at)], [undefined, undefined]);
  assertEquals(await (await (await caches.open("default")).match(at)).text(), "named");
  assert(one === await caches.open("default"));
});

test("methods other than GET are not cached and match only when ignored", async () => {
  const at = url();
  await assertRejects(() => caches.default.put(new Request(at, { method: "POST" }), fresh("x")), TypeError, "Cannot cache response to non-GET request.");
  await caches.default.put(at, fresh("x"));
  const post = new Request(at, { method: "POST" });
  assertEquals(await caches.default.match(post), undefined);
  assertEquals(await (await caches.default.match(post, { ignoreMethod: true })).text(), "x");
});

test("partial responses and those that vary by anything are refused", async () => {
  await assertRejects(() => caches.default.put(url(), new Response("x", { status: 206 })), TypeError,
    "Cannot cache response to a range request (206 Partial Content).");
  await assertRejects(() => caches.default.put(url(), fresh("x", { vary: "accept, *" })), TypeError,
    "Cannot cache response with 'Vary: *' header.");
  await assertRejects(() => caches.default.put(url(), "x"), TypeError, "Failed to execute 'put' on 'Cache': parameter 2 is not of type 'Response'.");
});

test("headers decide what is kept", async () => {
  const kept = async (headers, status = 200) => {
    const at = url();
    await caches.default.put(at, new Response(status === 204 ? null : "x", { status, headers }));
    return (await caches.default.match(at)) !== undefined;
  };
  for (const value of ["no-store", "no-cache", "private", "max-age=0", "max-age=x", "s-maxage=0, max-age=60"]) {
    assertEquals(await kept({ "cache-control": value }), false, value);
  }
  for (const value of ["max-age=1", "S-MaxAge=1, max-age=0", "public, max-age=\"60\""]) {
    assertEquals(await kept({ "cache-control": value }), true, value);
  }
  assertEquals([await kept({ expires: new Date(Date.now() + 60_000).toUTCString() }), await kept({ expires: "0" })], [true, false]);
  assertEquals([await kept({}), await kept({}, 404), await kept({}, 500), await kept({}, 204)], [true, true, false, false]);
  assertEquals([await kept({ "set-cookie": "a=b" }), await kept({ "set-cookie": "a=b", "cache-control": "private=set-cookie" })], [false, true]);
});

test("a kept response never has cookies", async () => {
  const at = url();
  await caches.default.put(at, fresh("x", { "set-cookie": "a=b", "cache-control": "private=Set-Cookie, max-age=9" }));
  assertEquals((await caches.default.match(at)).headers.has("set-cookie"), false);
});

test("a response too old no longer matches", async () => {
  const at = url();
  await caches.default.put(at, fresh("x", { "cache-control": "max-age=1" }));
  assert((await caches.default.match(at)) !== undefined);
  while (await caches.default.match(at)) await scheduler.wait(50);
  assertEquals(await caches.default.delete(at), false);
});

test("a condition that holds gives 304", async () => {
  const at = url();
  const modified = new Date(Date.now() - 3_600_000).toUTCString();
  await caches.default.put(at, fresh("x", { etag: "W/\"1\"", "last-modified": modified }));
  const status = async (headers) => (await caches.default.match(new Request(at, { headers }))).status;
  assertEquals([await status({ "if-none-match": "\"0\", \"1\"" }), await status({ "if-none-match": "*" }), await status({ "if-none-match": "\"2\"" })],
    [304, 304, 200]);
  assertEquals([await status({ "if-modified-since": modified }), await status({ "if-modified-since": new Date(0).toUTCString() })], [304, 200]);
});

test("a range gives its bytes", async () => {
  const at = url();
  await caches.default.put(at, fresh("0123456789"));
  const range = async (value) => {
    const response = await caches.default.match(new Request(at, { headers: { range: value } }));
    return [response.status, response.headers.get("content-range"), await response.text()];
  };
  assertEquals(await range("bytes=2-4"), [206, "bytes 2-4/10", "234"]);
  assertEquals(await range("bytes=8-"), [206, "bytes 8-9/10", "89"]);
  assertEquals(await range("bytes=-3"), [206, "bytes 7-9/10", "789"]);
  assertEquals(await range("bytes=9-99"), [206, "bytes 9-9/10", "9"]);
  assertEquals(await range("bytes=10-"), [416, "bytes */10", ""]);
  assertEquals(await range("lines=1-2"), [200, null, "0123456789"]);
});

test("the classes cannot be constructed", () => {
  assertThrows(() => new Cache(), TypeError, "Illegal constructor");
  assertThrows(() => new CacheStorage(), TypeError, "Illegal constructor");
  assertEquals([`${caches}`, `${caches.default}`], ["[object CacheStorage]", "[object Cache]"]);
});

test("a body that its headers call encoded is kept as it is read, and reads the same", async () => {
  const at = url();
  await caches.default.put(at, fresh("text", { "content-encoding": "gzip" }));
  const response = await caches.default.match(at);
  assertEquals([response.headers.get("content-encoding"), await response.text()], ["gzip", "text"]);
});

/** So many bytes, each its position modulo 251, as a stream of pieces. @param {number} length */
function counting(length) {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      const piece = Uint8Array.from({ length: Math.min(100_000, length - at) }, (_, i) => (at + i) % 251);
      at += piece.length;
      if (piece.length === 0) controller.close();
      else controller.enqueue(piece);
    },
  });
}

test("a large body is kept as a stream and comes back whole and in parts", async () => {
  const at = url();
  const length = 3_000_000;
  await caches.default.put(at, fresh(counting(length), { etag: '"large"' }));
  const whole = await (await caches.default.match(at)).bytes();
  assert(whole.length === length && whole.every((byte, i) => byte === i % 251));
  const part = async (range) => {
    const response = await caches.default.match(new Request(at, { headers: { range } }));
    return [response.status, response.headers.get("content-range"), [...await response.bytes()]];
  };
  assertEquals(await part("bytes=250-252"), [206, "bytes 250-252/3000000", [250, 0, 1]]);
  assertEquals(await part("bytes=-1"), [206, "bytes 2999999-2999999/3000000", [(length - 1) % 251]]);
  assertEquals(await part("bytes=3000000-"), [416, "bytes */3000000", []]);
  const unchanged = await caches.default.match(new Request(at, { headers: { "if-none-match": '"large"' } }));
  assertEquals([unchanged.status, unchanged.body], [304, null]);
  assertEquals(await caches.default.delete(at), true);
});

test("a body that fails is not kept, and its error is the caller's", async () => {
  const at = url();
  for (const before of [0, 2_000_000]) {
    const stream = counting(before).pipeThrough(new TransformStream({ flush() { throw new Error("the end is missing"); } }));
    await assertRejects(() => caches.default.put(at, fresh(stream)), Error);
    assertEquals(await caches.default.match(at), undefined);
  }
});

test("a body that was read already cannot be kept", async () => {
  const response = fresh("x");
  await response.text();
  await assertRejects(() => caches.default.put(url(), response), TypeError);
});
