/**
 * `node:_http_agent`: the agent of `node:http`. Connections are kept by the host, so it is settings and a name.
 *
 * @module
 */

import { EventEmitter } from "stated:node/events";
import { checkNumber, invalidArgValue } from "stated:node-support/errors";
import { notImplemented } from "stated:node-support/unimplemented";

/** @this {any} @param {any} [options] @returns {any} */
export function Agent(options = undefined) {
  if (!(/** @type {any} */ (this) instanceof Agent)) return new /** @type {any} */ (Agent)(options);
  EventEmitter.call(this);
  this.defaultPort = 80;
  this.protocol = "http:";
  this.options = { __proto__: null, ...options };
  if (this.options.noDelay === undefined) this.options.noDelay = true;
  this.options.path = null;
  this.requests = Object.create(null);
  this.sockets = Object.create(null);
  this.freeSockets = Object.create(null);
  const { agentKeepAliveTimeoutBuffer, keepAlive, keepAliveMsecs, maxFreeSockets, maxSockets, maxTotalSockets, scheduling } = this.options;
  this.keepAliveMsecs = keepAliveMsecs || 1000;
  this.keepAlive = keepAlive || false;
  this.maxSockets = maxSockets || Agent.defaultMaxSockets;
  this.maxFreeSockets = maxFreeSockets || 256;
  this.scheduling = scheduling || "lifo";
  if (!["fifo", "lifo"].includes(this.scheduling)) throw invalidArgValue("scheduling", this.scheduling, "must be one of: 'fifo', 'lifo'");
  if (maxTotalSockets !== undefined) checkNumber("maxTotalSockets", maxTotalSockets, 1);
  this.maxTotalSockets = maxTotalSockets ?? Infinity;
  this.agentKeepAliveTimeoutBuffer = agentKeepAliveTimeoutBuffer >= 0 ? agentKeepAliveTimeoutBuffer : 1000;
  this.totalSocketCount = 0;
}
Object.setPrototypeOf(Agent.prototype, EventEmitter.prototype);
Object.setPrototypeOf(Agent, EventEmitter);
Object.defineProperty(Agent, "length", { value: 1, configurable: true });
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
