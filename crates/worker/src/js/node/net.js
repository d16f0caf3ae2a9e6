/**
 * `node:net`: addresses can be told apart; there are no sockets.
 *
 * @module
 */

import { ops } from "stated:host";
import { unimplementedIn } from "stated:node-support/unimplemented";

const stub = unimplementedIn("net");
const part = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const ipv4 = new RegExp(`^(?:${part}\\.){3}${part}$`);

export const _createServerHandle = stub("_createServerHandle");
export const _normalizeArgs = stub("_normalizeArgs");
export const _setSimultaneousAccepts = stub("_setSimultaneousAccepts");
export const BlockList = stub("BlockList");
export const connect = stub("connect");
export const createConnection = stub("createConnection");
export const createServer = stub("createServer");
export const getDefaultAutoSelectFamily = stub("getDefaultAutoSelectFamily");
export const getDefaultAutoSelectFamilyAttemptTimeout = stub("getDefaultAutoSelectFamilyAttemptTimeout");
export const Server = stub("Server");
export const setDefaultAutoSelectFamily = stub("setDefaultAutoSelectFamily");
export const setDefaultAutoSelectFamilyAttemptTimeout = stub("setDefaultAutoSelectFamilyAttemptTimeout");
export const Socket = stub("Socket");
export const SocketAddress = stub("SocketAddress");
export const Stream = stub("Stream");

/** @param {unknown} text */
export function isIP(text) {
  if (isIPv4(text)) return 4;
  return isIPv6(text) ? 6 : 0;
}

/** @param {unknown} text */
export function isIPv4(text) {
  return ipv4.test(`${text}`);
}

/** @param {unknown} text */
export function isIPv6(text) {
  const [address, zone] = `${text}`.split("%", 2);
  return zone !== "" && address.includes(":") && ops.urlParse(`ws://[${address}]`, undefined) !== null;
}

export default {
  _createServerHandle, _normalizeArgs, _setSimultaneousAccepts, BlockList, connect, createConnection, createServer,
  getDefaultAutoSelectFamily, getDefaultAutoSelectFamilyAttemptTimeout, isIP, isIPv4, isIPv6, Server,
  setDefaultAutoSelectFamily, setDefaultAutoSelectFamilyAttemptTimeout, Socket, SocketAddress, Stream,
};
