import { Buffer } from "stated:node/buffer";
import crypto, { createHash, createHmac } from "stated:node/crypto";
import { assertEquals, assertThrows, test } from "stated:test";

test("every digest is that of its standard's example", () => {
  const digests = {
    "RSA-SHA224": "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7",
    "sha512-256": "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23",
    "sha3-256": "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532",
    ripemd160: "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc", rmd160: "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc",
    blake2s256: "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982",
    shake128: "5881092dd818bf5cf8a3ddb793fbcba7",
  };
  for (const [name, digest] of Object.entries(digests)) {
    assertEquals(createHash(name).update("abc").digest("hex"), digest, name);
    assertEquals(crypto.getHashes().includes(name), true, name);
  }
});

test("an extendable digest is as long as asked, another only as long as it is", () => {
  assertEquals([createHash("shake256", { outputLength: 5 }).update("a").digest("hex"), createHash("sha1", { outputLength: 20 }).digest().length],
    ["867e2cb04f", 20]);
  assertEquals(assertThrows(() => createHash("sha1", { outputLength: 5 }).digest(), Error).code, "ERR_OSSL_EVP_NOT_XOF_OR_INVALID_LENGTH");
});

test("HMAC takes every digest and a KeyObject", () => {
  const key = crypto.createSecretKey(Buffer.from("key"));
  assertEquals(["sha3-512", "blake2b512", "ripemd160"].map((name) => createHmac(name, key).update("abc").digest("hex").slice(0, 16)),
    ["085e4e83503f40b8", "05cc4815438d5cfe", "67fdce738ebfc737"]);
});

test("PBKDF2, HKDF and scrypt take every digest", () => {
  assertEquals([
    crypto.pbkdf2Sync("a", "b", 3, 20, "sha3-256").toString("hex"), Buffer.from(crypto.hkdfSync("sha224", "a", "b", "c", 10)).toString("hex"),
    crypto.scryptSync("a", "b", 0).length,
  ], ["4375d1b00db9a742fbf05795b6eeec58cff090cb", "d329464f78ba579e5676", 0]);
});

test("a second digest is empty for a HMAC and refused for a hash", () => {
  const hmac = crypto.createHmac("sha1", "k");
  hmac.digest();
  assertEquals([hmac.digest("hex"), hmac.digest().length], ["", 0]);
  const hash = crypto.createHash("sha1");
  hash.digest();
  assertEquals(assertThrows(() => hash.digest(), Error, "Digest already called").code, "ERR_CRYPTO_HASH_FINALIZED");
});
