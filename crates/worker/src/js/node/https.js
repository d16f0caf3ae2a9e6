/**
 * `node:https`: `node:http` with `https:` URLs. Certificates are the host's business: options about them are ignored.
 *
 * @module
 */

import { Agent as HttpAgent } from "stated:node/_http_agent";
import { ClientRequest, requestArguments } from "stated:node/_http_client";
import { createServer, Server } from "stated:node/http";

export { createServer, Server };

/** @this {any} @param {any} [options] @returns {any} */
export function Agent(options = undefined) {
  if (!(/** @type {any} */ (this) instanceof Agent)) return new /** @type {any} */ (Agent)(options);
  HttpAgent.call(this, options);
  this.defaultPort = 443;
  this.protocol = "https:";
  this.maxCachedSessions = options?.maxCachedSessions ?? 100;
}
Object.setPrototypeOf(Agent.prototype, HttpAgent.prototype);
Object.setPrototypeOf(Agent, HttpAgent);

/** What tells secured connections to a place apart: some count when they are there at all. */
const named = ["ca", "cert", "clientCertEngine", "ciphers", "key", "pfx", "rejectUnauthorized", "servername", "minVersion", "maxVersion", "secureProtocol",
  "crl", "honorCipherOrder", "ecdhCurve", "dhparam", "secureOptions", "sessionIdContext", "sigalgs", "privateKeyIdentifier", "privateKeyEngine"];
const countedIfGiven = ["rejectUnauthorized", "honorCipherOrder", "secureOptions"];

/** @this {any} @param {any} [options] */
Agent.prototype.getName = function getName(options = {}) {
  const parts = named.map((name) => {
    const value = options[name];
    if (countedIfGiven.includes(name) ? value === undefined : !value || (name === "servername" && value === options.host)) return "";
    return name === "sigalgs" ? JSON.stringify(value) : String(value);
  });
  return [HttpAgent.prototype.getName.call(this, options), ...parts].join(":");
};

export const globalAgent = new /** @type {any} */ (Agent)({ keepAlive: true, scheduling: "lifo", timeout: 5000 });

/** @param {any} url @param {any} [options] @param {any} [callback] */
export function request(url, options = undefined, callback = undefined) {
  const [all, listener] = requestArguments(url, options, callback);
  return new /** @type {any} */ (ClientRequest)({ ...all, _defaultAgent: globalAgent }, listener);
}

/** @param {any} url @param {any} [options] @param {any} [callback] */
export function get(url, options = undefined, callback = undefined) {
  const made = request(url, options, callback);
  made.end();
  return made;
}

export default { Agent, createServer, get, globalAgent, request, Server };
