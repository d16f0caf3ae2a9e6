import { Buffer } from "stated:node/buffer";
import crypto, { createPrivateKey, createPublicKey, createSecretKey, generateKeyPairSync, KeyObject } from "stated:node/crypto";
import { assert, assertEquals, assertThrows, test } from "stated:test";

const pairs = {
  rsa: generateKeyPairSync("rsa", { modulusLength: 1024 }),
  "P-256": generateKeyPairSync("ec", { namedCurve: "P-256" }),
  secp384r1: generateKeyPairSync("ec", { namedCurve: "secp384r1" }),
  secp521r1: generateKeyPairSync("ec", { namedCurve: "secp521r1" }),
  secp256k1: generateKeyPairSync("ec", { namedCurve: "secp256k1" }),
  ed25519: generateKeyPairSync("ed25519"),
  x25519: generateKeyPairSync("x25519"),
};

test("a pair tells its kind", () => {
  const told = Object.values(pairs).map(({ publicKey, privateKey }) => {
    assertEquals([publicKey.type, privateKey.type, privateKey instanceof KeyObject, Object.prototype.toString.call(publicKey)], ["public", "private", true, "[object KeyObject]"]);
    return [publicKey.asymmetricKeyType, privateKey.asymmetricKeyDetails];
  });
  assertEquals(told, [
    ["rsa", { modulusLength: 1024, publicExponent: 65537n }], ["ec", { namedCurve: "prime256v1" }], ["ec", { namedCurve: "secp384r1" }],
    ["ec", { namedCurve: "secp521r1" }], ["ec", { namedCurve: "secp256k1" }], ["ed25519", {}], ["x25519", {}],
  ]);
});

test("keys survive every document", () => {
  for (const [name, { publicKey, privateKey }] of Object.entries(pairs)) {
    const old = name === "rsa" ? ["pkcs1"] : privateKey.asymmetricKeyType === "ec" ? ["sec1"] : [];
    for (const type of ["pkcs8", ...old]) {
      const pem = privateKey.export({ format: "pem", type });
      const der = privateKey.export({ format: "der", type });
      for (const key of [createPrivateKey(pem), createPrivateKey({ key: Buffer.from(pem) }), createPrivateKey({ key: der, format: "der", type })]) {
        assert(key.equals(privateKey), `${name} ${type}`);
        assertEquals(key.export({ format: "pem", type }), pem);
      }
      assert(createPublicKey(pem).equals(publicKey), `${name} ${type}`);
    }
    for (const type of ["spki", ...(name === "rsa" ? ["pkcs1"] : [])]) {
      const pem = publicKey.export({ format: "pem", type });
      assert(createPublicKey(pem).equals(publicKey), `${name} ${type}`);
      assert(createPublicKey({ key: publicKey.export({ format: "der", type }), format: "der", type }).equals(publicKey), `${name} ${type}`);
    }
    assert(createPrivateKey({ key: privateKey.export({ format: "jwk" }), format: "jwk" }).equals(privateKey), name);
    assert(createPublicKey({ key: privateKey.export({ format: "jwk" }), format: "jwk" }).equals(publicKey), name);
    assert(createPublicKey(privateKey).equals(publicKey), name);
  }
  assertEquals([pairs.rsa.publicKey.equals(pairs.rsa.privateKey), pairs.rsa.publicKey.equals(generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey)], [false, false]);
});

test("documents are those of OpenSSL", () => {
  // A key of RFC 8410, 10.3, and its public half, 10.1.
  const pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
  const key = createPrivateKey(pem);
  assertEquals([key.asymmetricKeyType, key.export({ format: "pem", type: "pkcs8" }), createPublicKey(pem).export({ format: "pem", type: "spki" })],
    ["ed25519", pem, "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n"]);
  // `openssl ecparam -name prime256v1 -genkey`
  const sec1 = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEINQDz/GIMxUQXDVZoM/dOwjv8RlDcgV1bmlBJNplVSpHoAoGCCqGSM49\nAwEHoUQDQgAEIk1IPDJGUR1oFqOHrLTz0j62Ximp7OC3VVA2FckkTXakfTrUmYY8\nOz5iLD/plWUI4Q9g8IcRuDkaEy85R61e2w==\n-----END EC PRIVATE KEY-----\n";
  assertEquals(createPrivateKey(sec1).export({ format: "pem", type: "sec1" }), sec1);
});

test("a private key is encrypted with a passphrase", () => {
  const { privateKey } = pairs["P-256"];
  for (const cipher of ["aes-256-cbc", "aes-192-cbc", "aes-128-cbc", "des-ede3-cbc"]) {
    const pem = privateKey.export({ format: "pem", type: "pkcs8", cipher, passphrase: "secret" });
    assertEquals(pem.split("\n")[0], "-----BEGIN ENCRYPTED PRIVATE KEY-----");
    assert(createPrivateKey({ key: pem, passphrase: "secret" }).equals(privateKey));
    assertEquals(assertThrows(() => createPrivateKey({ key: pem, passphrase: "another" }), Error).code, "ERR_OSSL_BAD_DECRYPT");
  }
  // `openssl pkcs8 -topk8 -v2 aes-256-cbc -passout pass:x`
  const made = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAj0m7pOSo7hiAICCAAw\nDAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEJq0ynUu8YAGcEM5s7R0enwEQC2g\nWQ+RQxykO7IngmN3RjTsgLnugztdNQQwJKTpfSttBUsZKQy9SEsNlrZwge03OsY8\nk/zOm8BwVP9Zv8JRiuM=\n-----END ENCRYPTED PRIVATE KEY-----\n";
  assertEquals(createPrivateKey({ key: made, passphrase: "x" }).asymmetricKeyType, "ed25519");
});

test("PEM has an encryption of its own, from before PKCS #8", () => {
  for (const [name, type, label] of [["rsa", "pkcs1", "RSA PRIVATE KEY"], ["P-256", "sec1", "EC PRIVATE KEY"]]) {
    const { privateKey } = pairs[name];
    for (const cipher of ["aes-256-cbc", "aes-192-cbc", "aes-128-cbc", "des-ede3-cbc"]) {
      const pem = privateKey.export({ format: "pem", type, cipher, passphrase: "secret" });
      const [begin, procType, info, blank] = pem.split("\n");
      assertEquals([begin, procType, info.startsWith(`DEK-Info: ${cipher.toUpperCase()},`), blank], [`-----BEGIN ${label}-----`, "Proc-Type: 4,ENCRYPTED", true, ""]);
      assert(createPrivateKey({ key: pem, passphrase: "secret" }).equals(privateKey));
      assert(createPublicKey({ key: pem.replaceAll("\n", "\r\n"), passphrase: "secret" }).equals(pairs[name].publicKey));
      assertThrows(() => createPrivateKey({ key: pem, passphrase: "another" }), Error);
      assertThrows(() => createPrivateKey(pem), Error);
    }
    assertEquals(assertThrows(() => privateKey.export({ format: "pem", type, cipher: "none", passphrase: "x" }), Error).code, "ERR_CRYPTO_UNKNOWN_CIPHER");
    assertEquals(assertThrows(() => privateKey.export({ format: "der", type, cipher: "aes-128-cbc", passphrase: "x" }), Error).code,
      "ERR_CRYPTO_INCOMPATIBLE_KEY_OPTIONS");
  }
  // `openssl ec -aes256 -passout pass:pw`
  const made = "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,8E94F2DA2F046ACA870853588D505512\n\nwkfsbqhxHgKS59Xu0hC9Pj4LZjGpeQ6c7p8cJFivtjNcGqHWCDO//xUqoKr54mKH\nFv15MCbXv/E22idJmbt7ECvvBsX29D1ZQHpypbtzSJAY7mcP8Q8sisYHXBBqnJpd\nu+LmGNdQvmjlSP2UbYm/vk9oQKmoNm9tKQO5R14FkKk=\n-----END EC PRIVATE KEY-----\n";
  assertEquals(createPrivateKey({ key: made, passphrase: "pw" }).asymmetricKeyDetails, { namedCurve: "prime256v1" });
  assertThrows(() => createPrivateKey({ key: made.replace("AES-256-CBC", "AES-256-XYZ"), passphrase: "pw" }), Error);
});

test("encodings are asked for when a pair is made", () => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", {
    namedCurve: "prime256v1", publicKeyEncoding: { format: "der", type: "spki" }, privateKeyEncoding: { format: "pem", type: "pkcs8", cipher: "aes-256-cbc", passphrase: "x" },
  });
  assertEquals([publicKey.length, privateKey.split("\n")[0]], [91, "-----BEGIN ENCRYPTED PRIVATE KEY-----"]);
  const { privateKey: jwk } = generateKeyPairSync("x25519", { publicKeyEncoding: { format: "jwk" }, privateKeyEncoding: { format: "jwk" } });
  assertEquals([jwk.kty, jwk.crv, Object.keys(jwk).sort().join()], ["OKP", "X25519", "crv,d,kty,x"]);
});

test("pairs and secrets are made with a callback, too", async () => {
  const made = (type, options) => new Promise((resolve, reject) => {
    crypto.generateKeyPair(type, options, (error, publicKey, privateKey) => (error ? reject(error) : resolve([publicKey.asymmetricKeyType, privateKey.type])));
  });
  assertEquals(await Promise.all([made("rsa", { modulusLength: 1024 }), made("ec", { namedCurve: "P-384" }), made("ed25519", {})]), [["rsa", "private"], ["ec", "private"], ["ed25519", "private"]]);
  const secret = await new Promise((resolve, reject) => { crypto.generateKey("aes", { length: 192 }, (error, key) => (error ? reject(error) : resolve(key))); });
  assertEquals([secret.symmetricKeySize, crypto.generateKeySync("hmac", { length: 100 }).symmetricKeySize], [24, 12]);
});

test("a secret is its bytes", () => {
  const secret = createSecretKey("6162", "hex");
  assertEquals([secret.type, secret.symmetricKeySize, secret.export().toString(), secret.export({ format: "jwk" }), secret.asymmetricKeyType], ["secret", 2, "ab", { kty: "oct", k: "YWI" }, undefined]);
  assertEquals([secret.equals(createSecretKey(Buffer.from("ab"))), secret.equals(createSecretKey(Buffer.from("ac")))], [true, false]);
});

test("a CryptoKey becomes a KeyObject", async () => {
  const { subtle } = crypto.webcrypto;
  const { publicKey, privateKey } = await subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  const key = KeyObject.from(privateKey);
  assertEquals([key.asymmetricKeyDetails.namedCurve, createPublicKey(key).equals(KeyObject.from(publicKey))], ["prime256v1", true]);
  const signature = crypto.sign("sha256", Buffer.from("message"), { key, dsaEncoding: "ieee-p1363" });
  assertEquals(await subtle.verify({ name: "ECDSA", hash: "SHA-256" }, publicKey, signature, Buffer.from("message")), true);
  const hmac = await subtle.importKey("raw", Buffer.from("key"), { name: "HMAC", hash: "SHA-256" }, true, ["sign"]);
  assertEquals(KeyObject.from(hmac).export().toString(), "key");
});

test("wrong arguments have Node's errors", () => {
  const { publicKey, privateKey } = pairs.rsa;
  const codeOf = (run) => assertThrows(run, Error).code;
  assertEquals([
    codeOf(() => createPrivateKey("nonsense")), codeOf(() => createPrivateKey(publicKey.export({ format: "pem", type: "spki" }))),
    codeOf(() => createPrivateKey(privateKey)), codeOf(() => createPublicKey(createSecretKey("a"))),
    codeOf(() => createPrivateKey({ key: { kty: "x" }, format: "jwk" })),
    codeOf(() => privateKey.export()), codeOf(() => privateKey.export({ format: "x" })), codeOf(() => privateKey.export({ format: "pem", type: "spki" })),
    codeOf(() => privateKey.export({ format: "pem", type: "sec1" })), codeOf(() => pairs["P-256"].privateKey.export({ format: "pem", type: "pkcs1" })),
    codeOf(() => generateKeyPairSync("x")), codeOf(() => generateKeyPairSync("ec", { namedCurve: "x" })), codeOf(() => generateKeyPairSync("rsa")),
    codeOf(() => crypto.generateKeySync("aes", { length: 100 })), codeOf(() => crypto.generateKeySync("hmac", { length: 4 })),
    codeOf(() => publicKey.equals(5)), codeOf(() => KeyObject.from(5)), codeOf(() => new KeyObject("x")),
  ], [
    "ERR_OSSL_UNSUPPORTED", "ERR_OSSL_UNSUPPORTED", "ERR_INVALID_ARG_TYPE", "ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE", "ERR_INVALID_ARG_VALUE",
    "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_VALUE", "ERR_INVALID_ARG_VALUE", "ERR_CRYPTO_INCOMPATIBLE_KEY_OPTIONS", "ERR_CRYPTO_INCOMPATIBLE_KEY_OPTIONS",
    "ERR_INVALID_ARG_VALUE", "ERR_CRYPTO_INVALID_CURVE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_VALUE", "ERR_OUT_OF_RANGE",
    "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_VALUE",
  ]);
});

test("P-224 has keys, signatures and agreement, and no JSON Web Key", () => {
  const [one, other] = [generateKeyPairSync("ec", { namedCurve: "P-224" }), generateKeyPairSync("ec", { namedCurve: "secp224r1" })];
  assertEquals(one.privateKey.asymmetricKeyDetails, { namedCurve: "secp224r1" });
  for (const type of ["pkcs8", "sec1"]) assert(createPrivateKey(one.privateKey.export({ format: "pem", type })).equals(one.privateKey), type);
  assert(createPublicKey(one.publicKey.export({ format: "pem", type: "spki" })).equals(one.publicKey));
  const signature = crypto.sign("sha224", Buffer.from("text"), one.privateKey);
  assertEquals([crypto.verify("sha224", Buffer.from("text"), one.publicKey, signature), crypto.verify("sha224", Buffer.from("next"), one.publicKey, signature)], [true, false]);
  const shared = crypto.diffieHellman({ privateKey: one.privateKey, publicKey: other.publicKey });
  assert(shared.length === 28 && shared.equals(crypto.diffieHellman({ privateKey: other.privateKey, publicKey: one.publicKey })));
  const [left, right] = [crypto.createECDH("secp224r1"), crypto.createECDH("secp224r1")];
  left.generateKeys();
  assert(left.computeSecret(right.generateKeys("hex", "compressed"), "hex").equals(right.computeSecret(left.getPublicKey())));
  assertEquals(assertThrows(() => one.publicKey.export({ format: "jwk" }), Error).code, "ERR_CRYPTO_JWK_UNSUPPORTED_CURVE");
  assert(crypto.getCurves().includes("secp224r1"));
});
