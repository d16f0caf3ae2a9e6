import { crypto, Crypto, SubtleCrypto } from "stated:crypto";
import { DOMException } from "stated:dom-exception";
import { TextEncoder } from "stated:encoding";
import { assert, assertEquals, assertRejects, assertThrows, test } from "stated:test";

const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
const abc = new TextEncoder().encode("abc");

test("digests of the standard's example", async () => {
  const digests = {
    "SHA-1": "a9993e364706816aba3e25717850c26c9cd0d89d",
    "SHA-256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    "SHA-384": "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
    "SHA-512": "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    "MD5": "900150983cd24fb0d6963f7d28e17f72",
  };
  for (const [name, digest] of Object.entries(digests)) {
    const result = await crypto.subtle.digest(name, abc);
    assert(result instanceof ArrayBuffer);
    assertEquals(hex(result), digest, name);
  }
});

test("digest takes names in any case, objects, and data of any kind", async () => {
  const digest = hex(await crypto.subtle.digest("sha-256", abc));
  assertEquals(hex(await crypto.subtle.digest({ name: "Sha-256" }, new DataView(abc.buffer))), digest);
  assertEquals(hex(await crypto.subtle.digest("SHA-256", abc.slice().buffer)), digest);
});

test("digest rejects unknown algorithms and other data", async () => {
  for (const algorithm of ["foo", "", "SHA-2"]) {
    const error = await assertRejects(() => crypto.subtle.digest(algorithm, abc), DOMException,
      "Unrecognized or unimplemented digest algorithm requested.");
    assertEquals(error.name, "NotSupportedError");
  }
  await assertRejects(() => crypto.subtle.digest(/** @type {any} */ ({}), abc), DOMException);
  await assertRejects(() => crypto.subtle.digest("SHA-1", /** @type {any} */ ("abc")), TypeError,
    "Failed to execute 'digest' on 'SubtleCrypto': parameter 2 is not of type 'BufferSource'.");
  await assertRejects(() => /** @type {any} */ (crypto.subtle).digest(), TypeError,
    "Failed to execute 'digest' on 'SubtleCrypto': parameter 1 is not of type 'string or HashAlgorithm'.");
});

test("timingSafeEqual compares bytes of one length", () => {
  assertEquals([crypto.subtle.timingSafeEqual(abc, abc.slice()), crypto.subtle.timingSafeEqual(abc, new Uint8Array(3)),
    crypto.subtle.timingSafeEqual(new Uint8Array(), new Uint8Array())], [true, false, true]);
  assertThrows(() => crypto.subtle.timingSafeEqual(abc, new Uint8Array(2)), TypeError, "Input buffers must have the same byte length.");
});

test("getRandomValues fills the view it got and returns it", () => {
  const { buffer } = new Uint8Array(64);
  const view = new Uint32Array(buffer, 16, 8);
  assert(crypto.getRandomValues(view) === view);
  const all = new Uint8Array(buffer);
  assert(all.slice(0, 16).every((byte) => byte === 0) && all.slice(48).every((byte) => byte === 0));
  assert(all.slice(16, 48).some((byte) => byte !== 0));
  assertEquals(crypto.getRandomValues(new BigUint64Array(1)).length, 1);
});

test("getRandomValues takes 65536 bytes and no more", () => {
  crypto.getRandomValues(new Uint8Array(65_536));
  const error = assertThrows(() => crypto.getRandomValues(new Uint8Array(65_537)), DOMException,
    "getRandomValues() only accepts buffers of size <= 64K but provided 65537 bytes.");
  assertEquals(error.name, "QuotaExceededError");
});

test("getRandomValues wants a view of integers", () => {
  for (const view of [new Float32Array(1), new Float64Array(1), new DataView(new ArrayBuffer(1))]) {
    const error = assertThrows(() => crypto.getRandomValues(view), DOMException,
      "ArrayBufferView argument to getRandomValues() must be an integer-typed view.");
    assertEquals(error.name, "TypeMismatchError");
  }
  for (const value of [undefined, new ArrayBuffer(1), [1]]) {
    assertThrows(() => crypto.getRandomValues(/** @type {any} */ (value)), TypeError,
      "Failed to execute 'getRandomValues' on 'Crypto': parameter 1 is not of type 'ArrayBufferView'.");
  }
});

test("randomUUID is of version 4 and new each time", () => {
  const uuid = crypto.randomUUID();
  assert(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(uuid), uuid);
  assert(uuid !== crypto.randomUUID());
});

test("the crypto classes cannot be constructed and check this", () => {
  assertThrows(() => new Crypto(), TypeError, "Illegal constructor");
  assertThrows(() => new SubtleCrypto(), TypeError, "Illegal constructor");
  const { randomUUID } = crypto;
  assertThrows(() => randomUUID(), TypeError);
  assertEquals([`${crypto}`, `${crypto.subtle}`, crypto.subtle === crypto.subtle], ["[object Crypto]", "[object SubtleCrypto]", true]);
});
