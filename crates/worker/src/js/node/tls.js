/**
 * `node:tls`: secured connections to other servers. Certificates are checked by the host, whatever the options say.
 *
 * @module
 */

import { checkFunction, checkNumber, checkString, nodeError } from "stated:node-support/errors";
import { checkServerIdentity } from "stated:node-support/server-identity";
import { unimplementedIn } from "stated:node-support/unimplemented";
import { Buffer } from "stated:node/buffer";
import { _normalizeArgs, checkConnectOptions, portOf, Socket } from "stated:node/net";

export { checkServerIdentity };

const stub = unimplementedIn("tls");

export const createSecurePair = stub("createSecurePair");
export const createServer = stub("createServer");
export const Server = stub("Server", ["addContext", "getTicketKeys", "setSecureContext", "setTicketKeys"]);
export const CLIENT_RENEG_LIMIT = 3;
export const CLIENT_RENEG_WINDOW = 600;
export const DEFAULT_CIPHERS = "";
export const DEFAULT_ECDH_CURVE = "auto";
export const DEFAULT_MAX_VERSION = "TLSv1.3";
export const DEFAULT_MIN_VERSION = "TLSv1.2";
/** @type {string[]} */
export const rootCertificates = [];

/** Settings, which the host does not look at. @this {any} @param {any} [options] @returns {any} */
export function SecureContext(options = undefined) {
  if (!(/** @type {any} */ (this) instanceof SecureContext)) return new /** @type {any} */ (SecureContext)(options);
  this.context = { ...options };
}

/** @param {any} [options] */
export function createSecureContext(options = undefined) {
  return new /** @type {any} */ (SecureContext)(options);
}

export const getCiphers = () => ["tls_aes_128_gcm_sha256", "tls_aes_256_gcm_sha384", "tls_chacha20_poly1305_sha256"];

/** @param {any} protocols @param {any} out */
export function convertALPNProtocols(protocols, out) {
  if (Array.isArray(protocols)) out.ALPNProtocols = Buffer.from(protocols.flatMap((name) => [name.length, ...Array.from(name, (/** @type {string} */ unit) => unit.charCodeAt(0))]));
}

/** @this {any} @param {any} socket a connected net.Socket, or none @param {any} [options] @returns {any} */
export function TLSSocket(socket = undefined, options = undefined) {
  if (!(/** @type {any} */ (this) instanceof TLSSocket)) return new /** @type {any} */ (TLSSocket)(socket, options);
  Socket.call(this, options);
  this.encrypted = true;
  this.authorized = false;
  this.authorizationError = null;
  this.alpnProtocol = false;
  this.servername = options?.servername ?? null;
  this.ssl = {};
  const self = /** @type {any} */ (this);
  self.once("secureConnect", () => {
    self.authorized = true;
  });
  if (socket) secure(self, socket, options ?? {});
}
Object.setPrototypeOf(TLSSocket.prototype, Socket.prototype);
Object.setPrototypeOf(TLSSocket, Socket);

/** Starts TLS on the connection of a plain socket. @param {any} secured @param {any} plain @param {any} options */
function secure(secured, plain, options) {
  secured._parent = plain;
  const start = () => {
    secured._host = plain._host;
    secured._port = plain._port;
    plain._reader.releaseLock();
    plain._writer.releaseLock();
    const connection = plain._connection;
    // The plain socket has no connection of its own any more.
    plain._reader = null;
    plain._connection = null;
    secured._use(connection.startTls(options.servername ? { expectedServerHostname: options.servername } : undefined), "secureConnect");
  };
  if (!plain.connecting) {
    start();
    return;
  }
  // It waits for both connections.
  secured.connecting = true;
  plain.once("connect", start);
  plain.once("close", () => {
    if (secured._connection === null) secured.destroy();
  });
}

/** @type {any} */
const proto = TLSSocket.prototype;
proto.getProtocol = () => "TLSv1.3";
proto.getCipher = () => ({ name: "TLS_AES_256_GCM_SHA384", standardName: "TLS_AES_256_GCM_SHA384", version: "TLSv1.3" });
proto.getPeerCertificate = () => ({});
proto.getCertificate = () => null;
proto.getSession = () => undefined;
proto.getTLSTicket = () => undefined;
proto.getEphemeralKeyInfo = () => ({});
proto.getFinished = () => undefined;
proto.getPeerFinished = () => undefined;
proto.isSessionReused = () => false;
proto.setMaxSendFragment = () => true;
proto.disableRenegotiation = () => {};
proto.enableTrace = () => {};
proto.setSession = () => {};
proto.getPeerX509Certificate = () => undefined;
proto.getX509Certificate = () => undefined;
proto.getSharedSigalgs = () => [];
for (const name of ["exportKeyingMaterial", "renegotiate", "setKeyCert"]) proto[name] = stub(`TLSSocket.${name}`);
/** @param {string} name */
proto.setServername = (name) => checkString("name", name);
/** @this {any} @param {...any} args */
proto.connect = function connect(...args) {
  const [options, callback] = _normalizeArgs(args);
  const port = portOf(options.port);
  checkConnectOptions(options);
  if (callback !== null) this.once("secureConnect", callback);
  if (options.timeout) this.setTimeout(options.timeout);
  this._open(options.host || "localhost", port, "on", "secureConnect");
  return this;
};

/** Settings that are checked, although the host has its own. @param {any} options */
function checkOptions({ checkServerIdentity: check, minDHSize, secureContext }) {
  if (check !== undefined) checkFunction("options.checkServerIdentity", check);
  if (minDHSize !== undefined) checkNumber("options.minDHSize", minDHSize, 1);
  if (secureContext && !(secureContext instanceof SecureContext)) throw nodeError(TypeError, "ERR_TLS_INVALID_CONTEXT", "context must be a SecureContext");
}

/** `(options, callback)` or `(port, host, options, callback)`. @param {...any} args */
export function connect(...args) {
  const [first, callback] = _normalizeArgs(args);
  const extra = args.find((arg, index) => index > 0 && typeof arg === "object" && arg !== null);
  const options = { ...first, ...extra };
  checkOptions(options);
  const secured = new /** @type {any} */ (TLSSocket)(options.socket, options);
  if (options.socket) {
    if (callback !== null) secured.once("secureConnect", callback);
    return secured;
  }
  if (options.port === undefined) throw nodeError(TypeError, "ERR_MISSING_ARGS", "The \"options\" or \"port\" or \"path\" argument must be specified");
  return secured.connect(options, callback ?? (() => {}));
}

export default {
  checkServerIdentity, CLIENT_RENEG_LIMIT, CLIENT_RENEG_WINDOW, connect, convertALPNProtocols, createSecureContext, createSecurePair,
  createServer, DEFAULT_CIPHERS, DEFAULT_ECDH_CURVE, DEFAULT_MAX_VERSION, DEFAULT_MIN_VERSION, getCiphers, rootCertificates, SecureContext,
  Server, TLSSocket,
};
