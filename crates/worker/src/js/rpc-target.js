/**
 * RpcTarget: the class whose instances are passed over RPC by reference. A module of its own so that serialization can
 * know it without knowing RPC.
 *
 * @module
 */

import { registerPlatformClass } from "stated:platform-classes";

/**
 * The base of classes whose instances become stubs when they are passed over RPC.
 *
 * Source: https://developers.cloudflare.com/workers/runtime-apis/rpc/
 */
export class RpcTarget {}

registerPlatformClass(RpcTarget, { outsideRpc: "Remote RPC references can only be serialized for RPC." });
