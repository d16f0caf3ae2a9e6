/**
 * Values of key-value storage as bytes. In programs with the flag `allow_irrevocable_stub_storage` they may hold stubs: those
 * of entrypoints and objects are stored as addresses, those that `ctx.restore()` made as what makes them again (reference
 * 10.11).
 *
 * @module
 */

import { KeptMessage } from "stated:kept-message";
import { IncomingMessage } from "stated:rpc-message";
import { deserialize, deserializeMessage, serialize, serializeForStorage } from "stated:serialize";
import { flag, STORABLE } from "stated:settings";
import { HOST_OBJECT_CLASS, HOST_RESTORED_STUB, HOST_STORED_SERVICE } from "stated:wire-format";

const forStorage = { forStorage: true };

/** Reads what storage may hold, and nothing that only messages do. */
class StoredMessage extends IncomingMessage {
  /** For the reader. */ isStored = true;

  constructor() {
    super([]);
  }

  /** @param {number} tag */
  receiver(tag) {
    const isStub = tag === HOST_STORED_SERVICE || tag === HOST_RESTORED_STUB || tag === HOST_OBJECT_CLASS;
    return isStub ? super.receiver(tag) : undefined;
  }
}

/** @param {unknown} value @returns {Uint8Array} */
export function encodeStored(value) {
  return flag(STORABLE) ? serializeForStorage(value, new KeptMessage("stored")) : serialize(value, forStorage);
}

/** Stubs in the value belong to the running context. @param {Uint8Array} bytes @returns {any} */
export function decodeStored(bytes) {
  return flag(STORABLE) ? deserializeMessage(bytes, new StoredMessage()) : deserialize(bytes);
}
