/**
 * The order of checks, the classes of errors and the conversions of SubtleCrypto's methods, after the Web Cryptography API.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertThrows, checksOfInterface, test } from "stated:test";

const { subtle } = crypto;
/** @param {string} text */
const utf8 = (text) => new TextEncoder().encode(text);

/** @param {string} name of the DOMException @param {() => Promise<unknown>} run */
async function refused(name, run) {
  const error = await assertRejects(run);
  assertEquals([error instanceof DOMException, error.name], [true, name], String(error));
}

const subtleMethods = { decrypt: 3, deriveBits: 2, deriveKey: 5, digest: 2, encrypt: 3, exportKey: 2, generateKey: 3, importKey: 5, sign: 3, unwrapKey: 7,
  verify: 4, wrapKey: 4 };

for (const [Class, shape] of /** @type {[any, any][]} */ ([
  [CryptoKey, { readonly: ["algorithm", "extractable", "type", "usages"] }],
  // timingSafeEqual is of Workers.
  [SubtleCrypto, { methods: { ...subtleMethods, timingSafeEqual: 2 }, promises: Object.keys(subtleMethods) }],
])) {
  for (const [name, check] of checksOfInterface(Class, shape)) test(name, check);
}

test("every method rejects and never throws, also for missing arguments", async () => {
  for (const method of Object.keys(subtleMethods)) await assertRejects(() => /** @type {any} */ (subtle)[method](), TypeError);
});

test("an algorithm is a name, or an object with one, in any case", async () => {
  for (const algorithm of ["sha-256", { name: "Sha-256" }, { name: { toString: () => "SHA-256" } }, Object.create({ name: "SHA-256" })]) {
    assertEquals((await subtle.digest(/** @type {any} */ (algorithm), utf8(""))).byteLength, 32);
  }
  await refused("NotSupportedError", () => subtle.digest("SHA-9", utf8("")));
  // The standard throws a TypeError where the name is missing.
  for (const algorithm of [{}, { name: undefined }]) await refused("NotSupportedError", () => subtle.digest(/** @type {any} */ (algorithm), utf8("")));
});

test("an exception of a name's getter comes through", async () => {
  const error = new RangeError("getter");
  assert(await assertRejects(() => subtle.digest(/** @type {any} */ ({ get name() { throw error; } }), utf8(""))) === error);
});

test("data is bytes", async () => {
  for (const data of ["text", 5, null, undefined, {}, [1]]) await assertRejects(() => subtle.digest("SHA-256", /** @type {any} */ (data)), TypeError);
});

test("generateKey wants usages that the algorithm has, and at least one", async () => {
  /** @type {[any, string[], string[]][]} algorithm, a wrong usage, no usage */
  const cases = [[{ name: "AES-GCM", length: 128 }, ["sign"], []], [{ name: "AES-KW", length: 128 }, ["encrypt"], []], [{ name: "HMAC", hash: "SHA-256" }, ["encrypt"], []],
    [{ name: "ECDSA", namedCurve: "P-256" }, ["encrypt"], []], [{ name: "ECDH", namedCurve: "P-256" }, ["sign"], []], ["Ed25519", ["deriveBits"], []],
    ["X25519", ["sign"], []]];
  for (const [algorithm, wrong, none] of cases) {
    await refused("SyntaxError", () => subtle.generateKey(algorithm, true, /** @type {any} */ (wrong)));
    await refused("SyntaxError", () => subtle.generateKey(algorithm, true, /** @type {any} */ (none)));
  }
});

// The standard's is a TypeError.
test("an unknown usage is a SyntaxError", async () => {
  await refused("SyntaxError", () => subtle.generateKey({ name: "AES-GCM", length: 128 }, true, /** @type {any} */ (["fly"])));
});

test("usages are any iterable, come back in the standard's order, and once", async () => {
  const usages = /** @type {any} */ (new Set(["unwrapKey", "decrypt", "encrypt"]));
  const key = /** @type {CryptoKey} */ (await subtle.generateKey({ name: "AES-GCM", length: 128 }, true, [...usages, "decrypt"]));
  assertEquals([...key.usages], ["encrypt", "decrypt", "unwrapKey"]);
});

test("key lengths of AES are 128, 192 and 256 bits", async () => {
  for (const length of [0, 64, 127, 129, 512]) await refused("OperationError", () => subtle.generateKey({ name: "AES-GCM", length }, true, ["encrypt"]));
  for (const size of [0, 8, 15, 17, 31, 64]) await refused("DataError", () => subtle.importKey("raw", new Uint8Array(size), "AES-GCM", true, ["encrypt"]));
});

test("curves that are none are a NotSupportedError", async () => {
  for (const namedCurve of ["P-1", "secp256k1", ""]) {
    await refused("NotSupportedError", () => subtle.generateKey({ name: "ECDSA", namedCurve }, true, ["sign"]));
  }
});

test("a public key is extractable always, a private one as it was said", async () => {
  for (const algorithm of [{ name: "ECDSA", namedCurve: "P-384" }, "Ed25519"]) {
    const { publicKey, privateKey } = /** @type {CryptoKeyPair} */ (await subtle.generateKey(/** @type {any} */ (algorithm), false, ["sign", "verify"]));
    assertEquals([publicKey.extractable, privateKey.extractable, [...publicKey.usages], [...privateKey.usages]], [true, false, ["verify"], ["sign"]]);
    await refused("InvalidAccessError", () => subtle.exportKey("pkcs8", privateKey));
  }
});

test("a key is exported in the formats of its kind only", async () => {
  const { publicKey, privateKey } = /** @type {CryptoKeyPair} */ (await subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]));
  await refused("InvalidAccessError", () => subtle.exportKey("pkcs8", publicKey));
  await refused("InvalidAccessError", () => subtle.exportKey("spki", privateKey));
  await refused("InvalidAccessError", () => subtle.exportKey("raw", privateKey));
  // The standard's is a TypeError.
  await refused("InvalidAccessError", () => subtle.exportKey(/** @type {any} */ ("pem"), publicKey));
});

test("a key is used with its own algorithm and within its usages", async () => {
  const key = /** @type {CryptoKey} */ (await subtle.generateKey({ name: "AES-GCM", length: 128 }, true, ["encrypt"]));
  await refused("InvalidAccessError", () => subtle.decrypt({ name: "AES-GCM", iv: new Uint8Array(12) }, key, new Uint8Array(16)));
  await refused("InvalidAccessError", () => subtle.encrypt({ name: "AES-CBC", iv: new Uint8Array(16) }, key, utf8("")));
  // The standard's is a NotSupportedError.
  await refused("InvalidAccessError", () => subtle.sign("AES-GCM", key, utf8("")));
  for (const wrong of [{}, null, undefined, "key", Object.create(CryptoKey.prototype)]) {
    await assertRejects(() => subtle.encrypt({ name: "AES-GCM", iv: new Uint8Array(12) }, /** @type {any} */ (wrong), utf8("")), TypeError);
  }
});

test("the parameters of AES are checked", async () => {
  const key = async (/** @type {string} */ name) => subtle.importKey("raw", new Uint8Array(16), name, false, ["encrypt", "decrypt"]);
  for (const size of [0, 8, 15, 17]) {
    await refused("OperationError", async () => subtle.encrypt({ name: "AES-CBC", iv: new Uint8Array(size) }, await key("AES-CBC"), utf8("x")));
    await refused("OperationError", async () => subtle.encrypt({ name: "AES-CTR", counter: new Uint8Array(size), length: 64 }, await key("AES-CTR"), utf8("x")));
  }
  for (const length of [0, 129]) {
    await refused("OperationError", async () => subtle.encrypt({ name: "AES-CTR", counter: new Uint8Array(16), length }, await key("AES-CTR"), utf8("x")));
  }
  for (const tagLength of [0, 8, 31, 33, 100, 136]) {
    await refused("OperationError", async () => subtle.encrypt({ name: "AES-GCM", iv: new Uint8Array(12), tagLength }, await key("AES-GCM"), utf8("x")));
  }
  await assertRejects(async () => subtle.encrypt(/** @type {any} */ ({ name: "AES-GCM" }), await key("AES-GCM"), utf8("x")), TypeError);
  await assertRejects(async () => subtle.encrypt(/** @type {any} */ ({ name: "AES-GCM", iv: "text" }), await key("AES-GCM"), utf8("x")), TypeError);
});

test("ciphertexts of the wrong size are an OperationError", async () => {
  const cbc = await subtle.importKey("raw", new Uint8Array(16), "AES-CBC", false, ["decrypt"]);
  for (const size of [0, 1, 15, 17]) await refused("OperationError", () => subtle.decrypt({ name: "AES-CBC", iv: new Uint8Array(16) }, cbc, new Uint8Array(size)));
  const gcm = await subtle.importKey("raw", new Uint8Array(16), "AES-GCM", false, ["decrypt"]);
  for (const size of [0, 15]) await refused("OperationError", () => subtle.decrypt({ name: "AES-GCM", iv: new Uint8Array(12) }, gcm, new Uint8Array(size)));
});

// --- JSON Web Keys --------------------------------------------------------------------------------------------------------

const oct = { kty: "oct", k: "AAECAwQFBgcICQoLDA0ODw" };

test("a JWK of a secret key is checked field by field", async () => {
  const wrong = [{ ...oct, kty: "EC" }, { ...oct, kty: undefined }, { kty: "oct" }, { ...oct, k: "a+b/" }, { ...oct, alg: "A256GCM" }, { ...oct, use: "sig" },
    { ...oct, key_ops: ["decrypt"] }, { ...oct, key_ops: ["encrypt", "encrypt"] }, { ...oct, ext: false }];
  for (const jwk of wrong) await refused("DataError", () => subtle.importKey("jwk", /** @type {any} */ (jwk), "AES-GCM", true, ["encrypt"]));
  for (const jwk of [oct, { ...oct, alg: "A128GCM" }, { ...oct, use: "enc" }, { ...oct, key_ops: ["encrypt", "decrypt"] }, { ...oct, ext: true }]) {
    assertEquals((await subtle.importKey("jwk", jwk, "AES-GCM", true, ["encrypt"])).type, "secret");
  }
});

test("a JWK must be an object, and other formats bytes", async () => {
  for (const data of ["text", 5, null, undefined]) await assertRejects(() => subtle.importKey("jwk", /** @type {any} */ (data), "AES-GCM", true, ["encrypt"]), TypeError);
  await assertRejects(() => subtle.importKey("raw", /** @type {any} */ (oct), "AES-GCM", true, ["encrypt"]), TypeError);
});

test("a JWK of a curve is checked", async () => {
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const { publicKey, privateKey } = /** @type {CryptoKeyPair} */ (await subtle.generateKey(algorithm, true, ["sign", "verify"]));
  const [half, whole] = [await subtle.exportKey("jwk", publicKey), await subtle.exportKey("jwk", privateKey)];
  const wrongHalves = [{ ...half, crv: "P-384" }, { ...half, kty: "OKP" }, { ...half, y: undefined }, { ...half, alg: "ES384" }];
  for (const jwk of wrongHalves) await refused("DataError", () => subtle.importKey("jwk", /** @type {any} */ (jwk), algorithm, true, ["verify"]));
  // The standard's is a DataError.
  for (const jwk of [{ ...half, x: "AA" }, { ...half, y: half.x }]) {
    await refused("OperationError", () => subtle.importKey("jwk", /** @type {any} */ (jwk), algorithm, true, ["verify"]));
  }
  await refused("SyntaxError", () => subtle.importKey("jwk", half, algorithm, true, ["sign"]));
  await refused("SyntaxError", () => subtle.importKey("jwk", whole, algorithm, true, ["verify"]));
  await refused("SyntaxError", () => subtle.importKey("jwk", { ...whole, key_ops: undefined }, algorithm, true, []));
});

test("an exported JWK has the fields of its kind", async () => {
  const { privateKey } = /** @type {CryptoKeyPair} */ (await subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]));
  const jwk = await subtle.exportKey("jwk", privateKey);
  assertEquals([jwk.kty, jwk.crv, jwk.ext, jwk.key_ops, /** @type {any} */ (jwk.d).length], ["EC", "P-256", true, ["sign"], 43]);
  const secret = await subtle.exportKey("jwk", await subtle.importKey("raw", new Uint8Array(32), { name: "HMAC", hash: "SHA-384" }, true, ["sign", "verify"]));
  assertEquals([secret.kty, secret.alg, secret.key_ops], ["oct", "HS384", ["sign", "verify"]]);
});

// --- deriving and wrapping ---------------------------------------------------------------------------------------------------

test("the bits of HKDF and PBKDF2 are whole bytes, and there are some", async () => {
  const hkdf = await subtle.importKey("raw", utf8("x"), "HKDF", false, ["deriveBits"]);
  const parameters = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: new Uint8Array() };
  for (const length of [null, 7, 9]) await refused("OperationError", () => subtle.deriveBits(parameters, hkdf, /** @type {any} */ (length)));
  await refused("OperationError", () => subtle.deriveBits(parameters, hkdf, 255 * 256 + 8));
  const pbkdf2 = await subtle.importKey("raw", utf8("x"), "PBKDF2", false, ["deriveBits"]);
  await refused("OperationError", () => subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt: new Uint8Array(8), iterations: 0 }, pbkdf2, 128));
});

test("keys of HKDF and PBKDF2 are not extractable", async () => {
  for (const name of ["HKDF", "PBKDF2"]) {
    await refused("SyntaxError", () => subtle.importKey("raw", utf8("x"), name, true, ["deriveBits"]));
    await refused("SyntaxError", () => subtle.importKey("raw", utf8("x"), name, false, ["encrypt"]));
  }
});

test("deriveKey makes a key of the other algorithm, of its length", async () => {
  const base = await subtle.importKey("raw", utf8("x"), "HKDF", false, ["deriveKey", "deriveBits"]);
  const parameters = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: new Uint8Array() };
  const key = await subtle.deriveKey(parameters, base, { name: "AES-GCM", length: 256 }, true, ["encrypt"]);
  assertEquals(/** @type {any} */ (key.algorithm), { name: "AES-GCM", length: 256 });
  assertEquals(new Uint8Array(await subtle.exportKey("raw", key)), new Uint8Array(await subtle.deriveBits(parameters, base, 256)));
  const mac = await subtle.deriveKey(parameters, base, { name: "HMAC", hash: "SHA-512" }, true, ["sign"]);
  assertEquals(/** @type {any} */ (mac.algorithm).length, 1024);
});

test("ECDH derives with a public key of the same curve", async () => {
  const algorithm = { name: "ECDH", namedCurve: "P-256" };
  const own = /** @type {CryptoKeyPair} */ (await subtle.generateKey(algorithm, false, ["deriveBits"]));
  const other = /** @type {CryptoKeyPair} */ (await subtle.generateKey({ name: "ECDH", namedCurve: "P-384" }, false, ["deriveBits"]));
  await refused("InvalidAccessError", () => subtle.deriveBits({ name: "ECDH", public: other.publicKey }, own.privateKey, 256));
  await refused("InvalidAccessError", () => subtle.deriveBits({ name: "ECDH", public: own.privateKey }, own.privateKey, 256));
  await refused("OperationError", () => subtle.deriveBits({ name: "ECDH", public: own.publicKey }, own.privateKey, 264));
  assertEquals((await subtle.deriveBits({ name: "ECDH", public: own.publicKey }, own.privateKey, /** @type {any} */ (null))).byteLength, 32);
});

test("wrapKey wants a wrapping key, and a key that may be exported", async () => {
  const wrapping = await subtle.importKey("raw", new Uint8Array(16), "AES-KW", false, ["wrapKey"]);
  const hidden = await subtle.importKey("raw", new Uint8Array(16), "AES-GCM", false, ["encrypt"]);
  const shown = await subtle.importKey("raw", new Uint8Array(16), "AES-GCM", true, ["encrypt"]);
  await refused("InvalidAccessError", () => subtle.wrapKey("raw", hidden, wrapping, "AES-KW"));
  await refused("InvalidAccessError", () => subtle.wrapKey("raw", shown, shown, { name: "AES-GCM", iv: new Uint8Array(12) }));
  await refused("InvalidAccessError", () => subtle.unwrapKey("raw", new Uint8Array(24), wrapping, "AES-KW", "AES-GCM", true, ["encrypt"]));
});

test("algorithm and usages of a key are the same objects each time", async () => {
  const key = await subtle.importKey("raw", new Uint8Array(16), "AES-GCM", true, ["encrypt"]);
  assert(key.algorithm === key.algorithm && key.usages === key.usages);
});

test("getRandomValues takes integer views of 65536 bytes at most", () => {
  for (const Class of [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, BigInt64Array, BigUint64Array]) {
    const view = new Class(2);
    assert(crypto.getRandomValues(view) === view);
  }
  for (const view of [new Float32Array(1), new Float64Array(1), new DataView(new ArrayBuffer(1))]) {
    assertEquals(assertThrows(() => crypto.getRandomValues(/** @type {any} */ (view))).name, "TypeMismatchError");
  }
  assertEquals(assertThrows(() => crypto.getRandomValues(new Uint8Array(65537))).name, "QuotaExceededError");
  crypto.getRandomValues(new Uint8Array(65536));
});
