/**
 * Classes of Durable Objects as values: what a facet is started with (reference 2.8).
 *
 * They come from `ctx.exports`, from the same with props of one's own, or from a dynamic worker. Those with props of their own
 * may be sent: in messages of RPC, and in the props of others.
 *
 * @module
 */

import { dataCloneError } from "stated:clone-errors";
import { decodeOwnKept, encodeKept } from "stated:kept-message";
import { registerPlatformClass } from "stated:platform-classes";
import { defineReceiving } from "stated:rpc-message";
import { serviceName } from "stated:settings";
import { badArgument, badField, defineInterface, illegalConstructor, internal } from "stated:webidl";
import { HOST_OBJECT_CLASS } from "stated:wire-format";

/** @typedef {import("stated:host").WireMessage} WireMessage */

/**
 * What a class is to the host.
 *
 * @typedef {object} ClassCode
 * @property {() => number | Promise<number>} program the number of the dynamic worker that has it; 0 is this very program
 * @property {string} className
 * @property {WireMessage | undefined} props
 */

/** @type {WeakMap<object, ClassCode>} those of classes that are functions */
const loopBacks = new WeakMap();

/** @type {(value: any) => ClassCode | undefined} */
let codeOfObject;

/** A class that facets can be started with. */
export class DurableObjectClass {
  /** @type {ClassCode} */ #code;

  static {
    codeOfObject = (value) => (#code in value ? value.#code : undefined);
  }

  /** @param {symbol} key @param {ClassCode} code */
  constructor(key, code) {
    if (key !== internal) throw illegalConstructor();
    this.#code = code;
  }
}

defineInterface(DurableObjectClass);
registerPlatformClass(DurableObjectClass, {
  outsideRpc: "DurableObjectClass cannot be serialized in this context.",
  pass: passClass,
  isStorable: true,
});

/**
 * A class goes to others by its name. The props are read and written anew, so that what they refer to goes along.
 *
 * @param {import("stated:wire-writer").Writer} writer
 * @param {import("stated:rpc-message").OutgoingMessage} _message
 * @param {any} value
 */
function passClass(writer, _message, value) {
  const { program, className, props } = /** @type {ClassCode} */ (codeOfObject(value));
  if (program !== ownProgram || serviceName() === "") {
    throw dataCloneError("Classes of dynamically-loaded workers cannot be transferred to other Workers, because the system does "
      + "not know how to reload this Worker from scratch.");
  }
  writer.writeVarint(HOST_OBJECT_CLASS);
  writer.writeString(serviceName());
  writer.writeString(className);
  writer.writeValue(props === undefined ? undefined : decodeOwnKept(props));
}

defineReceiving(HOST_OBJECT_CLASS, (reader) => {
  const service = reader.readString();
  const className = reader.readString();
  const props = encodeProps(reader.readValue(), "Options");
  const program = service === serviceName() ? ownProgram : () => Promise.reject(new Error(foreignClass(className, service)));
  return new DurableObjectClass(internal, { program, className, props });
});

/** @param {string} className @param {string} service */
function foreignClass(className, service) {
  return `The Durable Object class ${className} belongs to the Worker ${service}, and facets can only be of classes of their own Worker.`;
}

/** The class of `ctx.exports.Name` for a Durable Object class without a namespace. */
class LoopbackDurableObjectClass extends DurableObjectClass {}

defineInterface(LoopbackDurableObjectClass);
registerPlatformClass(LoopbackDurableObjectClass);

const ownProgram = () => 0;

/**
 * What a value is as a class; undefined for anything that is none.
 *
 * @param {unknown} value
 * @returns {ClassCode | undefined}
 */
export function codeOfClass(value) {
  if (typeof value === "function") return loopBacks.get(value);
  return typeof value === "object" && value !== null ? codeOfObject(value) : undefined;
}

/**
 * Makes one of the program's own classes: a function that makes the same class with props.
 *
 * @param {string} className
 * @returns {any}
 */
export function loopBackClass(className) {
  return callableClass(className, "LoopbackDurableObjectClass", LoopbackDurableObjectClass.prototype);
}

/**
 * A function that is a class of the program, and makes the same class with props when it is called.
 *
 * @param {string} className
 * @param {string} shown the name of what it is in error messages
 * @param {object} prototype
 * @returns {any}
 */
export function callableClass(className, shown, prototype) {
  /** @param {any} [options] */
  const callable = function (options = undefined) {
    const props = propsOf(options, shown);
    return new DurableObjectClass(internal, { program: ownProgram, className, props });
  };
  for (const name of ["name", "length", "prototype"]) Reflect.deleteProperty(callable, name);
  Object.setPrototypeOf(callable, prototype);
  loopBacks.set(callable, { program: ownProgram, className, props: undefined });
  return callable;
}

/**
 * The `props` of the options with which a member of `ctx.exports` is called.
 *
 * @param {any} options
 * @param {string} shown the name of what is called in error messages
 * @returns {WireMessage | undefined}
 */
export function propsOf(options, shown) {
  if (options === null) return undefined;
  if (typeof options !== "object" && typeof options !== "function") {
    throw badArgument(shown, "(called as function)", 1, "Options");
  }
  return encodeProps(options.props, "Options");
}

/** @param {unknown} props @param {string} dictionary @returns {WireMessage | undefined} */
export function encodeProps(props, dictionary) {
  if (props === undefined) return undefined;
  if ((typeof props !== "object" && typeof props !== "function") || props === null) throw badField("props", dictionary, "Object");
  return encodeKept(props);
}
