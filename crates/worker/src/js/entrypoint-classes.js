/**
 * The classes that a program extends, and RpcTarget: what they are, without what happens to them.
 *
 * @module
 */

import { registerPlatformClass } from "stated:platform-classes";
import { registerReceiverBase } from "stated:rpc-path";

/**
 * The base of Durable Object classes that can be called over RPC.
 *
 * Source: https://developers.cloudflare.com/durable-objects/api/base/
 */
export class DurableObject {
  /** @param {any} ctx @param {any} env */
  constructor(ctx, env) {
    this.ctx = ctx;
    this.env = env;
  }
}

/**
 * The base of stateless entrypoints; one instance per call.
 *
 * Source: https://developers.cloudflare.com/workers/runtime-apis/bindings/service-bindings/rpc/
 */
export class WorkerEntrypoint {
  /** @param {any} ctx @param {any} env */
  constructor(ctx, env) {
    this.ctx = ctx;
    this.env = env;
  }
}

/** The base of workflows, which can be defined here but not run. */
export class WorkflowEntrypoint {
  /** @param {any} ctx @param {any} env */
  constructor(ctx, env) {
    this.ctx = ctx;
    this.env = env;
  }
}

/** The name of the method that makes stored stubs again. */
export const restore = Symbol("cloudflare:workers:restore");

for (const Class of [DurableObject, WorkerEntrypoint, WorkflowEntrypoint]) {
  registerPlatformClass(Class);
  registerReceiverBase(Class);
}
