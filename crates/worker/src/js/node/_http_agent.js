/**
 * `node:_http_agent`: the agent of `node:http`. Connections are kept by the host, so it is settings and a name.
 *
 * @module
 */

import { EventEmitter } from "stated:node/events";
import { notImplemented } from "stated:node-support/unimplemented";

/** @this {any} @param {any} [options] @returns {any} */
export function Agent(options = undefined) {
  if (!(/** @type {any} */ (this) instanceof Agent)) return new /** @type {any} */ (Agent)(options);
  EventEmitter.call(this);
  this.defaultPort = 80;
  this.protocol = "http:";
  this.options = { __proto__: null, noDelay: true, path: null, ...options };
  this.requests = Object.create(null);
  this.sockets = Object.create(null);
  this.freeSockets = Object.create(null);
  this.keepAliveMsecs = this.options.keepAliveMsecs ?? 1000;
  this.keepAlive = this.options.keepAlive ?? false;
  this.maxSockets = this.options.maxSockets ?? Infinity;
  this.maxFreeSockets = this.options.maxFreeSockets ?? 256;
  this.scheduling = this.options.scheduling ?? "lifo";
  this.maxTotalSockets = this.options.maxTotalSockets ?? Infinity;
  this.totalSocketCount = 0;
}
Object.setPrototypeOf(Agent.prototype, EventEmitter.prototype);
Object.setPrototypeOf(Agent, EventEmitter);
Agent.defaultMaxSockets = Infinity;

/** @param {any} [options] */
Agent.prototype.getName = function getName(options = {}) {
  let name = `${options.host || "localhost"}:`;
  if (options.port) name += options.port;
  name += ":";
  if (options.localAddress) name += options.localAddress;
  if (options.family === 4 || options.family === 6) name += `:${options.family}`;
  if (options.socketPath) name += `:${options.socketPath}`;
  return name;
};

Agent.prototype.createConnection = () => {
  throw notImplemented("http.Agent.prototype.createConnection");
};
Agent.prototype.createSocket = () => {
  throw notImplemented("http.Agent.prototype.createSocket");
};
Agent.prototype.addRequest = () => {
  throw notImplemented("http.Agent.prototype.addRequest");
};
Agent.prototype.keepSocketAlive = () => true;
Agent.prototype.reuseSocket = () => {};
Agent.prototype.removeSocket = () => {};
Agent.prototype.destroy = () => {};

export const globalAgent = new /** @type {any} */ (Agent)({ keepAlive: true, scheduling: "lifo", timeout: 5000 });

export default { Agent, globalAgent };
