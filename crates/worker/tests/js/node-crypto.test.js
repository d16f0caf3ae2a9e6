import { Buffer } from "stated:node/buffer";
import crypto, { createHash, createHmac, hkdfSync, pbkdf2, pbkdf2Sync, randomBytes, randomFillSync, randomInt, randomUUID, scryptSync, timingSafeEqual } from "stated:node/crypto";
import { assert, assertEquals, assertThrows, test } from "stated:test";

test("hashes of the standards' example", () => {
  const digests = Object.fromEntries(["md5", "sha1", "sha256", "SHA512"].map((name) => [name, createHash(name).update("a").update(Buffer.from("bc")).digest("hex")]));
  assertEquals(digests, {
    md5: "900150983cd24fb0d6963f7d28e17f72", sha1: "a9993e364706816aba3e25717850c26c9cd0d89d",
    sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    SHA512: "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
  });
});

test("a hash is finished once, can be copied before, and is a stream", async () => {
  const hash = createHash("sha1").update("ab");
  const copy = hash.copy();
  assertEquals([hash.digest("base64url"), copy.update("c").digest("hex")], ["2iNhTgJGmg18e9G9q1ycR0sZBNw", "a9993e364706816aba3e25717850c26c9cd0d89d"]);
  assertEquals(assertThrows(() => hash.update("x"), Error, "Digest already called").code, "ERR_CRYPTO_HASH_FINALIZED");
  const stream = createHash("sha1");
  stream.end("abc");
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  assertEquals(Buffer.concat(chunks).toString("hex"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  assertThrows(() => createHash("nothing"), Error, "Digest method not supported");
});

test("HMAC with short and long keys: RFC 4231", () => {
  assertEquals([createHmac("sha256", "Jefe").update("what do ya want for nothing?").digest("hex"),
    createHmac("sha256", Buffer.alloc(131, 0xaa)).update("Test Using Larger Than Block-Size Key - Hash Key First").digest("hex")],
  ["5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"]);
});

test("PBKDF2: RFC 6070", async () => {
  assertEquals([pbkdf2Sync("password", "salt", 2, 20, "sha1").toString("hex"), pbkdf2Sync("passwordPASSWORDpassword", "saltSALTsaltSALTsaltSALTsaltSALTsalt", 4096, 25, "sha1").toString("hex")],
    ["ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957", "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038"]);
  const called = await new Promise((resolve, reject) => { pbkdf2("password", "salt", 1, 20, "sha1", (error, key) => (error ? reject(error) : resolve(key))); });
  assertEquals(called.toString("hex"), "0c60c80f961f0e71f3a9b524af6012062fe037a6");
  assertEquals(assertThrows(() => pbkdf2Sync("a", "b", 1, 1, "nothing"), TypeError, "Invalid digest: nothing").code, "ERR_CRYPTO_INVALID_DIGEST");
});

test("HKDF: RFC 5869", () => {
  const key = hkdfSync("sha256", Buffer.alloc(22, 0x0b), Buffer.from("000102030405060708090a0b0c", "hex"), Buffer.from("f0f1f2f3f4f5f6f7f8f9", "hex"), 42);
  assertEquals(Buffer.from(key).toString("hex"), "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
});

test("scrypt: RFC 7914", () => {
  assertEquals([scryptSync("", "", 64, { N: 16, r: 1, p: 1 }).toString("hex"), scryptSync("password", "NaCl", 64, { N: 1024, r: 8, p: 16 }).toString("hex").slice(0, 32)],
    ["77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906", "fdbabe1c9d3472007856e7190d01e9fe"]);
  assertEquals(assertThrows(() => scryptSync("a", "b", 1, { N: 15 }), RangeError).code, "ERR_CRYPTO_INVALID_SCRYPT_PARAMS");
});

test("random values", () => {
  const filled = randomFillSync(Buffer.alloc(8), 4);
  assertEquals([randomBytes(5).length, filled.subarray(0, 4).toString("hex"), /^[\da-f]{8}-[\da-f]{4}-4/.test(randomUUID())], [5, "00000000", true]);
  for (let i = 0; i < 100; i++) assert([5, 6, 7].includes(randomInt(5, 8)));
  assertEquals([assertThrows(() => randomInt(5, 5), RangeError).code, assertThrows(() => randomBytes(-1), RangeError).code], ["ERR_OUT_OF_RANGE", "ERR_OUT_OF_RANGE"]);
});

test("bytes are compared", () => {
  assertEquals([timingSafeEqual(Buffer.from("a"), Buffer.from("a")), timingSafeEqual(Buffer.from("a"), Buffer.from("b"))], [true, false]);
  assertEquals(assertThrows(() => timingSafeEqual(Buffer.alloc(1), Buffer.alloc(2)), RangeError, "Input buffers must have the same byte length").code,
    "ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH");
  assertEquals([crypto.getHashes().includes("sha256"), typeof crypto.webcrypto.subtle, typeof crypto.subtle.digest], [true, "object", "function"]);
});
