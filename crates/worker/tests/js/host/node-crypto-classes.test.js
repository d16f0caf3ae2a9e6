import { Buffer } from "stated:node/buffer";
import crypto, { createSecretKey, generateKeyPairSync, KeyObject } from "stated:node/crypto";
import types from "stated:node/util/types";
import { assert, assertEquals, assertThrows, test } from "stated:test";

test("keys have classes of their own", () => {
  const secret = createSecretKey(Buffer.from("abc"));
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  assertEquals([secret, privateKey, publicKey].map((key) => key.constructor.name), ["SecretKeyObject", "PrivateKeyObject", "PublicKeyObject"]);
  assertEquals(Object.getPrototypeOf(privateKey.constructor).name, "AsymmetricKeyObject");
  assert(Object.getPrototypeOf(secret.constructor) === KeyObject && privateKey instanceof KeyObject);
  assertEquals([secret, publicKey, {}, null, "KeyObject"].map((value) => types.isKeyObject(value)), [true, true, false, false, false]);
  assertThrows(() => new secret.constructor(), TypeError);
});

test("cryptography is not limited to FIPS", () => {
  assert(!crypto.fips);
  crypto.fips = false;
  assertEquals(crypto.getFips(), 0);
});

test("old names are there", () => {
  assertEquals(crypto.pseudoRandomBytes(4).length, 4);
});
