import { assert, assertEquals, assertRejects, test } from "stated:test";

const { subtle } = crypto;
const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
const bytes = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const utf8 = (text) => new TextEncoder().encode(text);
const curves = ["P-256", "P-384", "P-521"];

async function assertRefused(name, text, run) {
  const error = await assertRejects(run, DOMException, text);
  assertEquals(error.name, name);
}

/** A pair of every algorithm that signs, with the parameter of its operations. */
const signing = [
  ...curves.map((namedCurve) => [{ name: "ECDSA", namedCurve }, { name: "ECDSA", hash: "SHA-256" }]),
  [{ name: "Ed25519" }, { name: "Ed25519" }],
  [{ name: "RSASSA-PKCS1-v1_5", modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" },
    { name: "RSASSA-PKCS1-v1_5" }],
  [{ name: "RSA-PSS", modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-1" },
    { name: "RSA-PSS", saltLength: 20 }],
];

test("every algorithm signs, and verifies only what it signed", async () => {
  for (const [make, use] of signing) {
    const { publicKey, privateKey } = await subtle.generateKey(make, false, ["sign", "verify"]);
    const signature = await subtle.sign(use, privateKey, utf8("message"));
    assertEquals(await subtle.verify(use, publicKey, signature, utf8("message")), true, make.name);
    assertEquals(await subtle.verify(use, publicKey, signature, utf8("massage")), false, make.name);
    if (make.name === "Ed25519") {
      await assertRefused("OperationError", "Invalid Ed25519 signature length 63",
        () => subtle.verify(use, publicKey, signature.slice(1), utf8("message")));
    } else {
      assertEquals(await subtle.verify(use, publicKey, signature.slice(1), utf8("message")), false, make.name);
    }
  }
});

test("a pair shares out the usages, and its public key is extractable", async () => {
  for (const [make] of signing) {
    const { publicKey, privateKey } = await subtle.generateKey(make, false, ["verify", "sign"]);
    assertEquals([publicKey.type, publicKey.extractable, publicKey.usages], ["public", true, ["verify"]]);
    assertEquals([privateKey.type, privateKey.extractable, privateKey.usages], ["private", false, ["sign"]]);
    await assertRefused("SyntaxError", "Attempt to generate asymmetric keys with no valid private key usages.",
      () => subtle.generateKey(make, false, ["verify"]));
    await assertRefused("SyntaxError", `Attempt to generate ${make.name} key with invalid usage "encrypt".`,
      () => subtle.generateKey(make, false, ["sign", "encrypt"]));
  }
});

test("keys survive every format", async () => {
  for (const [make, use] of signing) {
    const { publicKey, privateKey } = await subtle.generateKey(make, true, ["sign", "verify"]);
    const signature = await subtle.sign(use, privateKey, utf8("message"));
    const publicFormats = make.name.startsWith("RSA") ? ["spki", "jwk"] : ["spki", "jwk", "raw"];
    for (const format of publicFormats) {
      const key = await subtle.importKey(format, await subtle.exportKey(format, publicKey), make, true, ["verify"]);
      assertEquals(key.algorithm, publicKey.algorithm);
      assertEquals(await subtle.verify(use, key, signature, utf8("message")), true, `${make.name} ${format}`);
    }
    for (const format of ["pkcs8", "jwk"]) {
      const key = await subtle.importKey(format, await subtle.exportKey(format, privateKey), make, true, ["sign"]);
      assertEquals(key.algorithm, privateKey.algorithm);
      const again = await subtle.sign(use, key, utf8("message"));
      assertEquals(await subtle.verify(use, publicKey, again, utf8("message")), true, `${make.name} ${format}`);
      assertEquals((await subtle.exportKey("pkcs8", key)).byteLength, (await subtle.exportKey("pkcs8", privateKey)).byteLength);
    }
  }
});

test("a half is exported in its own formats only", async () => {
  const { publicKey, privateKey } = await subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  await assertRefused("InvalidAccessError", "Asymmetric pkcs8 export requires private key (not \"public\").", () => subtle.exportKey("pkcs8", publicKey));
  await assertRefused("InvalidAccessError", "Asymmetric spki export requires public key (not \"private\").", () => subtle.exportKey("spki", privateKey));
  await assertRefused("InvalidAccessError", "Raw export of elliptic curve keys is only allowed for public keys.", () => subtle.exportKey("raw", privateKey));
  const rsa = await subtle.generateKey(signing[4][0], true, ["sign"]);
  await assertRefused("InvalidAccessError", "Cannot export \"RSASSA-PKCS1-v1_5\" in \"raw\" format.", () => subtle.exportKey("raw", rsa.publicKey));
});

test("NODE-ED25519 is Ed25519 with a curve of its own name", async () => {
  const algorithm = { name: "NODE-ED25519", namedCurve: "NODE-ED25519" };
  const { publicKey, privateKey } = await subtle.generateKey(algorithm, true, ["sign", "verify"]);
  assertEquals([publicKey.algorithm, privateKey.algorithm], [algorithm, algorithm]);
  const data = new Uint8Array([1, 2, 3]);
  const signature = await subtle.sign("NODE-ED25519", privateKey, data);
  assert(await subtle.verify("NODE-ED25519", publicKey, signature, data));
  const same = await subtle.importKey("spki", await subtle.exportKey("spki", publicKey), "Ed25519", true, ["verify"]);
  assert(await subtle.verify("Ed25519", same, signature, data));
  const jwk = await subtle.exportKey("jwk", publicKey);
  assertEquals([jwk.crv, "alg" in jwk], ["Ed25519", false]);
  assertEquals((await subtle.importKey("jwk", jwk, algorithm, true, ["verify"])).algorithm, algorithm);
  await assertRefused("InvalidAccessError", 'Requested algorithm "Ed25519" does not match this CryptoKey\'s algorithm "NODE-ED25519".',
    () => subtle.verify("Ed25519", publicKey, signature, data));
  await assertRefused("NotSupportedError", 'EDDSA curve "P-256" isn\'t supported.',
    () => subtle.generateKey({ name: "NODE-ED25519", namedCurve: "P-256" }, true, ["sign"]));
  const error = await subtle.importKey("raw", new Uint8Array(32), "NODE-ED25519", true, ["verify"]).catch((reason) => reason);
  assertEquals([error.name, error.message], ["TypeError", 'Missing field "namedCurve" in "algorithm".']);
});

test("Ed25519 signs the vector of RFC 8032", async () => {
  const jwk = {
    kty: "OKP", crv: "Ed25519", d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
  };
  const key = await subtle.importKey("jwk", jwk, "Ed25519", true, ["sign"]);
  assertEquals(hex(await subtle.sign("Ed25519", key, new Uint8Array())),
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
  assertEquals(await subtle.exportKey("jwk", key), { kty: "OKP", key_ops: ["sign"], alg: "EdDSA", ext: true, crv: "Ed25519", x: jwk.x, d: jwk.d });
  await assertRefused("DataError", "Invalid Ed25519 key in JSON Web Key; \"d\" and \"x\" do not fit together.",
    () => subtle.importKey("jwk", { ...jwk, x: jwk.d }, "Ed25519", true, ["sign"]));
  await assertRefused("NotSupportedError", "Only X25519 is supported but \"Ed25519\" was requested.",
    () => subtle.importKey("jwk", jwk, "X25519", true, ["deriveBits"]));
});

test("ECDSA verifies a signature of RFC 6979", async () => {
  const point = bytes("0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
  const key = await subtle.importKey("raw", point, { name: "ECDSA", namedCurve: "P-256" }, true, ["verify"]);
  const signature = bytes("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
  assertEquals(await subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, signature, utf8("sample")), true);
  assertEquals(await subtle.verify({ name: "ECDSA", hash: "SHA-512" }, key, signature, utf8("sample")), false);
  const jwk = await subtle.exportKey("jwk", key);
  assertEquals([jwk.kty, jwk.crv, jwk.x, jwk.d], ["EC", "P-256", "YP7UuiVanTHJYet0xjVtaMBJuJI7Yfps5mliLmDyn7Y", undefined]);
});

test("EC keys off their curve are a DataError", async () => {
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const { privateKey } = await subtle.generateKey(algorithm, true, ["sign"]);
  const jwk = await subtle.exportKey("jwk", privateKey);
  const refused = [
    [{ ...jwk, kty: "RSA" }, "Elliptic curve \"jwk\" key import requires a JSON Web Key with Key Type parameter \"kty\" (\"RSA\") equal to \"EC\"."],
    [{ ...jwk, x: undefined }, "Invalid EC key in JSON Web Key; missing \"x\"."],
    [{ ...jwk, x: "AAAA" }, "Invalid EC key; public key coordinates \"x\" and \"y\" are invalid: Point is not on curve.."],
    [{ ...jwk, y: jwk.x }, "Invalid EC key; public key coordinates \"x\" and \"y\" are invalid: Point is not on curve.."],
    [{ ...jwk, d: "!!" }, "Invalid EC key in JSON Web Key; missing or invalid private key component (\"d\")."],
    [{ ...jwk, d: "AAAA" }, "Invalid EC key; private key component \"d\" is invalid."],
    [{ ...jwk, use: "enc" }, "Asymmetric \"jwk\" key import with usages requires a JSON Web Key with Public Key Use parameter \"use\" (\"enc\") equal to \"sig\"."],
    [{ ...jwk, key_ops: ["verify"] }, "All specified key usages must be present in the JSON Web Key's Key Operations parameter (\"key_ops\")."],
    [{ ...jwk, key_ops: ["sign", "sign"] }, "A JSON Web Key's Key Operations parameter (\"key_ops\") must not contain duplicates."],
    [{ ...jwk, ext: false }, "JWK ext field for \"ECDSA\" is set to false but extractable is true"],
    [{ ...jwk, alg: "ES384" }, "JSON Web Key Algorithm parameter \"alg\" (\"ES384\") does not match requested curve."],
    [{ ...jwk, alg: "zz" }, "Unrecognized or unimplemented algorithm \"zz\" listed in JSON Web Key Algorithm parameter."],
  ];
  for (const [changed, text] of refused) {
    await assertRejects(() => subtle.importKey("jwk", changed, algorithm, true, ["sign"]), DOMException, text);
  }
  await assertRefused("DataError", "Failed to import raw EC key data: Invalid point encoding..",
    () => subtle.importKey("raw", new Uint8Array(64).fill(4), algorithm, true, ["verify"]));
  await assertRefused("NotSupportedError", "Unrecognized or unimplemented EC curve \"P-192\" requested.",
    () => subtle.generateKey({ name: "ECDSA", namedCurve: "P-192" }, true, ["sign"]));
});

test("two sides of ECDH and of X25519 derive the same", async () => {
  for (const make of [...curves.map((namedCurve) => ({ name: "ECDH", namedCurve })), { name: "X25519" }]) {
    const [alice, bob] = await Promise.all([1, 2].map(() => subtle.generateKey(make, true, ["deriveBits", "deriveKey"])));
    const between = (mine, theirs, bits) => subtle.deriveBits({ name: make.name, public: theirs.publicKey }, mine.privateKey, bits);
    const secret = hex(await between(alice, bob, null));
    assertEquals(hex(await between(bob, alice, null)), secret);
    assertEquals(hex(await between(bob, alice, 128)), secret.slice(0, 32));
    assertEquals(hex(await between(bob, alice, 4)), `${secret[0]}0`);
    await assertRefused("OperationError", `Derived key length (1024 bits) is too long (should be at most ${secret.length * 4} bits).`,
      () => between(alice, bob, 1024));
    const key = await subtle.deriveKey({ name: make.name, public: bob.publicKey }, alice.privateKey, { name: "AES-GCM", length: 256 },
      true, ["encrypt"]);
    assertEquals(hex(await subtle.exportKey("raw", key)), secret.slice(0, 64));
    assertEquals(alice.publicKey.usages, []);
  }
});

test("an agreement wants the other side's public key of the same curve", async () => {
  const [alice, bob, other] = await Promise.all(["P-256", "P-256", "P-384"].map((namedCurve) =>
    subtle.generateKey({ name: "ECDH", namedCurve }, true, ["deriveBits"])));
  const derive = (key) => subtle.deriveBits({ name: "ECDH", public: key }, alice.privateKey, 128);
  await assertRefused("InvalidAccessError", "The provided key has type \"private\", not \"public\"", () => derive(bob.privateKey));
  await assertRefused("InvalidAccessError", "Private key for derivation is using curve \"P-256\" while public key is using \"P-384\".",
    () => derive(other.publicKey));
  await assertRejects(() => derive({}), TypeError, "Incorrect type for the 'public' field on 'DeriveKeyAlgorithm': the provided value is not of type 'CryptoKey'.");
  await assertRejects(() => derive(undefined), TypeError, "Missing field \"public\" in \"derivedKeyParams\".");
  const x = await subtle.generateKey("X25519", true, ["deriveBits"]);
  await assertRefused("InvalidAccessError", "Base ECDH private key cannot be used to derive a key from a peer X25519 public key", () => derive(x.publicKey));
});

test("RSA-OAEP encrypts, decrypts and wraps", async () => {
  const make = { name: "RSA-OAEP", modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" };
  const { publicKey, privateKey } = await subtle.generateKey(make, true, ["encrypt", "decrypt", "wrapKey", "unwrapKey"]);
  assertEquals([publicKey.usages, privateKey.usages], [["encrypt", "wrapKey"], ["decrypt", "unwrapKey"]]);
  const label = utf8("label");
  const encrypted = await subtle.encrypt({ name: "RSA-OAEP", label }, publicKey, utf8("secret"));
  assertEquals(hex(await subtle.decrypt({ name: "RSA-OAEP", label }, privateKey, encrypted)), hex(utf8("secret")));
  await assertRefused("OperationError", "RSA-OAEP failed encrypt/decrypt.", () => subtle.decrypt("RSA-OAEP", privateKey, encrypted));
  await assertRefused("OperationError", "RSA-OAEP failed encrypt/decrypt.",
    () => subtle.encrypt("RSA-OAEP", publicKey, new Uint8Array(63)));
  const key = await subtle.generateKey({ name: "AES-GCM", length: 256 }, true, ["encrypt"]);
  const wrapped = await subtle.wrapKey("raw", key, publicKey, "RSA-OAEP");
  const unwrapped = await subtle.unwrapKey("raw", wrapped, privateKey, "RSA-OAEP", "AES-GCM", true, ["encrypt"]);
  assertEquals(hex(await subtle.exportKey("raw", unwrapped)), hex(await subtle.exportKey("raw", key)));
  assertEquals((await subtle.exportKey("jwk", publicKey)).alg, "RSA-OAEP-256");
});

test("RSA keys have 1024 to 4096 bits when they are made", async () => {
  const make = (modulusLength, exponent) => subtle.generateKey({
    name: "RSA-PSS", modulusLength, publicExponent: new Uint8Array(exponent), hash: "SHA-256",
  }, false, ["sign"]);
  await assertRefused("OperationError", "The modulus length must be a multiple of 8 and between 1024 and 4096, but 1016 was requested.",
    () => make(1016, [1, 0, 1]));
  await assertRefused("OperationError", "The modulus length must be a multiple of 8 and between 1024 and 4096, but 4104 was requested.",
    () => make(4104, [1, 0, 1]));
  await assertRefused("OperationError", "The \"publicExponent\" must be either 3 or 65537, but got 5.", () => make(1024, [5]));
  await assertRefused("OperationError", "The \"publicExponent\" must be either 3 or 65537, but got a number larger than 2^32.", () => make(1024, [1, 0, 0, 0, 0]));
  const { publicKey } = await make(1024, [3]);
  assertEquals([publicKey.algorithm.modulusLength, [...publicKey.algorithm.publicExponent]], [1024, [3]]);
  assert(publicKey.algorithm.publicExponent instanceof Uint8Array);
});

test("an RSA JWK has its alg and all its numbers", async () => {
  const { privateKey } = await subtle.generateKey(signing[4][0], true, ["sign"]);
  const jwk = await subtle.exportKey("jwk", privateKey);
  assertEquals(Object.keys(jwk), ["kty", "key_ops", "alg", "ext", "d", "n", "e", "p", "q", "dp", "dq", "qi"]);
  assertEquals([jwk.kty, jwk.alg, jwk.e], ["RSA", "RS256", "AQAB"]);
  await assertRefused("DataError", "JSON Web Key Algorithm parameter \"alg\" (\"RS256\") does not match requested hash algorithm \"RS256\".",
    () => subtle.importKey("jwk", jwk, { name: "RSASSA-PKCS1-v1_5", hash: "SHA-512" }, true, ["sign"]));
  await assertRefused("DataError", "the key is not an RSA key of 1024 to 8192 bits",
    () => subtle.importKey("jwk", { ...jwk, d: jwk.n }, { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, true, ["sign"]));
});

test("documents that hold no such key are a DataError", async () => {
  for (const [make] of signing) {
    for (const [format, usages] of [["spki", ["verify"]], ["pkcs8", ["sign"]]]) {
      const error = await assertRejects(() => subtle.importKey(format, new Uint8Array(40), make, true, usages), DOMException);
      assertEquals(error.name, "DataError");
    }
  }
});
