import { Buffer } from "stated:node/buffer";
import crypto, { createPublicKey, createSign, createVerify, generateKeyPairSync } from "stated:node/crypto";
import { assertEquals, assertThrows, test } from "stated:test";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const ed = generateKeyPairSync("ed25519");
const message = Buffer.from("message");
const { RSA_PKCS1_PSS_PADDING, RSA_PKCS1_PADDING, RSA_NO_PADDING, RSA_PSS_SALTLEN_DIGEST, RSA_PSS_SALTLEN_MAX_SIGN } = crypto.constants;

test("what is signed verifies, and nothing else", () => {
  const pss = { padding: RSA_PKCS1_PSS_PADDING };
  const schemes = [
    ["sha256", rsa, {}], ["RSA-SHA512", rsa, {}], ["md5", rsa, {}], ["sha3-256", rsa, {}], ["sha256", rsa, pss], ["sha1", rsa, { ...pss, saltLength: RSA_PSS_SALTLEN_DIGEST }],
    ["sha384", rsa, { ...pss, saltLength: 7 }], ["sha256", ec, {}], ["sha512", ec, { dsaEncoding: "ieee-p1363" }], ["sha1", generateKeyPairSync("ec", { namedCurve: "secp521r1" }), {}],
    ["sha256", generateKeyPairSync("ec", { namedCurve: "secp256k1" }), {}],
  ];
  for (const [digest, { publicKey, privateKey }, options] of schemes) {
    const signature = createSign(digest).update("mess").update("age").sign({ key: privateKey, ...options });
    const what = `${digest} ${privateKey.asymmetricKeyType} ${JSON.stringify(options)}`;
    assertEquals(createVerify(digest).update(message).verify({ key: publicKey, ...options }, signature), true, what);
    assertEquals(createVerify(digest).update("massage").verify({ key: publicKey, ...options }, signature), false, what);
    assertEquals(crypto.verify(digest, message, { key: privateKey, ...options }, signature), true, what);
    assertEquals(crypto.verify(digest, message, { key: publicKey, ...options }, signature.subarray(1)), false, what);
    assertEquals(crypto.verify(digest, message, { key: publicKey, ...options }, crypto.sign(digest, message, { key: privateKey, ...options })), true, what);
  }
});

test("a salt is of the length that was asked for", () => {
  const sign = (saltLength) => crypto.sign("sha256", message, { key: rsa.privateKey, padding: RSA_PKCS1_PSS_PADDING, saltLength });
  const verify = (signature, saltLength) => crypto.verify("sha256", message, { key: rsa.publicKey, padding: RSA_PKCS1_PSS_PADDING, saltLength }, signature);
  assertEquals([verify(sign(20), 20), verify(sign(20), 21), verify(sign(20)), verify(sign(), RSA_PSS_SALTLEN_DIGEST), verify(sign(RSA_PSS_SALTLEN_MAX_SIGN), 222), verify(sign(0), 0)],
    [true, false, true, false, true, true]);
  assertEquals(assertThrows(() => sign(223), Error).code, "ERR_OSSL_RSA_DATA_TOO_LARGE_FOR_KEY_SIZE");
});

test("Ed25519 takes no digest: RFC 8032, 7.1, test 2", () => {
  const key = crypto.createPrivateKey({ key: { kty: "OKP", crv: "Ed25519", d: "TM0Imyj_ltqdtsNG7BFOD1uKMZ81q6Yk2oz27U-4pvs", x: "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw" }, format: "jwk" });
  const signature = crypto.sign(null, Buffer.from([0x72]), key);
  assertEquals([signature.toString("hex").slice(0, 32), crypto.verify(null, Buffer.from([0x72]), createPublicKey(key), signature), crypto.verify(undefined, message, ed.publicKey, signature)],
    ["92a009a9f0d4cab8720e820b5f642540", true, false]);
  assertEquals(assertThrows(() => crypto.sign("sha256", message, ed.privateKey), Error).code, "ERR_OSSL_INVALID_DIGEST");
});

test("an ECDSA signature is DER unless it is asked for otherwise", () => {
  const der = crypto.sign("sha256", message, ec.privateKey);
  const raw = crypto.sign("sha256", message, { key: ec.privateKey, dsaEncoding: "ieee-p1363" });
  assertEquals([der[0], raw.length, crypto.verify("sha256", message, ec.publicKey, raw)], [0x30, 64, false]);
  assertEquals(assertThrows(() => crypto.sign("sha256", message, { key: ec.privateKey, dsaEncoding: "x" }), TypeError).code, "ERR_INVALID_ARG_VALUE");
});

test("keys may be PEM, signatures text, and Sign a stream", async () => {
  const [publicPem, privatePem] = [rsa.publicKey.export({ format: "pem", type: "pkcs1" }), rsa.privateKey.export({ format: "pem", type: "pkcs1" })];
  const sign = createSign("RSA-SHA256");
  await new Promise((resolve) => { sign.end("message", resolve); });
  const signature = sign.sign(privatePem, "base64");
  assertEquals([createVerify("sha256").update(message).verify(publicPem, signature, "base64"), signature === crypto.sign("sha256", message, { key: privatePem }).toString("base64")], [true, true]);
  const called = await new Promise((resolve, reject) => { crypto.verify("sha256", message, publicPem, Buffer.from(signature, "base64"), (error, result) => (error ? reject(error) : resolve(result))); });
  assertEquals(called, true);
});

test("RSA encrypts with every padding", () => {
  const label = Buffer.from("label");
  for (const options of [{}, { oaepHash: "sha256" }, { oaepHash: "sha512", oaepLabel: label }, { padding: RSA_PKCS1_PADDING }]) {
    const encrypted = crypto.publicEncrypt({ key: rsa.publicKey, ...options }, message);
    if (options.padding === undefined) {
      assertEquals(crypto.privateDecrypt({ key: rsa.privateKey, ...options }, encrypted).toString(), "message");
      assertEquals(assertThrows(() => crypto.privateDecrypt({ key: rsa.privateKey, ...options, oaepLabel: Buffer.from("x") }, encrypted), Error).code, "ERR_OSSL_RSA_OAEP_DECODING_ERROR");
    }
    assertEquals(encrypted.length, 256);
  }
  const block = Buffer.alloc(256, 1);
  assertEquals(crypto.privateDecrypt({ key: rsa.privateKey, padding: RSA_NO_PADDING }, crypto.publicEncrypt({ key: rsa.publicKey, padding: RSA_NO_PADDING }, block)).equals(block), true);
  assertEquals(crypto.publicDecrypt(rsa.publicKey, crypto.privateEncrypt(rsa.privateKey, message)).toString(), "message");
  assertEquals(assertThrows(() => crypto.publicEncrypt(rsa.publicKey, Buffer.alloc(300)), Error).code, "ERR_OSSL_RSA_DATA_TOO_LARGE_FOR_KEY_SIZE");
  assertEquals(assertThrows(() => crypto.publicEncrypt({ key: rsa.publicKey, padding: RSA_NO_PADDING }, message), Error).code, "ERR_OSSL_RSA_DATA_TOO_SMALL_FOR_KEY_SIZE");
});

test("wrong arguments have Node's errors", () => {
  const codeOf = (run) => assertThrows(run, Error).code;
  assertEquals([codeOf(() => createSign("nothing")), codeOf(() => createSign("sha256").sign()), codeOf(() => createSign("sha256").sign(rsa.publicKey)), codeOf(() => createVerify("sha256").verify(rsa.publicKey, 5)),
    codeOf(() => crypto.sign("nothing", message, rsa.privateKey))],
  ["ERR_CRYPTO_INVALID_DIGEST", "ERR_CRYPTO_SIGN_KEY_REQUIRED", "ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_CRYPTO_INVALID_DIGEST"]);
});
