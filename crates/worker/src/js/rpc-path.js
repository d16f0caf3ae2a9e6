/**
 * Which members of a value can be reached over RPC, and how a path of names is followed (reference 10.2, 10.3).
 *
 * Used where the value lives, at the callee of a call, and on results that a pipelined path goes on from.
 *
 * @module
 */

import { ops } from "stated:host";
import { channelOf } from "stated:rpc-channel";
import { RpcTarget } from "stated:rpc-target";

/** Names that no receiver gives out. */
const reservedAnywhere = new Set(["constructor", "dup"]);
/** Names that entrypoints and objects keep for the platform. */
const reservedAtEntrypoints = new Set([...reservedAnywhere, "fetch", "connect", "alarm", "webSocketMessage", "webSocketClose",
  "webSocketError"]);

/** @type {Set<object>} the prototypes at which the search for members of an instance ends */
const bases = new Set([RpcTarget.prototype]);

/**
 * Makes a class one whose derived classes' members can be called; its own cannot.
 *
 * @param {Function} Class
 */
export function registerReceiverBase(Class) {
  bases.add(Class.prototype);
}

/**
 * How names are looked up on a receiver: "entrypoint" is the instance of an entrypoint or object class, "handlers" a plain
 * object that is an entrypoint, "value" anything else.
 *
 * @typedef {"entrypoint" | "handlers" | "value"} ReceiverKind
 */

/**
 * Follows a path and returns the value at its end with the object that holds it.
 *
 * Throws the TypeErrors of reference 10.3, and what a getter throws.
 *
 * @param {any} receiver
 * @param {ReceiverKind} kind
 * @param {readonly string[]} path
 * @returns {{ value: any, holder: any }}
 */
export function followPath(receiver, kind, path) {
  const reserved = kind === "value" ? reservedAnywhere : reservedAtEntrypoints;
  let value = receiver;
  let holder;
  for (let i = 0; i < path.length; i++) {
    const name = path[i];
    if (reserved.has(name)) throw new TypeError(`'${name}' is a reserved method and cannot be called over RPC.`);
    // The path goes on where the stub leads.
    if (channelOf(value) !== undefined) return { value: path.slice(i).reduce((at, rest) => at[rest], value), holder: undefined };
    holder = value;
    value = memberOf(value, path, i);
  }
  return { value, holder };
}

/**
 * The member that a path's name leads to.
 *
 * @param {any} value
 * @param {readonly string[]} path
 * @param {number} at the name's position
 * @returns {any}
 */
export function memberOf(value, path, at) {
  const name = path[at];
  if (reservedAnywhere.has(name)) throw new TypeError(`'${name}' is a reserved method and cannot be called over RPC.`);
  const found = member(value, name);
  // What has no members itself is as good as absent for a path that goes on.
  if (at + 1 < path.length && !hasMembers(found)) throw noSuchMember(name);
  return found;
}

/** Whether a path can go on from a value. @param {any} value */
function hasMembers(value) {
  if (typeof value === "function" || channelOf(value) !== undefined) return true;
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || isInstance(prototype);
}

/** @param {any} value @param {string} name @returns {any} */
function member(value, name) {
  if (!hasMembers(value)) throw noSuchMember(name);
  const prototype = Object.getPrototypeOf(value);
  if (typeof value === "function" || prototype === Object.prototype) {
    if (!Object.hasOwn(value, name)) throw noSuchMember(name);
    return value[name];
  }
  // Own fields of an instance are its private state, whatever the class defines under the same name.
  if (Object.hasOwn(value, name)) throw noSuchMember(name);
  for (let at = prototype; !bases.has(at); at = Object.getPrototypeOf(at)) {
    if (!Object.hasOwn(at, name)) continue;
    const found = Reflect.get(at, name, value);
    // To Workers, a member that is undefined is none.
    if (found === undefined) break;
    return found;
  }
  throw noSuchMember(name);
}

/** @param {object | null} prototype */
function isInstance(prototype) {
  for (let at = prototype; at !== null; at = Object.getPrototypeOf(at)) if (bases.has(at)) return true;
  return false;
}

/**
 * Whether a value can stand behind a stub.
 *
 * @param {unknown} value
 */
export function isReceiver(value) {
  if (typeof value === "function") return true;
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype ? ops.classOf(value) === "Object" || ops.classOf(value) === "Proxy" : isInstance(prototype);
}

/** @param {string} name */
function noSuchMember(name) {
  return new TypeError(`The RPC receiver does not implement the method "${name}".`);
}

/** @param {readonly string[]} path */
export function notAFunction(path) {
  return new TypeError(`"${path.length === 0 ? "(this)" : path.join(".")}" is not a function.`);
}
