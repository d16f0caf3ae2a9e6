/**
 * `node:tls`, to be imported only: there are no sockets.
 *
 * @module
 */

import { unimplementedIn } from "stated:node-support/unimplemented";

const stub = unimplementedIn("tls");

export const checkServerIdentity = stub("checkServerIdentity");
export const connect = stub("connect");
export const convertALPNProtocols = stub("convertALPNProtocols");
export const createSecureContext = stub("createSecureContext");
export const createSecurePair = stub("createSecurePair");
export const createServer = stub("createServer");
export const getCiphers = stub("getCiphers");
export const SecureContext = stub("SecureContext");
export const Server = stub("Server");
export const TLSSocket = stub("TLSSocket");
export const CLIENT_RENEG_LIMIT = 3;
export const CLIENT_RENEG_WINDOW = 600;
export const DEFAULT_CIPHERS = "";
export const DEFAULT_ECDH_CURVE = "auto";
export const DEFAULT_MAX_VERSION = "TLSv1.3";
export const DEFAULT_MIN_VERSION = "TLSv1.2";

/** @type {string[]} */
export const rootCertificates = [];

export default {
  checkServerIdentity, CLIENT_RENEG_LIMIT, CLIENT_RENEG_WINDOW, connect, convertALPNProtocols, createSecureContext,
  createSecurePair, createServer, DEFAULT_CIPHERS, DEFAULT_ECDH_CURVE, DEFAULT_MAX_VERSION, DEFAULT_MIN_VERSION, getCiphers,
  rootCertificates, SecureContext, Server, TLSSocket,
};
