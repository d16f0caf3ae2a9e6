import { Buffer } from "stated:node/buffer";
import crypto, { createCipheriv, createDecipheriv } from "stated:node/crypto";
import { assertEquals, assertThrows, test } from "stated:test";

const key = Buffer.from("2b7e151628aed2a6abf7158809cf4f3c", "hex");
const iv = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex");
const text = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51";

/** What the pieces of a message give, in one text. */
function run(cipher, pieces) {
  return pieces.map((piece) => cipher.update(piece, "hex", "hex")).join("") + cipher.final("hex");
}

test("modes give the vectors of SP 800-38A, however the message comes in pieces", () => {
  const vectors = {
    "aes-128-cbc": [iv, "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"],
    "aes-128-ecb": [null, "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf"],
    "aes-128-ofb": [iv, "3b3fd92eb72dad20333449f8e83cfb4a7789508d16918f03f53c52dac54ed825"],
    "aes-128-ctr": [Buffer.from("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", "hex"), "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"],
  };
  for (const [name, [start, encrypted]] of Object.entries(vectors)) {
    for (const size of [2, 14, 32, 34, 64]) {
      const pieces = text.match(new RegExp(`.{1,${size}}`, "g"));
      assertEquals(run(createCipheriv(name, key, start).setAutoPadding(false), pieces), encrypted, `${name} ${size}`);
      const back = encrypted.match(new RegExp(`.{1,${size}}`, "g"));
      assertEquals(run(createDecipheriv(name, key, start).setAutoPadding(false), back), text, `${name} ${size}`);
    }
  }
});

test("padding is put on and taken off, and what is wrong with it is refused", () => {
  for (const [name, keyBytes, ivBytes, block] of [["aes-256-cbc", 32, 16, 16], ["aes192", 24, 16, 16], ["des-ede3-cbc", 24, 8, 8], ["des-ede3", 24, 0, 8]]) {
    const start = ivBytes === 0 ? null : Buffer.alloc(ivBytes, 1);
    for (const length of [0, 1, 7, 8, 15, 16, 17, 100]) {
      const message = Buffer.alloc(length, 7);
      const cipher = createCipheriv(name, Buffer.alloc(keyBytes, 5), start);
      const encrypted = Buffer.concat([cipher.update(message), cipher.final()]);
      assertEquals(encrypted.length, (Math.floor(length / block) + 1) * block);
      const decipher = createDecipheriv(name, Buffer.alloc(keyBytes, 5), start);
      assertEquals(Buffer.concat([decipher.update(encrypted), decipher.final()]).equals(message), true, `${name} ${length}`);
    }
  }
  const broken = createDecipheriv("aes-128-cbc", key, iv);
  broken.update(Buffer.alloc(16));
  assertEquals(assertThrows(() => broken.final(), Error).code, "ERR_OSSL_BAD_DECRYPT");
  const short = createDecipheriv("aes-128-cbc", key, iv);
  short.update(Buffer.alloc(15));
  assertEquals(assertThrows(() => short.final(), Error).code, "ERR_OSSL_WRONG_FINAL_BLOCK_LENGTH");
  const bare = createCipheriv("aes-128-cbc", key, iv).setAutoPadding(false);
  bare.update("abc");
  assertEquals(assertThrows(() => bare.final(), Error).code, "ERR_OSSL_WRONG_FINAL_BLOCK_LENGTH");
});

test("AES-GCM is authenticated: SP 800-38D, test case 4 of the proposal", () => {
  const gcmKey = Buffer.from("feffe9928665731c6d6a8f9467308308", "hex");
  const nonce = Buffer.from("cafebabefacedbaddecaf888", "hex");
  const extra = Buffer.from("feedfacedeadbeeffeedfacedeadbeefabaddad2", "hex");
  const message = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";
  const cipher = createCipheriv("aes-128-gcm", gcmKey, nonce).setAAD(extra);
  const encrypted = run(cipher, [message.slice(0, 50), message.slice(50)]);
  assertEquals(encrypted, "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091");
  assertEquals(cipher.getAuthTag().toString("hex"), "5bc94fbc3221a5db94fae95ae7121a47");

  const open = (tag, more = extra) => run(createDecipheriv("aes-128-gcm", gcmKey, nonce).setAuthTag(tag).setAAD(more), [encrypted]);
  assertEquals(open(cipher.getAuthTag()), message);
  assertEquals(open(cipher.getAuthTag().subarray(0, 12)), message);
  const refused = "Unsupported state or unable to authenticate data";
  assertThrows(() => open(Buffer.alloc(16)), Error, refused);
  assertThrows(() => open(cipher.getAuthTag(), Buffer.from("other")), Error, refused);
  assertThrows(() => createDecipheriv("aes-128-gcm", gcmKey, nonce).final(), Error, refused);
  const long = createCipheriv("aes-256-gcm", Buffer.alloc(32, 1), Buffer.alloc(60, 2), { authTagLength: 12 });
  assertEquals([long.update("abc", "utf8", "hex") + long.final("hex"), long.getAuthTag().toString("hex")], ["5978dd", "412bf3cbc90ee7a6cc3dc2d8"]);
});

test("ChaCha20-Poly1305: RFC 8439, 2.8.2", () => {
  const chachaKey = Buffer.from(Array.from({ length: 32 }, (_, index) => 0x80 + index));
  const nonce = Buffer.from("070000004041424344454647", "hex");
  const extra = Buffer.from("50515253c0c1c2c3c4c5c6c7", "hex");
  const message = "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.";
  const cipher = createCipheriv("chacha20-poly1305", chachaKey, nonce, { authTagLength: 16 }).setAAD(extra, { plaintextLength: message.length });
  const encrypted = Buffer.concat([cipher.update(message.slice(0, 70)), cipher.update(message.slice(70)), cipher.final()]);
  assertEquals([encrypted.toString("hex").slice(0, 32), cipher.getAuthTag().toString("hex")], ["d31a8d34648e60db7b86afbc53ef7ec2", "1ae10b594f09e26a7e902ecbd0600691"]);
  const decipher = createDecipheriv("chacha20-poly1305", chachaKey, nonce, { authTagLength: 16 }).setAAD(extra, { plaintextLength: encrypted.length }).setAuthTag(cipher.getAuthTag());
  assertEquals(decipher.update(encrypted, undefined, "utf8") + decipher.final("utf8"), message);
});

test("wrong arguments and states have Node's errors", () => {
  const codeOf = (run, Class) => assertThrows(run, Class).code;
  assertEquals([
    codeOf(() => createCipheriv("nothing", key, iv), Error), codeOf(() => createCipheriv("aes-128-cbc", key.subarray(1), iv), RangeError),
    codeOf(() => createCipheriv("aes-128-cbc", key, iv.subarray(1)), TypeError), codeOf(() => createCipheriv("aes-128-cbc", key, null), TypeError),
    codeOf(() => createCipheriv("aes-128-ecb", key, iv), TypeError), codeOf(() => createCipheriv(5, key, iv), TypeError),
    codeOf(() => createCipheriv("aes-128-cbc", 5, iv), TypeError), codeOf(() => createCipheriv("aes-128-cbc", key, iv).update(5), TypeError),
    codeOf(() => createCipheriv("aes-128-cbc", key, iv).update("616", "hex"), TypeError),
    codeOf(() => createCipheriv("aes-128-gcm", key, iv).getAuthTag(), Error), codeOf(() => createCipheriv("aes-128-cbc", key, iv).setAAD(key), Error),
    codeOf(() => createDecipheriv("aes-128-gcm", key, iv).setAuthTag(Buffer.alloc(5)), TypeError),
    codeOf(() => createCipheriv("aes-128-gcm", key, iv, { authTagLength: 5 }), TypeError),
  ], [
    "ERR_CRYPTO_UNKNOWN_CIPHER", "ERR_CRYPTO_INVALID_KEYLEN", "ERR_CRYPTO_INVALID_IV", "ERR_CRYPTO_INVALID_IV", "ERR_CRYPTO_INVALID_IV",
    "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_TYPE", "ERR_INVALID_ARG_VALUE", "ERR_CRYPTO_INVALID_STATE", "ERR_CRYPTO_INVALID_STATE",
    "ERR_CRYPTO_INVALID_AUTH_TAG", "ERR_CRYPTO_INVALID_AUTH_TAG",
  ]);
  const done = createCipheriv("aes-128-cbc", key, iv);
  done.final();
  assertEquals(assertThrows(() => done.final(), Error, "Invalid state").code, "ERR_CRYPTO_INVALID_STATE");
  assertThrows(() => done.update("a"), Error, "Trying to add data in unsupported state");
});

test("a cipher is a stream, and its key may be a KeyObject", async () => {
  const cipher = createCipheriv("aes-128-cbc", crypto.createSecretKey(key), iv);
  cipher.write("one ");
  cipher.end("two");
  const chunks = [];
  for await (const chunk of cipher) chunks.push(chunk);
  const decipher = createDecipheriv("aes-128-cbc", key, iv);
  assertEquals(decipher.update(Buffer.concat(chunks), undefined, "utf8") + decipher.final("utf8"), "one two");
});

test("getCipherInfo knows modes and lengths", () => {
  assertEquals(["aes-256-gcm", "AES128", "aes-128-ecb", "aes-192-ctr", "chacha20-poly1305", "des3"].map((name) => crypto.getCipherInfo(name)), [
    { mode: "gcm", name: "id-aes256-gcm", nid: 901, blockSize: 1, ivLength: 12, keyLength: 32 },
    { mode: "cbc", name: "aes-128-cbc", nid: 419, blockSize: 16, ivLength: 16, keyLength: 16 },
    { mode: "ecb", name: "aes-128-ecb", nid: 418, blockSize: 16, keyLength: 16 },
    { mode: "ctr", name: "aes-192-ctr", nid: 905, blockSize: 1, ivLength: 16, keyLength: 24 },
    { mode: "stream", name: "chacha20-poly1305", nid: 1018, ivLength: 12, keyLength: 32 },
    { mode: "cbc", name: "des-ede3-cbc", nid: 44, blockSize: 8, ivLength: 8, keyLength: 24 },
  ]);
  assertEquals([crypto.getCipherInfo("nothing"), crypto.getCipherInfo("aes-128-cbc", { keyLength: 5 }), crypto.getCipherInfo("aes-128-gcm", { ivLength: 5 }).ivLength,
    crypto.getCipherInfo(419).name, crypto.getCiphers().includes("aes-256-cbc")], [undefined, undefined, 5, "aes-128-cbc", true]);
});
