/**
 * `node:_tls_common`: contexts of `node:tls`.
 *
 * @module
 */

import { createSecureContext, SecureContext } from "stated:node/tls";

/** @param {any} certificate */
export function translatePeerCertificate(certificate) {
  return certificate ?? null;
}

export { createSecureContext, SecureContext };
export default { createSecureContext, SecureContext, translatePeerCertificate };
