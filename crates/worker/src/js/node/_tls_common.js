/**
 * `node:_tls_common`, to be imported only: contexts of `node:tls`.
 *
 * @module
 */

import { unimplementedIn } from "stated:node-support/unimplemented";

const stub = unimplementedIn("_tls_common");

export const createSecureContext = stub("createSecureContext");
export const SecureContext = stub("SecureContext");
export const translatePeerCertificate = stub("translatePeerCertificate");

export default { createSecureContext, SecureContext, translatePeerCertificate };
