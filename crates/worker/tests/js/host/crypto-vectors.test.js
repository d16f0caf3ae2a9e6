/**
 * Web Crypto against published vectors: FIPS 180-4, RFC 2202 and 4231 (HMAC), SP 800-38A (AES-CBC, AES-CTR), the GCM
 * specification, RFC 3394 (AES-KW), RFC 5869 (HKDF), RFC 6070 and 7914 (PBKDF2), RFC 6979 (ECDSA), CAVS (ECDH), RFC 7748
 * (X25519), RFC 8032 (Ed25519), RFC 7515 (RS256).
 *
 * @module
 */

import { assertEquals, test } from "stated:test";

const { subtle } = crypto;
/** @param {ArrayBuffer} buffer */
const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
/** @param {string} text */
const bytes = (text) => Uint8Array.from(text.replaceAll(/\s/g, "").match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
/** @param {string} text */
const utf8 = (text) => new TextEncoder().encode(text);
/** @param {string} byte @param {number} count */
const repeat = (byte, count) => bytes(byte.repeat(count));
/** @param {string} text */
const base64url = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (unit) => unit.charCodeAt(0));
/** @param {string} text */
const toBase64url = (text) => btoa(String.fromCharCode(...bytes(text))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

// --- digests --------------------------------------------------------------------------------------------------------------

const twoBlocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
/** @type {Record<string, string[]>} of nothing, "abc", and a message of two blocks */
const digests = {
  "SHA-1": ["da39a3ee5e6b4b0d3255bfef95601890afd80709", "a9993e364706816aba3e25717850c26c9cd0d89d", "84983e441c3bd26ebaae4aa1f95129e5e54670f1"],
  "SHA-256": ["e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"],
  "SHA-384": ["38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b",
    "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
    "3391fdddfc8dc7393707a65b1b4709397cf8b1d162af05abfe8f450de5f36bc6b0455a8520bc4e6f5fe95b1fe3c8452b"],
  "SHA-512": ["cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    "204a8fc6dda82f0a0ced7beb8e08a41657c16ef468b228a8279be331a703c33596fd15c13b1b07f9aa1d3bea57789ca031ad85c7a71dd70354ec631238ca3445"],
};

for (const [name, [none, abc, two]] of Object.entries(digests)) {
  test(`${name} of FIPS 180-4`, async () => {
    assertEquals([hex(await subtle.digest(name, new Uint8Array())), hex(await subtle.digest(name, utf8("abc"))), hex(await subtle.digest(name, utf8(twoBlocks)))],
      [none, abc, two]);
  });
}

// --- HMAC -----------------------------------------------------------------------------------------------------------------

/** @type {[string, string, Uint8Array, Uint8Array, string][]} case, hash, key, data, signature */
const macs = [
  ["RFC 2202 case 1", "SHA-1", repeat("0b", 20), utf8("Hi There"), "b617318655057264e28bc0b6fb378c8ef146be00"],
  ["RFC 2202 case 2", "SHA-1", utf8("Jefe"), utf8("what do ya want for nothing?"), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"],
  ["RFC 2202 case 6", "SHA-1", repeat("aa", 80), utf8("Test Using Larger Than Block-Size Key - Hash Key First"), "aa4ae5e15272d00e95705637ce8a3b55ed402112"],
  ["RFC 4231 case 1", "SHA-256", repeat("0b", 20), utf8("Hi There"), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"],
  ["RFC 4231 case 2", "SHA-256", utf8("Jefe"), utf8("what do ya want for nothing?"), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"],
  ["RFC 4231 case 3", "SHA-256", repeat("aa", 20), repeat("dd", 50), "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"],
  ["RFC 4231 case 6", "SHA-256", repeat("aa", 131), utf8("Test Using Larger Than Block-Size Key - Hash Key First"),
    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"],
  ["RFC 4231 case 1", "SHA-384", repeat("0b", 20), utf8("Hi There"),
    "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6"],
  ["RFC 4231 case 2", "SHA-384", utf8("Jefe"), utf8("what do ya want for nothing?"),
    "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649"],
  ["RFC 4231 case 1", "SHA-512", repeat("0b", 20), utf8("Hi There"),
    "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"],
  ["RFC 4231 case 2", "SHA-512", utf8("Jefe"), utf8("what do ya want for nothing?"),
    "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"],
];

for (const [name, hash, raw, data, signature] of macs) {
  test(`HMAC with ${hash}, ${name}`, async () => {
    const key = await subtle.importKey("raw", raw, { name: "HMAC", hash }, false, ["sign", "verify"]);
    assertEquals([hex(await subtle.sign("HMAC", key, data)), await subtle.verify("HMAC", key, bytes(signature), data)], [signature, true]);
    const wrong = bytes(signature);
    wrong[0] ^= 1;
    assertEquals([await subtle.verify("HMAC", key, wrong, data), await subtle.verify("HMAC", key, bytes(signature).subarray(1), data)], [false, false]);
  });
}

// --- AES ------------------------------------------------------------------------------------------------------------------

const keys = {
  128: "2b7e151628aed2a6abf7158809cf4f3c",
  192: "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
  256: "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
};
const message = "6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51 30c81c46a35ce411e5fbc1191a0a52ef f69f2445df4f9b17ad2b417be66c3710";
const cbc = {
  128: "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b273bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7",
  192: "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a571b242012fb7ae07fa9baac3df102e008b0e27988598881d920a9e64f5615cd",
  256: "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b",
};
const ctr = {
  128: "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee",
  192: "1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e941e36b26bd1ebc670d1bd1d665620abf74f78a7f6d29809585a97daec58c6b050",
  256: "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c52b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6",
};

for (const length of /** @type {const} */ ([128, 192, 256])) {
  test(`AES-CBC with ${length} bits, SP 800-38A F.2`, async () => {
    const key = await subtle.importKey("raw", bytes(keys[length]), "AES-CBC", false, ["encrypt", "decrypt"]);
    const algorithm = { name: "AES-CBC", iv: bytes("000102030405060708090a0b0c0d0e0f") };
    const encrypted = await subtle.encrypt(algorithm, key, bytes(message));
    // Web Crypto adds a block of padding, which the vectors do not have.
    assertEquals([hex(encrypted.slice(0, 64)), encrypted.byteLength], [cbc[length], 80]);
    assertEquals(hex(await subtle.decrypt(algorithm, key, encrypted)), hex(bytes(message).buffer));
  });

  test(`AES-CTR with ${length} bits, SP 800-38A F.5`, async () => {
    const key = await subtle.importKey("raw", bytes(keys[length]), "AES-CTR", false, ["encrypt", "decrypt"]);
    const algorithm = { name: "AES-CTR", counter: bytes("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"), length: 128 };
    assertEquals(hex(await subtle.encrypt(algorithm, key, bytes(message))), ctr[length]);
    assertEquals(hex(await subtle.decrypt(algorithm, key, bytes(ctr[length]))), hex(bytes(message).buffer));
  });
}

test("a counter of AES-CTR that is all ones goes on with zero in its own bits only", async () => {
  const key = await subtle.importKey("raw", bytes(keys[128]), "AES-CTR", false, ["encrypt"]);
  const block = async (/** @type {string} */ counter) => hex(await subtle.encrypt({ name: "AES-CTR", counter: bytes(counter), length: 8 }, key, new Uint8Array(16)));
  const two = hex(await subtle.encrypt({ name: "AES-CTR", counter: bytes("000102030405060708090a0b0c0d0eff"), length: 8 }, key, new Uint8Array(32)));
  assertEquals(two, await block("000102030405060708090a0b0c0d0eff") + await block("000102030405060708090a0b0c0d0e00"));
});

const gcmText = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";
const gcmMore = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
/** @type {[string, string, string, string, string | undefined, string][]} case, key, iv, text, additional data, result */
const gcm = [
  ["1", "00".repeat(16), "00".repeat(12), "", undefined, "58e2fccefa7e3061367f1d57a4e7455a"],
  ["2", "00".repeat(16), "00".repeat(12), "00".repeat(16), undefined, "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"],
  ["3", "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", `${gcmText}1aafd255`, undefined,
    "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f59854d5c2af327cd64a62cf35abd2ba6fab4"],
  ["5, of a short iv", "feffe9928665731c6d6a8f9467308308", "cafebabefacedbad", gcmText, gcmMore,
    "61353b4c2806934a777ff51fa22a4755699b2a714fcdc6f83766e5f97b6c742373806900e49f24b22b097544d4896b424989b5e1ebac0f07c23f45983612d2e79e3b0785561be14aaca2fccb"],
  ["13", "00".repeat(32), "00".repeat(12), "", undefined, "530f8afbc74536b9a963b4f1c4cb738b"],
  ["14", "00".repeat(32), "00".repeat(12), "00".repeat(16), undefined, "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"],
  ["16", "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", gcmText, gcmMore,
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"],
];

for (const [name, raw, iv, text, more, result] of gcm) {
  test(`AES-GCM, case ${name}`, async () => {
    const key = await subtle.importKey("raw", bytes(raw), "AES-GCM", false, ["encrypt", "decrypt"]);
    const algorithm = { name: "AES-GCM", iv: bytes(iv), ...(more === undefined ? {} : { additionalData: bytes(more) }) };
    assertEquals([hex(await subtle.encrypt(algorithm, key, bytes(text))), hex(await subtle.decrypt(algorithm, key, bytes(result)))], [result, text]);
    const wrong = bytes(result);
    wrong[wrong.length - 1] ^= 1;
    assertEquals(await subtle.decrypt(algorithm, key, wrong).catch((error) => error.name), "OperationError");
  });
}

const keyData = "00112233445566778899aabbccddeeff";
/** @type {[string, string, string][]} key-encryption key, key data, wrapped */
const wrapped = [
  ["000102030405060708090a0b0c0d0e0f", keyData, "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"],
  ["000102030405060708090a0b0c0d0e0f1011121314151617", keyData, "96778b25ae6ca435f92b5b97c050aed2468ab8a17ad84e5d"],
  ["000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", keyData, "64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7"],
  ["000102030405060708090a0b0c0d0e0f1011121314151617", `${keyData}0001020304050607`, "031d33264e15d33268f24ec260743edce1c6c7ddee725a936ba814915c6762d2"],
  ["000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", `${keyData}000102030405060708090a0b0c0d0e0f`,
    "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21"],
];

for (const [kek, data, result] of wrapped) {
  test(`AES-KW of ${data.length * 4} bits with ${kek.length * 4}, RFC 3394`, async () => {
    const wrapping = await subtle.importKey("raw", bytes(kek), "AES-KW", false, ["wrapKey", "unwrapKey"]);
    const key = await subtle.importKey("raw", bytes(data), { name: "HMAC", hash: "SHA-256" }, true, ["sign"]);
    assertEquals(hex(await subtle.wrapKey("raw", key, wrapping, "AES-KW")), result);
    const again = await subtle.unwrapKey("raw", bytes(result), wrapping, "AES-KW", { name: "HMAC", hash: "SHA-256" }, true, ["sign"]);
    assertEquals(hex(await subtle.exportKey("raw", again)), data);
    const wrong = bytes(result);
    wrong[3] ^= 1;
    const failure = subtle.unwrapKey("raw", wrong, wrapping, "AES-KW", { name: "HMAC", hash: "SHA-256" }, true, ["sign"]);
    assertEquals(await failure.catch((error) => error.name), "OperationError");
  });
}

// --- derivation -----------------------------------------------------------------------------------------------------------

/** @type {[string, string, string, string, string, number, string][]} case, hash, key, salt, info, bytes, result */
const hkdf = [
  ["1", "SHA-256", "0b".repeat(22), "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9", 42,
    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"],
  ["3", "SHA-256", "0b".repeat(22), "", "", 42, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"],
  ["4", "SHA-1", "0b".repeat(11), "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9", 42,
    "085a01ea1b10f36933068b56efa5ad81a4f14b822f5b091568a9cdd4f155fda2c22e422478d305f3f896"],
  ["6", "SHA-1", "0b".repeat(22), "", "", 42, "0ac1af7002b3d761d1e55298da9d0506b9ae52057220a306e07b6b87e8df21d0ea00033de03984d34918"],
];

for (const [name, hash, raw, salt, info, length, result] of hkdf) {
  test(`HKDF with ${hash}, RFC 5869 case ${name}`, async () => {
    const key = await subtle.importKey("raw", bytes(raw), "HKDF", false, ["deriveBits"]);
    assertEquals(hex(await subtle.deriveBits({ name: "HKDF", hash, salt: bytes(salt), info: bytes(info) }, key, length * 8)), result);
  });
}

/** @type {[string, string, string, number, number, string][]} hash, password, salt, rounds, bytes, result */
const pbkdf2 = [
  ["SHA-1", "password", "salt", 1, 20, "0c60c80f961f0e71f3a9b524af6012062fe037a6"],
  ["SHA-1", "password", "salt", 4096, 20, "4b007901b765489abead49d926f721d065a429c1"],
  ["SHA-1", "passwordPASSWORDpassword", "saltSALTsaltSALTsaltSALTsaltSALTsalt", 4096, 25, "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038"],
  ["SHA-1", "pass\0word", "sa\0lt", 4096, 16, "56fa6aa75548099dcc37d7f03425e0c3"],
  ["SHA-256", "passwd", "salt", 1, 64, "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783"],
];

for (const [hash, password, salt, iterations, length, result] of pbkdf2) {
  test(`PBKDF2 with ${hash}, ${iterations} rounds, ${length} bytes`, async () => {
    const key = await subtle.importKey("raw", utf8(password), "PBKDF2", false, ["deriveBits"]);
    const derived = await subtle.deriveBits({ name: "PBKDF2", hash, salt: utf8(salt), iterations }, key, length * 8);
    assertEquals(hex(derived).slice(0, result.length), result);
  });
}

// --- curves ---------------------------------------------------------------------------------------------------------------

test("ECDSA on P-256 verifies the signatures of RFC 6979, A.2.5", async () => {
  const point = "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
  const key = await subtle.importKey("raw", bytes(`04${point}`), { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
  /** @type {[string, string, string][]} */
  const signatures = [
    ["SHA-256", "sample", "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"],
    ["SHA-256", "test", "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"],
    ["SHA-1", "sample", "61340c88c3aaebeb4f6d667f672ca9759a6ccaa9fa8811313039ee4a35471d326d7f147dac089441bb2e2fe8f7a3fa264b9c475098fdcf6e00d7c996e1b8b7eb"],
  ];
  for (const [hash, text, signature] of signatures) {
    assertEquals(await subtle.verify({ name: "ECDSA", hash }, key, bytes(signature), utf8(text)), true, `${hash} ${text}`);
    assertEquals(await subtle.verify({ name: "ECDSA", hash }, key, bytes(signature), utf8(`${text}.`)), false);
  }
  for (const wrong of ["", "00", "00".repeat(64), "ff".repeat(64), "00".repeat(63)]) {
    assertEquals(await subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, bytes(wrong), utf8("sample")), false, wrong);
  }
});

test("ECDH on P-256, CAVS count 0", async () => {
  const algorithm = { name: "ECDH", namedCurve: "P-256" };
  const theirs = "04700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac";
  const jwk = {
    kty: "EC", crv: "P-256", d: toBase64url("7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534"),
    x: toBase64url("ead218590119e8876b29146ff89ca61770c4edbbf97d38ce385ed281d8a6b230"), y: toBase64url("28af61281fd35e2fa7002523acc85a429cb06ee6648325389f59edfce1405141"),
  };
  const key = await subtle.importKey("jwk", jwk, algorithm, false, ["deriveBits"]);
  const peer = await subtle.importKey("raw", bytes(theirs), algorithm, false, []);
  assertEquals(hex(await subtle.deriveBits({ name: "ECDH", public: peer }, key, 256)), "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b");
});

test("X25519, RFC 7748 section 6.1", async () => {
  const privateKey = bytes("302e020100300506032b656e04220420 5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
  const key = await subtle.importKey("pkcs8", privateKey, "X25519", false, ["deriveBits"]);
  const theirs = bytes("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  const peer = await subtle.importKey("raw", theirs, "X25519", true, []);
  assertEquals(hex(await subtle.deriveBits({ name: "X25519", public: peer }, key, 256)), "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
});

test("X25519 refuses a result that is all zero", async () => {
  const { privateKey } = /** @type {any} */ (await subtle.generateKey("X25519", false, ["deriveBits"]));
  const zero = await subtle.importKey("raw", new Uint8Array(32), "X25519", true, []);
  assertEquals(await subtle.deriveBits({ name: "X25519", public: zero }, privateKey, 256).catch((error) => error.name), "OperationError");
});

/** @type {[string, string, string, string, string][]} case, secret, public, message, signature */
const eddsa = [
  ["1", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"],
  ["2", "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"],
  ["3", "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"],
];

for (const [name, secret, publicKey, data, signature] of eddsa) {
  test(`Ed25519, RFC 8032 test ${name}`, async () => {
    const key = await subtle.importKey("pkcs8", bytes(`302e020100300506032b657004220420${secret}`), "Ed25519", true, ["sign"]);
    const verifying = await subtle.importKey("raw", bytes(publicKey), "Ed25519", true, ["verify"]);
    assertEquals(hex(await subtle.sign("Ed25519", key, bytes(data))), signature);
    assertEquals(await subtle.verify("Ed25519", verifying, bytes(signature), bytes(data)), true);
    const jwk = await subtle.exportKey("jwk", key);
    assertEquals([jwk.x, jwk.d], [toBase64url(publicKey), toBase64url(secret)]);
    const wrong = bytes(signature);
    wrong[40] ^= 1;
    assertEquals([await subtle.verify("Ed25519", verifying, wrong, bytes(data)), await subtle.verify("Ed25519", verifying, bytes(signature), utf8("x"))], [false, false]);
  });
}

// --- JSON Web Signatures --------------------------------------------------------------------------------------------------

const payload = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

test("HS256, RFC 7515 A.1", async () => {
  const jwk = { kty: "oct", k: "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow" };
  const key = await subtle.importKey("jwk", jwk, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const signature = await subtle.sign("HMAC", key, utf8(`eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.${payload}`));
  assertEquals(toBase64url(hex(signature)), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
});

test("RS256, RFC 7515 A.2", async () => {
  const n = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b3269"
    + "0r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NA"
    + "co9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
  const signature = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdi"
    + "uB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgG"
    + "Y9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
  const key = await subtle.importKey("jwk", { kty: "RSA", n, e: "AQAB" }, { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, false, ["verify"]);
  assertEquals(await subtle.verify("RSASSA-PKCS1-v1_5", key, base64url(signature), utf8(`eyJhbGciOiJSUzI1NiJ9.${payload}`)), true);
  assertEquals(await subtle.verify("RSASSA-PKCS1-v1_5", key, base64url(signature), utf8(`eyJhbGciOiJSUzI1NiJ8.${payload}`)), false);
});

test("ES256, RFC 7515 A.3", async () => {
  const jwk = { kty: "EC", crv: "P-256", x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" };
  const key = await subtle.importKey("jwk", jwk, { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
  const signature = base64url("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
  assertEquals(await subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, signature, utf8(`eyJhbGciOiJFUzI1NiJ9.${payload}`)), true);
});
