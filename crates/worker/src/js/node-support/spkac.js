/**
 * `Certificate` of `node:crypto`: signed public keys with a challenge (SPKAC), with which browsers once asked for certificates.
 *
 * @module
 */

import { ops } from "stated:host";
import { Buffer } from "stated:node/buffer";
import { bytesArgument, output } from "stated:node-support/crypto-arguments";
import { encodePem } from "stated:node-support/pem";

/** What is in one; undefined when it is none. @param {any} spkac in base64 @param {any} encoding of a string */
function read(spkac, encoding) {
  const base64 = output(bytesArgument(spkac, "spkac", encoding)).toString("latin1").replace(/[ \t\r\n]+$/, "");
  const bytes = ops.base64Decode(base64);
  if (bytes === undefined) return undefined;
  try {
    const [challenge, key, isSigned] = ops.spkacRead(Uint8Array.from(bytes, (unit) => unit.charCodeAt(0)));
    return { challenge, key, isSigned };
  } catch {
    return undefined;
  }
}

/** Whether it is signed by its own key. @param {any} spkac @param {any} [encoding] */
function verifySpkac(spkac, encoding = undefined) {
  return read(spkac, encoding)?.isSigned ?? false;
}

/** The key in PEM; nothing of what is no SPKAC. @param {any} spkac @param {any} [encoding] */
function exportPublicKey(spkac, encoding = undefined) {
  const found = read(spkac, encoding);
  return found === undefined ? "" : Buffer.from(encodePem("PUBLIC KEY", found.key));
}

/** @param {any} spkac @param {any} [encoding] */
function exportChallenge(spkac, encoding = undefined) {
  const found = read(spkac, encoding);
  return found === undefined ? "" : Buffer.from(found.challenge);
}

const members = { verifySpkac, exportPublicKey, exportChallenge };

/** May be called without `new`, as in Node; its instances are what is left of an older interface. @type {any} */
export const Certificate = function () {
  return new.target === undefined ? Reflect.construct(Certificate, []) : undefined;
};
Object.assign(Certificate, members);
Object.assign(Certificate.prototype, members);
