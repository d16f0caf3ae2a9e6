/**
 * Values that are serialized once and read as often as needed: `ctx.props`, and the `env` of dynamic workers.
 *
 * They may refer to services and objects. What lives in a context (functions, targets, streams) ends with it, so it has no
 * place in them.
 *
 * @module
 */

import { dataCloneError, notCloneable } from "stated:clone-errors";
import { ops } from "stated:host";
import { IncomingMessage, OutgoingMessage, SERVICE } from "stated:rpc-message";
import { deserializeMessage, serializeMessage } from "stated:serialize";

/** @typedef {import("stated:host").WireMessage} WireMessage */

/** The writing of a value in which functions and the program's Proxies have no place. */
export class KeptMessage extends OutgoingMessage {
  /** @param {"kept" | "stored"} [use] */
  constructor(use = "kept") {
    super(use);
  }

  get passFunction() {
    return refuse;
  }

  get passProxy() {
    return refuse;
  }
}

/** @param {unknown} _writer @param {unknown} _message @param {any} value @returns {never} */
function refuse(_writer, _message, value) {
  throw typeof value === "function" ? notCloneable(value) : dataCloneError("#<Object> could not be cloned.");
}

/** Gives up what a kept value refers to once nobody can read it any more. */
const forgotten = new FinalizationRegistry((/** @type {readonly number[]} */ capabilities) => {
  for (const capability of capabilities) ops.capabilityDrop(capability);
});

/**
 * Serializes a value that is kept. What it refers to belongs to the running context.
 *
 * @param {unknown} value
 * @returns {WireMessage}
 */
export function encodeKept(value) {
  const message = new KeptMessage();
  const bytes = serializeMessage(value, message, () => {});
  /** @type {WireMessage} */
  const kept = [bytes, message.capabilities()];
  if (kept[1].length > 0) forgotten.register(kept, kept[1]);
  return kept;
}

/** Reads a kept value as the host hands it to a context. @param {WireMessage} kept @returns {any} */
export function decodeKept([bytes, capabilities]) {
  return deserializeMessage(bytes, new IncomingMessage(capabilities));
}

/** Reads a kept value again where it was made. @param {WireMessage} kept @returns {any} */
export function decodeOwnKept([bytes, capabilities]) {
  return deserializeMessage(bytes, new IncomingMessage(capabilities.flatMap((capability) => [SERVICE, capability])));
}

/** What a program finds in `ctx.props`. @param {import("stated:host").WireProps} props */
export function decodeProps(props) {
  if (props === undefined) return {};
  return typeof props === "string" ? JSON.parse(props) : decodeKept(props);
}
