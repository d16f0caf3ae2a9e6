/**
 * Writes one value in V8's structured-clone wire format.
 *
 * A Writer is reused from value to value, so a small value costs no allocation but its copy. It trusts no object: what an
 * object is comes from the host's `classOf` and from captured built-in getters, and getters of the program that throw or
 * change what is being written lead to an error or a shorter value, never to malformed bytes.
 *
 * Which host objects a value may hold is decided by the caller (serialize.js). Stubs, streams and the like are written only
 * into a message of RPC, in the form that their class has defined.
 *
 * @module
 */

import { ops } from "stated:host";
import { constructorName, dataCloneError, nestedTooDeeply, notCloneable, notSerializable, outOfMemory,
  refusedBy } from "stated:clone-errors";
import { isPlatformPrototype, platformClass, standsFor } from "stated:platform-classes";
import { isSharedBuffer } from "stated:webidl";
import { writeError } from "stated:wire-errors";
import * as wire from "stated:wire-format";

const BYTES_INITIAL = 1024;
/** A buffer that grew beyond this is let go after the value, so that one large value does not pin its size. */
const BYTES_KEPT_MAX = 256 * 1024;
/** Identities up to here are found by looking through an array, which is cheaper than making a Map. */
const FEW_OBJECTS = 8;

const { getOwnPropertyNames, keys: enumerableKeys, getPrototypeOf, hasOwn } = Object;
const objectPrototype = Object.prototype;
/** The language's namespaces: ordinary objects, although the engine has classes of their own for them. */
const namespaces = new Set([Atomics, Intl, JSON, Math, Reflect]);

/** @param {object} prototype @param {PropertyKey} key @returns {(object: object) => any} */
function captureGetter(prototype, key) {
  const getter = /** @type {Function} */ (Object.getOwnPropertyDescriptor(prototype, key)?.get);
  return (object) => Reflect.apply(getter, object, []);
}

/** @param {Function} method @returns {(object: object, ...args: unknown[]) => any} */
function captureMethod(method) {
  return (object, ...args) => Reflect.apply(method, object, args);
}

const typedArrayPrototype = getPrototypeOf(Uint8Array.prototype);
const typedArrayName = captureGetter(typedArrayPrototype, Symbol.toStringTag);
const typedArrayBuffer = captureGetter(typedArrayPrototype, "buffer");
const typedArrayOffset = captureGetter(typedArrayPrototype, "byteOffset");
const typedArrayBytes = captureGetter(typedArrayPrototype, "byteLength");
const dataViewBuffer = captureGetter(DataView.prototype, "buffer");
const dataViewOffset = captureGetter(DataView.prototype, "byteOffset");
const dataViewBytes = captureGetter(DataView.prototype, "byteLength");
// Engines older than the resizable buffers of ES2024 have none to write.
const isResizable = "resizable" in ArrayBuffer.prototype ? captureGetter(ArrayBuffer.prototype, "resizable") : () => false;
const maxBytes = "maxByteLength" in ArrayBuffer.prototype ? captureGetter(ArrayBuffer.prototype, "maxByteLength") : () => 0;
const timeOf = captureMethod(Date.prototype.getTime);
const sourceOf = captureGetter(RegExp.prototype, "source");
const regExpGetters = wire.regExpBits
  .filter(([property]) => property in RegExp.prototype)
  .map(([property, , bit]) => ({ isSet: captureGetter(RegExp.prototype, property), bit }));
const forEachOfMap = captureMethod(Map.prototype.forEach);
const forEachOfSet = captureMethod(Set.prototype.forEach);
const numberOf = captureMethod(Number.prototype.valueOf);
const stringOf = captureMethod(String.prototype.valueOf);
const booleanOf = captureMethod(Boolean.prototype.valueOf);
const bigIntOf = captureMethod(BigInt.prototype.valueOf);

const scratch = new DataView(new ArrayBuffer(8));
const scratchBytes = new Uint8Array(scratch.buffer);

/** Writes values; see the module. */
export class Writer {
  bytes = new Uint8Array(BYTES_INITIAL);
  position = 0;
  /** Whether instances of the program's own classes are written as plain objects; otherwise they are refused. */
  plainInstances = true;
  /** Whether the value is cloned, which refuses functions of any kind before it looks whose they are. */
  cloning = false;
  /** Whether the stack of an error is written. */
  errorStacks = true;
  /** @type {Map<object, number> | null} array buffers that are transferred, by their position in the list */
  transferred = null;

  /** @type {any} the message of RPC that is written, which takes what the value refers to */
  message = null;

  #depth = 0;
  #nextId = 0;
  /** @type {(object | null)[]} the first objects, by id */
  #few = new Array(FEW_OBJECTS).fill(null);
  /** @type {Map<object, number> | null} all objects, once there are more than a few */
  #ids = null;

  constructor() {
    this.#begin();
  }

  /** Writes the header. */
  #begin() {
    this.bytes[0] = wire.TAG_VERSION;
    this.bytes[1] = wire.VERSION;
    this.position = 2;
  }

  /** A copy of what was written. */
  finish() {
    return this.bytes.slice(0, this.position);
  }

  /** Drops what the last value left behind and gets ready for the next. */
  reset() {
    this.#few.fill(null, 0, Math.min(this.#nextId, FEW_OBJECTS));
    this.#ids = null;
    this.#depth = 0;
    this.#nextId = 0;
    this.transferred = null;
    this.message = null;
    this.cloning = false;
    if (this.bytes.length > BYTES_KEPT_MAX) this.bytes = new Uint8Array(BYTES_INITIAL);
    this.#begin();
  }

  /** @param {unknown} value */
  writeValue(value) {
    switch (typeof value) {
      case "string":
        this.writeString(value);
        return;
      case "number":
        this.writeNumber(value);
        return;
      case "boolean":
        this.writeTag(value ? wire.TAG_TRUE : wire.TAG_FALSE);
        return;
      case "undefined":
        this.writeTag(wire.TAG_UNDEFINED);
        return;
      case "bigint":
        this.writeTag(wire.TAG_BIGINT);
        this.#writeBigIntDigits(value);
        return;
      case "object":
        if (value === null) this.writeTag(wire.TAG_NULL);
        else this.writeObject(value);
        return;
      case "function":
        this.#writeFunction(value);
        return;
      default:
        throw notCloneable(value);
    }
  }

  /** @param {number} tag */
  writeTag(tag) {
    if (this.position === this.bytes.length) this.#grow(1);
    this.bytes[this.position++] = tag;
  }

  /** @param {number} value 0 to 2^32-1 */
  writeVarint(value) {
    if (this.position + 5 > this.bytes.length) this.#grow(5);
    while (value > 0x7f) {
      this.bytes[this.position++] = (value & 0x7f) | 0x80;
      value >>>= 7;
    }
    this.bytes[this.position++] = value;
  }

  /** @param {number} value */
  writeNumber(value) {
    if ((value | 0) === value && (value !== 0 || 1 / value > 0)) {
      this.writeTag(wire.TAG_INT32);
      this.writeVarint(((value << 1) ^ (value >> 31)) >>> 0);
      return;
    }
    this.writeTag(wire.TAG_DOUBLE);
    this.#writeDouble(value);
  }

  /** @param {string} text */
  writeString(text) {
    const { length } = text;
    const start = this.position;
    if (start + length + 6 > this.bytes.length) this.#grow(length + 6);
    const { bytes } = this;
    bytes[start] = wire.TAG_ONE_BYTE_STRING;
    let at = start + 2;
    if (length < 0x80) {
      bytes[start + 1] = length;
    } else {
      this.position = start + 1;
      this.writeVarint(length);
      at = this.position;
    }
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0xff) {
        this.position = start;
        this.#writeTwoByteString(text);
        return;
      }
      bytes[at++] = unit;
    }
    this.position = at;
  }

  /**
   * A UTF-8 string after its length, as Workers' own objects carry them.
   *
   * @param {string} text
   */
  writeUtf8(text) {
    const encoded = ops.utf8Encode(text);
    this.writeVarint(encoded.length);
    this.writeBytes(encoded);
  }

  /** @param {Uint8Array} source */
  writeBytes(source) {
    if (this.position + source.length > this.bytes.length) this.#grow(source.length);
    this.bytes.set(source, this.position);
    this.position += source.length;
  }

  /** @param {object} object */
  writeObject(object) {
    // A view comes after its buffer, which has an identity of its own.
    if (ArrayBuffer.isView(object)) {
      this.#writeView(object);
      return;
    }
    const kind = ops.classOf(object);
    if (kind === "Proxy") {
      this.#writeProxy(object);
      return;
    }
    const id = this.#identify(object);
    if (id >= 0) {
      this.#writeReference(id);
      return;
    }
    if (this.#depth === wire.DEPTH_MAX) throw nestedTooDeeply();
    this.#depth++;
    // Two calls per level for what nests deeply: the stack is as limited as DEPTH_MAX.
    if (kind === "Object") {
      const pass = getPrototypeOf(object) === objectPrototype ? undefined : this.#passingOf(object);
      if (pass === undefined) {
        this.#writePlain(object);
      } else {
        this.writeTag(wire.TAG_HOST_OBJECT);
        pass(this, this.message, object);
      }
    } else if (kind === "Array") {
      this.#writeArray(/** @type {any[]} */ (object));
    } else {
      this.#writeByClass(object, kind);
    }
    this.#depth--;
  }

  /**
   * @param {any} object
   * @param {string} kind what `classOf` said
   */
  #writeByClass(object, kind) {
    switch (kind) {
      case "Date":
        this.writeTag(wire.TAG_DATE);
        this.#writeDouble(timeOf(object));
        return;
      case "Map":
        this.#writeMap(object);
        return;
      case "Set":
        this.#writeSet(object);
        return;
      case "RegExp":
        this.#writeRegExp(object);
        return;
      case "Error":
        writeError(this, object);
        return;
      case "ArrayBuffer":
        this.#writeArrayBuffer(object);
        return;
      case "SharedArrayBuffer":
        // Within the realm memory is shared by passing the buffer itself on.
        if (!this.cloning || this.transferred === null) throw notCloneable(object);
        if (!this.transferred.has(object)) this.transferred.set(object, this.transferred.size);
        this.#writeArrayBuffer(object);
        return;
      case "Number":
        this.writeTag(wire.TAG_NUMBER_OBJECT);
        this.#writeDouble(numberOf(object));
        return;
      case "String":
        this.writeTag(wire.TAG_STRING_OBJECT);
        this.writeString(stringOf(object));
        return;
      case "Boolean":
        this.writeTag(booleanOf(object) ? wire.TAG_TRUE_OBJECT : wire.TAG_FALSE_OBJECT);
        return;
      case "BigInt":
        this.writeTag(wire.TAG_BIGINT_OBJECT);
        this.#writeBigIntDigits(bigIntOf(object));
        return;
      case "Arguments":
        throw dataCloneError("#<Object> could not be cloned.");
      default:
        if (!namespaces.has(object)) throw notCloneable(object);
        this.#writePlain(object);
    }
  }

  /** @param {any} object */
  #writePlain(object) {
    this.writeTag(wire.TAG_OBJECT);
    const count = this.#writeEntries(object, enumerableKeys(object));
    this.writeTag(wire.TAG_OBJECT_END);
    this.writeVarint(count);
  }

  /**
   * How an instance is passed, or undefined when it is written as if it were a plain object. Throws when it is neither.
   *
   * @param {object} object
   */
  #passingOf(object) {
    const platform = platformClass(getPrototypeOf(object));
    if (platform !== undefined) return this.#passing(platform, object);
    if (!this.plainInstances) throw notSerializable(constructorName(object));
    return undefined;
  }

  /** @param {import("stated:platform-classes").PlatformClass} platform @param {object} object */
  #passing(platform, object) {
    const { message } = this;
    if (platform.keep !== undefined && this.plainInstances && (message === null || message.use === "stored")) {
      const { keep } = platform;
      return (/** @type {Writer} */ writer, /** @type {any} */ _message, /** @type {any} */ value) => keep(writer, value);
    }
    if (message === null || platform.pass === undefined || (message.use === "stored" && platform.isStorable !== true)) {
      const name = isPlatformPrototype(getPrototypeOf(object)) ? platform.name : constructorName(object);
      throw refusedBy(platform, name, !this.plainInstances);
    }
    return platform.pass;
  }

  /** @param {Function} value */
  #writeFunction(value) {
    if (ops.classOf(value) === "Proxy") {
      this.#writeProxy(value);
      return;
    }
    const platform = platformClass(getPrototypeOf(value));
    if (platform !== undefined) {
      this.#writePassed(value, this.#passing(platform, value));
      return;
    }
    if (this.message !== null) this.#writePassed(value, this.message.passFunction);
    else throw notCloneable(value);
  }

  /** @param {object} proxy one of the library's, or the program's */
  #writeProxy(proxy) {
    const handler = /** @type {any} */ (ops.proxyParts(proxy)?.[1]);
    const platform = typeof handler === "object" && handler !== null ? handler[standsFor] : undefined;
    if (platform !== undefined) {
      if (this.cloning) throw dataCloneError(`#<${platform.name}> could not be cloned.`);
      this.#writePassed(proxy, this.#passing(platform, proxy));
      return;
    }
    if (this.message !== null) this.#writePassed(proxy, this.message.passProxy);
    else throw typeof proxy === "function" ? notCloneable(proxy) : dataCloneError("#<Object> could not be cloned.");
  }

  /** @param {object} value @param {import("stated:platform-classes").Passing} pass */
  #writePassed(value, pass) {
    const known = this.#identify(value);
    if (known >= 0) {
      this.#writeReference(known);
      return;
    }
    this.writeTag(wire.TAG_HOST_OBJECT);
    pass(this, this.message, value);
  }

  /**
   * @param {any} object
   * @param {string[]} keys
   * @returns {number} how many were there
   */
  #writeEntries(object, keys) {
    let count = 0;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i];
      const value = object[key];
      // A getter of an earlier property may have deleted this one.
      if (value === undefined && !hasOwn(object, key)) continue;
      const first = key.charCodeAt(0);
      if (first >= 0x30 && first <= 0x39 && isArrayIndex(key)) this.writeNumber(Number(key));
      else this.writeString(key);
      if (typeof value === "object" && value !== null) this.writeObject(value);
      else this.writeValue(value);
      count++;
    }
    return count;
  }

  /** @param {any[]} array */
  #writeArray(array) {
    const { length } = array;
    if (!isDense(array, length)) {
      this.writeTag(wire.TAG_SPARSE_ARRAY);
      this.writeVarint(length);
      const count = this.#writeEntries(array, enumerableKeys(array));
      this.writeTag(wire.TAG_SPARSE_ARRAY_END);
      this.writeVarint(count);
      this.writeVarint(length);
      return;
    }
    this.writeTag(wire.TAG_DENSE_ARRAY);
    this.writeVarint(length);
    for (let i = 0; i < length; i++) {
      const value = array[i];
      if (typeof value === "object" && value !== null) this.writeObject(value);
      else if (value === undefined && !hasOwn(array, i)) this.writeTag(wire.TAG_HOLE);
      else this.writeValue(value);
    }
    this.writeTag(wire.TAG_DENSE_ARRAY_END);
    this.writeVarint(0);
    this.writeVarint(length);
  }

  /** @param {Map<unknown, unknown>} map */
  #writeMap(map) {
    // Copied before the first item is written: a getter inside may change the map.
    /** @type {unknown[]} */
    const items = [];
    forEachOfMap(map, (/** @type {unknown} */ value, /** @type {unknown} */ key) => {
      items.push(key, value);
    });
    this.writeTag(wire.TAG_MAP);
    for (let i = 0; i < items.length; i++) this.writeValue(items[i]);
    this.writeTag(wire.TAG_MAP_END);
    this.writeVarint(items.length);
  }

  /** @param {Set<unknown>} set */
  #writeSet(set) {
    /** @type {unknown[]} */
    const items = [];
    forEachOfSet(set, (/** @type {unknown} */ value) => {
      items.push(value);
    });
    this.writeTag(wire.TAG_SET);
    for (let i = 0; i < items.length; i++) this.writeValue(items[i]);
    this.writeTag(wire.TAG_SET_END);
    this.writeVarint(items.length);
  }

  /** @param {RegExp} regExp */
  #writeRegExp(regExp) {
    let flags = 0;
    for (const { isSet, bit } of regExpGetters) if (isSet(regExp)) flags |= bit;
    this.writeTag(wire.TAG_REGEXP);
    this.writeString(sourceOf(regExp));
    this.writeVarint(flags);
  }

  /** @param {ArrayBuffer} buffer */
  #writeArrayBuffer(buffer) {
    const index = this.transferred?.get(buffer);
    if (index !== undefined) {
      this.writeTag(wire.TAG_ARRAY_BUFFER_TRANSFER);
      this.writeVarint(index);
      return;
    }
    const contents = viewOfBuffer(buffer);
    if (isResizable(buffer)) {
      this.writeTag(wire.TAG_RESIZABLE_ARRAY_BUFFER);
      this.writeVarint(contents.length);
      this.writeVarint(maxBytes(buffer));
    } else {
      this.writeTag(wire.TAG_ARRAY_BUFFER);
      this.writeVarint(contents.length);
    }
    this.writeBytes(contents);
  }

  /** @param {ArrayBufferView} view */
  #writeView(view) {
    const known = this.#find(view);
    if (known >= 0) {
      this.#writeReference(known);
      return;
    }
    const name = typedArrayName(view) ?? "DataView";
    const isDataView = name === "DataView";
    const buffer = isDataView ? dataViewBuffer(view) : typedArrayBuffer(view);
    const shape = isDataView ? dataViewShape(view) : [typedArrayOffset(view), typedArrayBytes(view)];
    this.writeObject(buffer);
    this.#identify(view);
    this.writeTag(wire.TAG_VIEW);
    this.writeTag(wire.viewTags[name]);
    this.writeVarint(shape[0]);
    this.writeVarint(shape[1]);
    const canResize = !isSharedBuffer(buffer) && isResizable(buffer);
    this.writeVarint(canResize ? wire.VIEW_RESIZABLE | (tracksLength(view, buffer) ? wire.VIEW_LENGTH_TRACKING : 0) : 0);
  }

  /** @param {number} id */
  #writeReference(id) {
    this.writeTag(wire.TAG_REFERENCE);
    this.writeVarint(id);
  }

  /** @param {number} value */
  #writeDouble(value) {
    if (this.position + 8 > this.bytes.length) this.#grow(8);
    scratch.setFloat64(0, value, true);
    const { bytes } = this;
    const at = this.position;
    for (let i = 0; i < 8; i++) bytes[at + i] = scratchBytes[i];
    this.position = at + 8;
  }

  /** @param {bigint} value */
  #writeBigIntDigits(value) {
    const negative = value < 0n;
    const magnitude = negative ? -value : value;
    const hex = magnitude === 0n ? "" : magnitude.toString(16);
    const digits = Math.ceil(hex.length / 16);
    this.writeVarint((negative ? 1 : 0) + digits * 16);
    // Digits of 64 bits, the lowest first.
    for (let end = hex.length; end > 0; end -= 16) {
      scratch.setBigUint64(0, BigInt(`0x${hex.slice(Math.max(end - 16, 0), end)}`), true);
      this.writeBytes(scratchBytes);
    }
  }

  /** @param {string} text */
  #writeTwoByteString(text) {
    const { length } = text;
    const byteLength = length * 2;
    if (this.position + byteLength + 7 > this.bytes.length) this.#grow(byteLength + 7);
    // V8 reads the units in place, so they must lie at an even offset.
    if (((this.position + 1 + varintBytes(byteLength)) & 1) === 1) this.bytes[this.position++] = wire.TAG_PADDING;
    this.bytes[this.position++] = wire.TAG_TWO_BYTE_STRING;
    this.writeVarint(byteLength);
    const { bytes } = this;
    let at = this.position;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      bytes[at++] = unit & 0xff;
      bytes[at++] = unit >> 8;
    }
    this.position = at;
  }

  /** The id of an object met before; -1 for a new one, which gets the next id. @param {object} object */
  #identify(object) {
    const known = this.#find(object);
    if (known >= 0) return known;
    const id = this.#nextId++;
    if (this.#ids !== null) {
      this.#ids.set(object, id);
    } else if (id < FEW_OBJECTS) {
      this.#few[id] = object;
    } else {
      this.#ids = new Map();
      for (let i = 0; i < FEW_OBJECTS; i++) this.#ids.set(/** @type {object} */ (this.#few[i]), i);
      this.#ids.set(object, id);
    }
    return -1;
  }

  /** @param {object} object */
  #find(object) {
    if (this.#ids !== null) return this.#ids.get(object) ?? -1;
    const few = this.#few;
    for (let i = 0; i < few.length; i++) if (few[i] === object) return i;
    return -1;
  }

  /** @param {number} more */
  #grow(more) {
    let grown;
    try {
      grown = new Uint8Array(Math.max(this.bytes.length * 2, this.position + more));
    } catch {
      throw outOfMemory();
    }
    grown.set(this.bytes.subarray(0, this.position));
    this.bytes = grown;
  }
}

/** @param {number} value */
function varintBytes(value) {
  let count = 1;
  for (; value > 0x7f; value >>>= 7) count++;
  return count;
}

/**
 * Whether an array has neither holes nor other properties. Indices come first among the names and "length" is among them,
 * so it suffices to count and to look at one.
 *
 * @param {any[]} array
 * @param {number} length
 */
function isDense(array, length) {
  // Several times faster than the keys in SpiderMonkey; and that non-enumerable elements count is V8's way, too.
  const names = getOwnPropertyNames(array);
  return names.length === length + 1 && (length === 0 || names[length - 1] === `${length - 1}`);
}

/** Whether a property name that begins with a digit is an array index; V8 writes those as numbers. @param {string} key */
function isArrayIndex(key) {
  if (key.length > 10) return false;
  const index = Number(key);
  return index < 4294967295 && `${index >>> 0}` === key;
}

/** @param {ArrayBuffer} buffer */
function viewOfBuffer(buffer) {
  try {
    return new Uint8Array(buffer);
  } catch {
    throw dataCloneError("An ArrayBuffer is detached and could not be cloned.");
  }
}

/** @param {ArrayBufferView} view @returns {[number, number]} */
function dataViewShape(view) {
  try {
    return [dataViewOffset(view), dataViewBytes(view)];
  } catch {
    throw dataCloneError("An ArrayBuffer is detached and could not be cloned.");
  }
}

/**
 * Whether a view follows the length of its resizable buffer. No property tells; a view that reaches the end of a buffer
 * which can still grow is asked by growing it for a moment. One at its maximum counts as not following.
 *
 * @param {ArrayBufferView} view
 * @param {any} buffer
 */
function tracksLength(view, buffer) {
  const { byteLength } = buffer;
  const step = /** @type {any} */ (view).BYTES_PER_ELEMENT ?? 1;
  if (byteLength + step > maxBytes(buffer)) return false;
  const before = view.byteLength;
  buffer.resize(byteLength + step);
  const follows = view.byteLength !== before;
  buffer.resize(byteLength);
  return follows;
}
