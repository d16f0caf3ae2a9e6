/**
 * Primes of `node:crypto`.
 *
 * @module
 */

import { ops } from "stated:host";
import { answer, viewBytes } from "stated:node-support/crypto-arguments";
import { checkInteger, invalidArgType, outOfRange } from "stated:node-support/errors";
import { numberBytes } from "stated:node-support/key-pair";

/** Candidates of a prime with a remainder that are tried. */
const CANDIDATES_MAX = 100_000;

/** @param {Uint8Array} bytes */
const toBigInt = (bytes) => bytes.reduce((number, byte) => number << 8n | BigInt(byte), 0n);

/** @param {any} size in bits @param {any} [options] */
export function generatePrimeSync(size, options = undefined) {
  checkInteger("size", size, 1, 2 ** 31 - 1);
  if (options !== undefined && (typeof options !== "object" || options === null)) throw invalidArgType("options", "of type object", options);
  const { add, rem, safe = false, bigint = false } = options ?? {};
  const prime = add === undefined ? ops.primeNew(size, safe) : withRemainder(size, safe, toBigInt(numberBytes(add, "options.add")),
    rem === undefined ? undefined : toBigInt(numberBytes(rem, "options.rem")));
  return bigint ? toBigInt(prime) : prime.slice().buffer;
}

/** A prime that leaves `rem` when it is divided by `add`: random ones with that remainder are tried. @param {number} size @param {boolean} safe @param {bigint} add @param {bigint} [rem] */
function withRemainder(size, safe, add, rem = safe ? 3n : 1n) {
  if (add <= 0n || add >= 1n << BigInt(size)) throw outOfRange("options.add", `> 0 and < 2 ** ${size}`, add);
  if (rem >= add) throw outOfRange("options.rem", "< options.add", rem);
  const random = new Uint8Array(Math.ceil(size / 8));
  for (let tries = 0; tries < CANDIDATES_MAX; tries++) {
    ops.randomFill(random);
    const start = BigInt.asUintN(size, toBigInt(random)) | 1n << BigInt(size - 1);
    const candidate = start - start % add + rem;
    const bytes = numberBytes(candidate, "candidate");
    if (candidate >> BigInt(size - 1) === 1n && ops.primeCheck(bytes) && (!safe || ops.primeCheck(numberBytes(candidate >> 1n, "candidate")))) return bytes;
  }
  throw outOfRange("options.add", "one that leaves room for a prime", add);
}

/** @param {any} size @param {any} options @param {any} [callback] */
export function generatePrime(size, options, callback = undefined) {
  if (typeof options === "function") [options, callback] = [undefined, options];
  return answer(callback ?? null, () => generatePrimeSync(size, options));
}

/** @param {any} candidate @param {any} [options] */
export function checkPrimeSync(candidate, options = undefined) {
  void options;
  if (typeof candidate !== "bigint" && viewBytes(candidate) === undefined) {
    throw invalidArgType("candidate", "of type bigint or an instance of ArrayBuffer, TypedArray, Buffer, or DataView", candidate);
  }
  return ops.primeCheck(numberBytes(candidate, "candidate"));
}

/** @param {any} candidate @param {any} options @param {any} [callback] */
export function checkPrime(candidate, options, callback = undefined) {
  if (typeof options === "function") [options, callback] = [undefined, options];
  return answer(callback ?? null, () => checkPrimeSync(candidate, options));
}

