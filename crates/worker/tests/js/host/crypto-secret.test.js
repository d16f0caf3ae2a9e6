import { assert, assertEquals, assertRejects, test } from "stated:test";

const { subtle } = crypto;
const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
const bytes = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const utf8 = (text) => new TextEncoder().encode(text);

/** Requires a rejection with a DOMException of that name. */
async function assertRefused(name, text, run) {
  const error = await assertRejects(run, DOMException, text);
  assertEquals(error.name, name);
}

test("an AES key is generated, exported and imported in raw and jwk", async () => {
  for (const name of ["AES-CBC", "AES-CTR", "AES-GCM", "AES-KW"]) {
    const usages = name === "AES-KW" ? ["wrapKey", "unwrapKey"] : ["decrypt", "encrypt"];
    for (const length of [128, 192, 256]) {
      const key = await subtle.generateKey({ name: name.toLowerCase(), length }, true, usages);
      assert(key instanceof CryptoKey);
      assertEquals([key.type, key.extractable, key.algorithm], ["secret", true, { name, length }]);
      const raw = await subtle.exportKey("raw", key);
      const jwk = await subtle.exportKey("jwk", key);
      assertEquals([raw.byteLength, jwk.kty, jwk.alg, jwk.ext], [length / 8, "oct", `A${length}${name.slice(4)}`, true]);
      const again = await subtle.importKey("jwk", jwk, name, true, usages);
      assertEquals(hex(await subtle.exportKey("raw", again)), hex(raw));
    }
  }
});

test("usages are listed in the standard's order and once", async () => {
  const key = await subtle.generateKey({ name: "AES-GCM", length: 128 }, false, ["unwrapKey", "decrypt", "encrypt", "decrypt"]);
  assertEquals(key.usages, ["encrypt", "decrypt", "unwrapKey"]);
});

test("AES-GCM encrypts the vector of McGrew and Viega", async () => {
  const key = await subtle.importKey("raw", bytes("feffe9928665731c6d6a8f9467308308"), "AES-GCM", false, ["encrypt", "decrypt"]);
  const algorithm = {
    name: "AES-GCM", iv: bytes("cafebabefacedbaddecaf888"), additionalData: bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
  };
  const message = bytes("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
    + "b16aedf5aa0de657ba637b39");
  const encrypted = await subtle.encrypt(algorithm, key, message);
  assertEquals(hex(encrypted), "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa"
    + "051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47");
  assertEquals(hex(await subtle.decrypt(algorithm, key, encrypted)), hex(message));
  const short = await subtle.encrypt({ ...algorithm, tagLength: 32 }, key, message);
  assertEquals(short.byteLength, message.length + 4);
  assertEquals(hex(await subtle.decrypt({ ...algorithm, tagLength: 32 }, key, short)), hex(message));
});

test("a changed ciphertext is an OperationError", async () => {
  const key = await subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  const algorithm = { name: "AES-GCM", iv: new Uint8Array(12) };
  const encrypted = new Uint8Array(await subtle.encrypt(algorithm, key, utf8("secret")));
  encrypted[0] ^= 1;
  await assertRefused("OperationError", "Decryption failed. This could be due to a ciphertext authentication failure, bad "
    + "padding, incorrect CryptoKey, or another algorithm-specific reason. Input length was 6, output length expected to be 6 for AES-GCM",
  () => subtle.decrypt(algorithm, key, encrypted));
});

test("AES-CBC and AES-CTR encrypt the vectors of SP 800-38A", async () => {
  const raw = bytes("2b7e151628aed2a6abf7158809cf4f3c");
  const message = bytes("6bc1bee22e409f96e93d7e117393172a");
  const cbc = await subtle.importKey("raw", raw, "AES-CBC", false, ["encrypt"]);
  const iv = bytes("000102030405060708090a0b0c0d0e0f");
  assertEquals(hex(await subtle.encrypt({ name: "AES-CBC", iv }, cbc, message)).slice(0, 32), "7649abac8119b246cee98e9b12e9197d");
  const ctr = await subtle.importKey("raw", raw, "AES-CTR", false, ["encrypt"]);
  const counter = bytes("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
  assertEquals(hex(await subtle.encrypt({ name: "AES-CTR", counter, length: 64 }, ctr, message)), "874d6191b620e3261bef6864990db6ce");
});

test("parameters of an algorithm are required and converted", async () => {
  const key = await subtle.generateKey({ name: "AES-CBC", length: 128 }, false, ["encrypt"]);
  await assertRejects(() => subtle.encrypt("AES-CBC", key, utf8("x")), TypeError, "Missing field \"iv\" in \"algorithm\".");
  await assertRejects(() => subtle.encrypt({ name: "AES-CBC", iv: "0123456789abcdef" }, key, utf8("x")), TypeError,
    "Incorrect type for the 'iv' field on 'EncryptAlgorithm': the provided value is not of type 'BufferSource'.");
  await assertRefused("OperationError", "AES-CBC IV must be 16 bytes long (provided 8 bytes).",
    () => subtle.encrypt({ name: "AES-CBC", iv: new Uint8Array(8) }, key, utf8("x")));
  await assertRejects(() => subtle.generateKey({ name: "AES-CBC", length: 2 ** 31 }, false, ["encrypt"]), TypeError,
    "Value out of range. Must be between -2147483648 and 2147483647 (inclusive).");
  for (const length of [0, 127, 512, -1]) {
    await assertRefused("OperationError", `Generated AES key length must be 128, 192, or 256 bits but requested ${length}.`,
      () => subtle.generateKey({ name: "AES-CBC", length }, false, ["encrypt"]));
  }
});

test("counters, tags and ciphertexts have the lengths of their modes", async () => {
  const ctr = await subtle.importKey("raw", new Uint8Array(16), "AES-CTR", false, ["encrypt"]);
  const counted = (counter, length) => () => subtle.encrypt({ name: "AES-CTR", counter: new Uint8Array(counter), length }, ctr, utf8("x"));
  await assertRejects(counted(16, undefined), TypeError, "Missing \"length\" member in \"algorithm\".");
  await assertRefused("OperationError", "Counter must have length of 16 bytes (provided 15).", counted(15, 64));
  for (const length of [0, 129]) await assertRefused("OperationError", `Invalid counter of ${length} bits length provided.`, counted(16, length));
  await counted(16, 1)();
  await counted(16, 128)();

  const gcm = await subtle.importKey("raw", new Uint8Array(16), "AES-GCM", false, ["encrypt", "decrypt"]);
  const iv = new Uint8Array(12);
  for (const tagLength of [0, 5, 129]) {
    await assertRefused("OperationError", `Invalid AES-GCM tag length ${tagLength}.`, () => subtle.encrypt({ name: "AES-GCM", iv, tagLength }, gcm, utf8("x")));
  }
  await assertRefused("OperationError", "Ciphertext length of 120 bits must be greater than or equal to the size of the AES-GCM tag length of 128 bits.",
    () => subtle.decrypt({ name: "AES-GCM", iv }, gcm, new Uint8Array(15)));
  const failed = (input, output, name) => "Decryption failed. This could be due to a ciphertext authentication failure, bad padding, incorrect CryptoKey, "
    + `or another algorithm-specific reason. Input length was ${input}, output length expected to be ${output} for ${name}`;
  await assertRefused("OperationError", failed(1, 1, "AES-GCM"), () => subtle.decrypt({ name: "AES-GCM", iv }, gcm, new Uint8Array(17)));
  const cbc = await subtle.importKey("raw", new Uint8Array(16), "AES-CBC", false, ["decrypt"]);
  for (const [input, output] of [[0, 0], [17, 16], [32, 16]]) {
    await assertRefused("OperationError", failed(input, output, "AES-CBC"),
      () => subtle.decrypt({ name: "AES-CBC", iv: new Uint8Array(16) }, cbc, new Uint8Array(input)));
  }
});

test("unknown algorithms and operations are a NotSupportedError", async () => {
  await assertRefused("NotSupportedError", "Unrecognized key generation algorithm \"AES-XTS\" requested.",
    () => subtle.generateKey({ name: "AES-XTS", length: 256 }, false, ["encrypt"]));
  const key = await subtle.generateKey({ name: "AES-KW", length: 128 }, false, ["wrapKey"]);
  await assertRefused("InvalidAccessError", "Requested key usage \"encrypt\" does not match any usage listed in this CryptoKey.",
    () => subtle.encrypt("AES-KW", key, utf8("x")));
  await assertRefused("InvalidAccessError", "Requested algorithm \"undefined\" does not match this CryptoKey's algorithm \"AES-KW\".",
    () => subtle.encrypt({}, key, utf8("x")));
  await assertRefused("NotSupportedError", "Unrecognized key import algorithm \"5\" requested.",
    () => subtle.importKey("raw", new Uint8Array(16), 5, false, ["encrypt"]));
});

test("a key does what its usages and its algorithm allow", async () => {
  const key = await subtle.generateKey({ name: "AES-GCM", length: 128 }, false, ["encrypt"]);
  await assertRefused("InvalidAccessError", "Requested key usage \"decrypt\" does not match any usage listed in this CryptoKey.",
    () => subtle.decrypt({ name: "AES-GCM", iv: new Uint8Array(12) }, key, new Uint8Array(16)));
  await assertRefused("InvalidAccessError", "Requested algorithm \"AES-CBC\" does not match this CryptoKey's algorithm \"AES-GCM\".",
    () => subtle.encrypt({ name: "AES-CBC", iv: new Uint8Array(16) }, key, utf8("x")));
  await assertRefused("InvalidAccessError", "Attempt to export non-extractable AES-GCM key.", () => subtle.exportKey("raw", key));
});

test("usages are checked when a key is made", async () => {
  await assertRefused("SyntaxError", "Attempt to generate AES-GCM key with invalid usage \"sign\".",
    () => subtle.generateKey({ name: "AES-GCM", length: 128 }, false, ["sign"]));
  await assertRefused("SyntaxError", "Secret/private CryptoKeys must have at least one usage.",
    () => subtle.generateKey({ name: "AES-GCM", length: 128 }, false, []));
  await assertRefused("SyntaxError", "Secret/private CryptoKeys must have at least one usage.",
    () => subtle.importKey("raw", new Uint8Array(16), "AES-GCM", false, []));
  await assertRefused("SyntaxError", "Attempt to generate AES-GCM key with invalid usage \"fly\".",
    () => subtle.generateKey({ name: "AES-GCM", length: 128 }, false, ["fly"]));
  await assertRefused("SyntaxError", "Attempt to import secret HMAC key with invalid usage \"encrypt\".",
    () => subtle.importKey("raw", new Uint8Array(16), { name: "HMAC", hash: "SHA-1" }, false, ["encrypt"]));
});

test("an argument that is missing is named", async () => {
  const text = (method, position, type) => `Failed to execute '${method}' on 'SubtleCrypto': parameter ${position} is not of type '${type}'.`;
  const key = await subtle.generateKey({ name: "HMAC", hash: "SHA-1" }, true, ["sign"]);
  const any = /** @type {any} */ (subtle);
  await assertRejects(() => any.importKey(), TypeError, text("importKey", 1, "string"));
  await assertRejects(() => any.importKey("raw"), TypeError, text("importKey", 2, "BufferSource or JsonWebKey"));
  await assertRejects(() => any.importKey("raw", new Uint8Array(1)), TypeError, text("importKey", 3, "string or ImportKeyAlgorithm"));
  await assertRejects(() => any.importKey("raw", new Uint8Array(1), "HKDF"), TypeError, text("importKey", 4, "boolean"));
  await assertRejects(() => any.importKey("raw", new Uint8Array(1), "HKDF", false), TypeError, text("importKey", 5, "Array"));
  await assertRejects(() => any.importKey("raw", "text", "HKDF", false, []), TypeError, text("importKey", 2, "BufferSource or JsonWebKey"));
  await assertRejects(() => any.importKey("raw", {}, "HKDF", false, []), TypeError,
    "Import data provided for \"raw\", \"pkcs8\", or \"spki\" import formats must be a buffer source.");
  await assertRejects(() => any.importKey("jwk", new Uint8Array(1), "HKDF", false, []), TypeError,
    "Import data provided for \"jwk\" import format must be a JsonWebKey.");
  await assertRejects(() => any.generateKey(), TypeError, text("generateKey", 1, "string or GenerateKeyAlgorithm"));
  await assertRejects(() => any.sign(), TypeError, text("sign", 1, "string or SignAlgorithm"));
  await assertRejects(() => any.sign("HMAC", key), TypeError, text("sign", 3, "BufferSource"));
  await assertRejects(() => any.deriveBits(), TypeError, text("deriveBits", 1, "string or DeriveKeyAlgorithm"));
  await assertRejects(() => any.wrapKey("raw"), TypeError, text("wrapKey", 2, "CryptoKey"));
  await assertRejects(() => any.exportKey(), TypeError, text("exportKey", 1, "string"));
});

test("a key has the formats of its algorithm", async () => {
  const hmac = await subtle.generateKey({ name: "HMAC", hash: "SHA-1" }, true, ["sign"]);
  const aes = await subtle.generateKey({ name: "AES-GCM", length: 128 }, true, ["encrypt"]);
  for (const format of ["spki", "nope"]) {
    await assertRefused("NotSupportedError", `Unimplemented key export format "${format}".`, () => subtle.exportKey(format, hmac));
    await assertRefused("NotSupportedError", `AES-GCM key only supports exporting "raw" & "jwk", not "${format}".`, () => subtle.exportKey(format, aes));
    await assertRefused("NotSupportedError", `Unrecognized key import format "${format}".`,
      () => subtle.importKey(format, new Uint8Array(16), "AES-GCM", true, ["encrypt"]));
  }
  await assertRefused("NotSupportedError", "HKDF key must be imported in \"raw\" format (requested \"jwk\")",
    () => subtle.importKey("jwk", {}, "HKDF", false, ["deriveBits"]));
});

test("imported AES keys have 128, 192 or 256 bits", async () => {
  for (const length of [0, 15, 17, 33]) {
    await assertRefused("DataError", `Imported AES key length must be 128, 192, or 256 bits but provided ${length * 8}.`,
      () => subtle.importKey("raw", new Uint8Array(length), "AES-CBC", false, ["encrypt"]));
  }
});

test("a JWK that does not fit is a DataError", async () => {
  const good = { kty: "oct", k: "AAAAAAAAAAAAAAAAAAAAAA" };
  const cases = [
    [{ ...good, kty: "RSA" }, "Symmetric \"jwk\" key import requires a JSON Web Key with Key Type parameter \"kty\" equal to \"oct\" (encountered \"RSA\")."],
    [{ ...good, k: undefined }, "Symmetric \"jwk\" key import requires a base64Url encoding of the key."],
    [{ ...good, k: "!!" }, "Symmetric \"jwk\" key import requires a base64Url encoding of the key."],
    [{ ...good, alg: "A256GCM" }, "Symmetric \"jwk\" key contains invalid \"alg\" value \"A256GCM\", expected \"A128GCM\"."],
    [{ ...good, use: "sig" }, "Symmetric \"jwk\" key must have a \"use\" of \"enc\", not \"sig\"."],
    [{ ...good, key_ops: ["decrypt"] }, "\"jwk\" key missing usage \"encrypt\", in \"key_ops\"."],
    [{ ...good, key_ops: ["encrypt", "encrypt"] }, "Symmetric \"jwk\" key contains duplicate value \"encrypt\", in \"key_op\"."],
    [{ ...good, ext: false }, "JWK ext field for \"AES-GCM\" is set to false but extractable is true"],
  ];
  await subtle.importKey("jwk", good, "AES-GCM", true, ["encrypt"]);
  for (const [jwk, text] of cases) {
    await assertRefused("DataError", text, () => subtle.importKey("jwk", jwk, "AES-GCM", true, ["encrypt"]));
  }
});

test("HMAC signs the vector of RFC 4231 and verifies it", async () => {
  const key = await subtle.importKey("raw", utf8("Jefe"), { name: "HMAC", hash: "SHA-256" }, true, ["sign", "verify"]);
  const message = utf8("what do ya want for nothing?");
  const code = await subtle.sign("HMAC", key, message);
  assertEquals(hex(code), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  assertEquals(await subtle.verify("HMAC", key, code, message), true);
  assertEquals(await subtle.verify("HMAC", key, code, utf8("other")), false);
  assertEquals(await subtle.verify("HMAC", key, code.slice(1), message), false);
  assertEquals(key.algorithm, { name: "HMAC", hash: { name: "SHA-256" }, length: 32 });
  assertEquals((await subtle.exportKey("jwk", key)).alg, "HS256");
});

test("a new HMAC key is as long as the block of its digest", async () => {
  for (const [hash, length] of [["SHA-1", 512], ["SHA-256", 512], ["SHA-384", 1024], ["SHA-512", 1024]]) {
    const key = await subtle.generateKey({ name: "HMAC", hash }, true, ["sign"]);
    assertEquals([key.algorithm.length, (await subtle.exportKey("raw", key)).byteLength], [length, length / 8]);
  }
  const short = await subtle.generateKey({ name: "HMAC", hash: "SHA-1", length: 12 }, true, ["sign"]);
  assertEquals(new Uint8Array(await subtle.exportKey("raw", short))[1] & 0x0f, 0);
  await assertRefused("OperationError", "HMAC key length must be a non-zero unsigned long integer (requested 0).",
    () => subtle.generateKey({ name: "HMAC", hash: "SHA-1", length: 0 }, true, ["sign"]));
  for (const [bytes, length, used] of [[0, undefined, 0], [4, 24, 24], [4, 33, 33]]) {
    await assertRefused("DataError", `Imported HMAC key length (${used}) must be a non-zero value up to 7 bits less than, and no greater than, `
      + `the bit length of the raw key data (${bytes * 8}).`,
    () => subtle.importKey("raw", new Uint8Array(bytes), { name: "HMAC", hash: "SHA-1", length }, true, ["sign"]));
  }
  for (const length of [25, 32]) await subtle.importKey("raw", new Uint8Array(4), { name: "HMAC", hash: "SHA-1", length }, true, ["sign"]);
});

test("an HMAC key in a JWK has its own texts, and its use is not looked at", async () => {
  const make = (jwk) => subtle.importKey("jwk", { kty: "oct", k: "AAECAw", ...jwk }, { name: "HMAC", hash: "SHA-256" }, true, ["sign"]);
  const refused = [
    [{ kty: "RSA" }, "HMAC \"jwk\" key import requires a JSON Web Key with Key Type parameter (\"kty\") equal to \"oct\" (encountered \"RSA\")."],
    [{ k: undefined }, "HMAC \"jwk\" key import requires a base64Url encoding of the key"],
    [{ alg: "HS512" }, "HMAC \"jwk\" key import specifies \"alg\" that is incompatible with the hash name (encountered \"HS512\", expected \"HS256\")."],
    [{ ext: false }, "JWK ext field for \"HMAC\" is set to false but extractable is true"],
  ];
  for (const [jwk, text] of refused) await assertRefused("DataError", text, () => make(jwk));
  await assertRejects(() => make({ key_ops: 5 }), TypeError, "Incorrect type for the 'key_ops' field on 'JsonWebKey': the provided value is not of type 'Array'.");
  for (const jwk of [{ use: "enc" }, { key_ops: ["verify"] }, { k: "AAECAw==" }, { alg: "HS256" }]) assertEquals((await make(jwk)).algorithm.length, 32);
});

test("HKDF derives the vector of RFC 5869", async () => {
  const key = await subtle.importKey("raw", new Uint8Array(22).fill(0x0b), "HKDF", false, ["deriveBits", "deriveKey"]);
  const algorithm = { name: "HKDF", hash: "SHA-256", salt: bytes("000102030405060708090a0b0c"), info: bytes("f0f1f2f3f4f5f6f7f8f9") };
  assertEquals(hex(await subtle.deriveBits(algorithm, key, 336)),
    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  const derived = await subtle.deriveKey(algorithm, key, { name: "AES-GCM", length: 128 }, true, ["encrypt"]);
  assertEquals(hex(await subtle.exportKey("raw", derived)), "3cb25f25faacd57a90434f64d0362f2a");
  await assertRefused("OperationError", "HKDF cannot derive a key with null length.", () => subtle.deriveBits(algorithm, key, null));
  await assertRefused("OperationError", "HKDF requires a derived key length that is a multiple of eight (requested 7).",
    () => subtle.deriveBits(algorithm, key, 7));
  await assertRefused("SyntaxError", "HKDF key cannot be extractable.",
    () => subtle.importKey("raw", new Uint8Array(1), "HKDF", true, ["deriveBits"]));
});

test("PBKDF2 derives the vectors of RFC 6070, with few rounds and with many", async () => {
  const key = await subtle.importKey("raw", utf8("password"), "PBKDF2", false, ["deriveBits"]);
  const derive = (iterations) => subtle.deriveBits({ name: "PBKDF2", hash: "SHA-1", salt: utf8("salt"), iterations }, key, 160);
  assertEquals(hex(await derive(1)), "0c60c80f961f0e71f3a9b524af6012062fe037a6");
  assertEquals(hex(await derive(4096)), "4b007901b765489abead49d926f721d065a429c1");
  await assertRefused("OperationError", "PBKDF2 requires a positive iteration count (requested 0).", () => derive(0));
  await assertRefused("NotSupportedError", "Pbkdf2 failed: iteration counts above 10000000 are not supported (requested 10000001).",
    () => derive(10_000_001));
});

test("a key wrapped in every way is the same after unwrapping", async () => {
  const wrappers = [
    ["AES-KW", { name: "AES-KW" }],
    ["AES-GCM", { name: "AES-GCM", iv: new Uint8Array(12) }],
    ["AES-CBC", { name: "AES-CBC", iv: new Uint8Array(16) }],
    ["AES-CTR", { name: "AES-CTR", counter: new Uint8Array(16), length: 64 }],
  ];
  const key = await subtle.importKey("raw", bytes("00112233445566778899aabbccddeeff"), "AES-GCM", true, ["encrypt"]);
  for (const [name, algorithm] of wrappers) {
    const wrapping = await subtle.generateKey({ name, length: 256 }, false, ["wrapKey", "unwrapKey"]);
    for (const format of name === "AES-KW" ? ["raw"] : ["raw", "jwk"]) {
      const wrapped = await subtle.wrapKey(format, key, wrapping, algorithm);
      const unwrapped = await subtle.unwrapKey(format, wrapped, wrapping, algorithm, "AES-GCM", true, ["encrypt"]);
      assertEquals(hex(await subtle.exportKey("raw", unwrapped)), "00112233445566778899aabbccddeeff");
    }
  }
});

test("AES-KW wraps the vector of RFC 3394", async () => {
  const wrapping = await subtle.importKey("raw", bytes("000102030405060708090a0b0c0d0e0f"), "AES-KW", false, ["wrapKey", "unwrapKey"]);
  const key = await subtle.importKey("raw", bytes("00112233445566778899aabbccddeeff"), "AES-CBC", true, ["encrypt"]);
  const wrapped = await subtle.wrapKey("raw", key, wrapping, "AES-KW");
  assertEquals(hex(wrapped), "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5");
  const kept = await subtle.generateKey({ name: "AES-CBC", length: 128 }, false, ["encrypt"]);
  await assertRefused("InvalidAccessError", "Attempt to export non-extractable AES-CBC key.",
    () => subtle.wrapKey("raw", kept, wrapping, "AES-KW"));
});

test("data that changes after the call does not matter", async () => {
  const message = utf8("message");
  const key = await subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
  const pending = subtle.sign("HMAC", key, message);
  message.fill(0);
  assertEquals(await subtle.verify("HMAC", key, await pending, utf8("message")), true);
});

test("DigestStream digests what is written", async () => {
  const stream = new crypto.DigestStream("SHA-256");
  assert(stream instanceof WritableStream);
  const writer = stream.getWriter();
  await writer.write(utf8("a"));
  await writer.write("b");
  await writer.write(utf8("c").buffer);
  await writer.close();
  assertEquals(hex(await stream.digest), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assertEquals(stream.bytesWritten, 3n);
});

test("DigestStream takes a body", async () => {
  const stream = new crypto.DigestStream({ name: "md5" });
  await new Response("abc").body.pipeTo(stream);
  assertEquals(hex(await stream.digest), "900150983cd24fb0d6963f7d28e17f72");
});

test("DigestStream rejects its digest when it is aborted or gets no bytes", async () => {
  const aborted = new crypto.DigestStream("SHA-1");
  await aborted.abort(new RangeError("enough"));
  await assertRejects(() => aborted.digest, RangeError, "enough");
  const text = "DigestStream is a byte stream but received an object of non-ArrayBuffer/ArrayBufferView/string type on its writable side.";
  const confused = new crypto.DigestStream("SHA-1");
  await assertRejects(() => confused.getWriter().write(1), TypeError, text);
  await assertRejects(() => confused.digest, TypeError, text);
});

test("CryptoKey shows its attributes and cannot be constructed", async () => {
  await assertRejects(async () => new CryptoKey(), TypeError, "Illegal constructor");
  const key = await subtle.generateKey({ name: "AES-GCM", length: 128 }, false, ["encrypt"]);
  assertEquals(`${key}`, "[object CryptoKey]");
  assertEquals(Object.keys(Object.getOwnPropertyDescriptors(CryptoKey.prototype)).slice(1), ["type", "extractable", "algorithm", "usages"]);
});

test("an HMAC key over MD5 has no JSON Web Key", async () => {
  const key = await subtle.generateKey({ name: "HMAC", hash: "MD5" }, true, ["sign", "verify"]);
  assertEquals((await subtle.exportKey("raw", key)).byteLength, 64);
  await assertRefused("NotSupportedError", 'Unimplemented JWK key export format for key algorithm "MD5".', () => subtle.exportKey("jwk", key));
});
