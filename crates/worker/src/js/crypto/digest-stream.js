/**
 * DigestStream of Workers: a WritableStream that digests what is written.
 *
 * Source: https://developers.cloudflare.com/workers/runtime-apis/web-crypto/#constructors
 *
 * @module
 */

import { hashName } from "stated:crypto/algorithm";
import { notSupported } from "stated:crypto/key";
import { ops } from "stated:host";
import { WritableStream } from "stated:streams";
import { badConstructorArgument, defineInspection, defineInterface, toDOMString, viewBytes } from "stated:webidl";

/** Digests bytes and strings as they are written. */
export class DigestStream extends WritableStream {
  #digest;
  #written = 0;

  /** @param {string | { name: string }} algorithm */
  constructor(algorithm) {
    if (arguments.length < 1) throw badConstructorArgument("DigestStream", 1, "string or HashAlgorithm");
    const given = typeof algorithm === "object" && algorithm !== null ? algorithm.name : algorithm;
    const name = hashName(given === undefined ? "" : toDOMString(given));
    if (name === undefined) throw notSupported("Unrecognized or unimplemented digest algorithm requested.");
    const id = ops.digestOpen(name);
    /** @type {PromiseWithResolvers<ArrayBuffer>} */
    const { promise, resolve, reject } = Promise.withResolvers();
    // Nobody has to look at the digest of a stream that was aborted.
    promise.catch(() => {});
    super({
      write: (chunk) => {
        const bytes = typeof chunk === "string" ? ops.utf8Encode(chunk) : viewBytes(chunk);
        if (bytes === undefined) {
          const error = new TypeError("DigestStream is a byte stream but received an object of non-ArrayBuffer/"
            + "ArrayBufferView/string type on its writable side.");
          ops.digestFinish(id);
          reject(error);
          throw error;
        }
        ops.digestPush(id, bytes);
        this.#written += bytes.byteLength;
      },
      close() {
        resolve(/** @type {ArrayBuffer} */ (ops.digestFinish(id).slice().buffer));
      },
      abort(reason) {
        ops.digestFinish(id);
        reject(reason);
      },
    });
    this.#digest = promise;
  }

  /** The digest, once the stream is closed. */
  get digest() {
    return this.#digest;
  }

  get bytesWritten() {
    return BigInt(this.#written);
  }
}

defineInterface(DigestStream);
defineInspection(DigestStream.prototype, (self) => ({ digest: self.digest }));
