import { Buffer } from "stated:node/buffer";
import crypto, { createDiffieHellman, createECDH, ECDH, generateKeyPairSync, getDiffieHellman } from "stated:node/crypto";
import { assertEquals, assertThrows, test } from "stated:test";

const codeOf = (run) => assertThrows(run, Error).code;

test("two sides of a named group agree", () => {
  const [ann, bob] = [getDiffieHellman("modp14"), getDiffieHellman("modp14")];
  ann.generateKeys();
  bob.generateKeys("hex");
  assertEquals(ann.computeSecret(bob.getPublicKey()).equals(bob.computeSecret(ann.getPublicKey("base64"), "base64")), true);
  assertEquals([ann.getPrime().length, ann.getPrime("hex").slice(0, 20), ann.getGenerator("hex"), ann.verifyError, ann.setPrivateKey], [256, "ffffffffffffffffc90f", "02", 0, undefined]);
  assertEquals([codeOf(() => getDiffieHellman("x")), codeOf(() => getDiffieHellman("modp5").getPublicKey()), codeOf(() => ann.computeSecret(Buffer.from([1])))],
    ["ERR_CRYPTO_UNKNOWN_DH_GROUP", "ERR_CRYPTO_INVALID_STATE", "ERR_CRYPTO_INVALID_KEYLEN"]);
});

test("groups have the primes of RFC 2409 and 3526", () => {
  const lengths = ["modp1", "modp2", "modp5", "modp14", "modp15", "modp16", "modp17", "modp18"].map((name) => {
    const prime = getDiffieHellman(name).getPrime();
    return [prime.length * 8, crypto.createHash("sha256").update(prime).digest("hex").slice(0, 8)];
  });
  assertEquals(lengths, [[768,"b52ba6a3"], [1024,"3f35a3f5"], [1536,"64fcc83e"], [2048,"d66436f7"], [3072,"48cf8b09"], [4096,"4ee95187"], [6144,"d1bfe6d0"], [8192,"39ab4fea"]]);
});

test("a group of one's own is used and judged", () => {
  const prime = getDiffieHellman("modp2").getPrime("hex");
  const [ann, bob] = [createDiffieHellman(prime, "hex", 2), createDiffieHellman(Buffer.from(prime, "hex"), Buffer.from([2]))];
  ann.setPrivateKey("0123456789abcdef", "hex");
  ann.generateKeys();
  assertEquals([ann.getPublicKey("hex").slice(0, 16), ann.getPrivateKey("hex")], ["6750f347a1c8f704", "0123456789abcdef"]);
  bob.generateKeys();
  assertEquals(ann.computeSecret(bob.getPublicKey(), null, "hex"), bob.computeSecret(ann.getPublicKey("hex"), "hex", "hex"));
  assertEquals([createDiffieHellman(Buffer.from("0f", "hex"), 2).verifyError & 1, codeOf(() => createDiffieHellman(1))], [1, "ERR_OSSL_DH_MODULUS_TOO_SMALL"]);
});

test("ECDH agrees on every curve, and writes points in every form", () => {
  for (const curve of ["prime256v1", "secp384r1", "secp521r1", "secp256k1"]) {
    const [ann, bob] = [createECDH(curve), createECDH(curve)];
    ann.generateKeys();
    const compressed = bob.generateKeys("hex", "compressed");
    assertEquals(ann.computeSecret(compressed, "hex", "hex"), bob.computeSecret(ann.getPublicKey(null, "hybrid"), null, "hex"), curve);
    assertEquals(ECDH.convertKey(compressed, curve, "hex", "hex", "uncompressed"), bob.getPublicKey("hex"), curve);
    const again = createECDH(curve);
    again.setPrivateKey(bob.getPrivateKey("hex"), "hex");
    assertEquals(again.getPublicKey("hex"), bob.getPublicKey("hex"), curve);
    assertEquals(crypto.getCurves().includes(curve), true);
  }
  assertEquals([
    codeOf(() => createECDH("x")), codeOf(() => createECDH("secp256k1").getPublicKey()), codeOf(() => createECDH("secp256k1").setPrivateKey(Buffer.alloc(32))),
    codeOf(() => { const own = createECDH("secp256k1"); own.generateKeys(); own.computeSecret(Buffer.alloc(16)); }),
  ], ["ERR_CRYPTO_INVALID_CURVE", "ERR_CRYPTO_OPERATION_FAILED", "ERR_CRYPTO_INVALID_KEYTYPE", "ERR_CRYPTO_ECDH_INVALID_PUBLIC_KEY"]);
});

test("diffieHellman takes KeyObjects of one kind", () => {
  for (const [type, options] of [["x25519"], ["ec", { namedCurve: "P-256" }]]) {
    const [ann, bob] = [generateKeyPairSync(type, options), generateKeyPairSync(type, options)];
    const [one, two] = [[ann, bob], [bob, ann]].map(([own, other]) => crypto.diffieHellman({ privateKey: own.privateKey, publicKey: other.publicKey }));
    assertEquals([one.equals(two), one.length], [true, 32]);
  }
  const mixed = { privateKey: generateKeyPairSync("x25519").privateKey, publicKey: generateKeyPairSync("ed25519").publicKey };
  assertEquals(assertThrows(() => crypto.diffieHellman(mixed), Error, "Incompatible key types for Diffie-Hellman: x25519 and ed25519").code, "ERR_CRYPTO_INCOMPATIBLE_KEY");
});

test("primes are made and checked", async () => {
  const prime = crypto.generatePrimeSync(64);
  assertEquals([prime instanceof ArrayBuffer, prime.byteLength, crypto.checkPrimeSync(prime), crypto.checkPrimeSync(15n), crypto.checkPrimeSync(17n)], [true, 8, true, false, true]);
  const safe = crypto.generatePrimeSync(32, { safe: true, bigint: true });
  assertEquals([crypto.checkPrimeSync((safe - 1n) / 2n), crypto.generatePrimeSync(32, { add: 8n, rem: 3n, bigint: true }) % 8n], [true, 3n]);
  const called = await new Promise((resolve, reject) => { crypto.generatePrime(48, { bigint: true }, (error, value) => (error ? reject(error) : resolve(value))); });
  assertEquals(called >> 47n, 1n);
  assertEquals(codeOf(() => crypto.generatePrimeSync(0)), "ERR_OUT_OF_RANGE");
});
