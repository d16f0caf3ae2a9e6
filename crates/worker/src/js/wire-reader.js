/**
 * Reads one value in V8's structured-clone wire format.
 *
 * The bytes may be anything: every length is checked against what is left before memory is taken for it, nesting is
 * limited, and what makes no sense throws `Error: Unable to deserialize cloned data.`
 *
 * @module
 */

import { ops } from "stated:host";
import { DOMException } from "stated:dom-exception";
import { malformed, unsupportedVersion } from "stated:clone-errors";
import { readErrorNatively, readErrorWithProperties } from "stated:wire-errors";
import * as wire from "stated:wire-format";

/** `String.fromCharCode` takes its units as arguments, and an engine allows only so many. */
const CHUNK = 4096;
/** Strings up to this long are made from an array that is kept for their length: a view would cost more than the string. */
const SHORT = 64;
/** Property names up to this long are looked up in the table of names before a string is made. */
const NAME_LENGTH_MAX = 32;
const NAMES = 512;
/** What the buffers of a value may reserve together to grow into: this part of the heap's limit. Engines take it at once. */
const RESIZABLE_SHARE = 1 / 8;
/** The engine's integers end here. */
const BIGINT_BYTES_MAX = 2 ** 17;

/** @type {string[]} */
const names = new Array(NAMES).fill("");
/** @type {number[][]} by length */
const shortUnits = Array.from({ length: SHORT + 1 }, (_, length) => new Array(length).fill(0));
const scratch = new DataView(new ArrayBuffer(8));
const scratchBytes = new Uint8Array(scratch.buffer);
const nothing = new Uint8Array();

const viewClasses = new Map(Object.entries(wire.viewTags).flatMap(([name, tag]) => {
  const Class = /** @type {any} */ (globalThis)[name];
  return Class === undefined ? [] : [[tag, Class]];
}));
const REGEXP_BITS = wire.regExpBits.reduce((all, [, , bit]) => all | bit, 0);

/** @type {Map<number, (reader: Reader) => any>} */
const kept = new Map();

/**
 * Says how an object of the platform is read that storage or a clone holds.
 *
 * @param {number} tag
 * @param {(reader: Reader) => any} read
 */
export function defineKept(tag, read) {
  kept.set(tag, read);
}

/** Reads values; see the module. Reused from value to value, like a Writer. */
export class Reader {
  /** @type {Uint8Array} */ #bytes = nothing;
  #position = 0;
  #end = 0;
  #version = wire.VERSION_MIN;
  #depth = 0;
  /** @type {number | undefined} what the resizable buffers of the value may still reserve; undefined before the first */
  #reservable = undefined;
  /** @type {unknown[]} objects by id; undefined while one is being made */ #objects = [];
  /** @type {any} the message of RPC that is read, with what the value refers to */ message = null;
  /** @type {readonly ArrayBuffer[] | undefined} what TAG_ARRAY_BUFFER_TRANSFER refers to */ #transferred = undefined;

  /**
   * Begins with bytes and reads the header, if there is one.
   *
   * @param {Uint8Array} bytes
   * @param {readonly ArrayBuffer[]} [transferred] for a clone within the realm, whose bytes are known to be good
   */
  begin(bytes, transferred = undefined) {
    this.#bytes = bytes;
    this.#end = bytes.length;
    this.#position = 0;
    this.#depth = 0;
    this.#reservable = transferred === undefined ? undefined : Infinity;
    this.#transferred = transferred;
    this.#version = wire.VERSION_MIN;
    if (bytes.length === 0 || bytes[0] !== wire.TAG_VERSION) return;
    this.#position = 1;
    this.#version = this.readVarint();
    if (this.#version < wire.VERSION_MIN || this.#version > wire.VERSION) throw unsupportedVersion();
  }

  /** Lets go of the bytes and of the objects. */
  reset() {
    this.#bytes = nothing;
    this.#transferred = undefined;
    this.message = null;
    if (this.#objects.length > 0) this.#objects = [];
  }

  /** @returns {any} */
  readValue() {
    const tag = this.#readTag();
    switch (tag) {
      case wire.TAG_ONE_BYTE_STRING:
        return this.#readOneByteString(this.readVarint());
      case wire.TAG_INT32:
        return this.#readInt32();
      case wire.TAG_OBJECT:
        return this.#readEntries(this.#known({}), wire.TAG_OBJECT_END);
      case wire.TAG_DENSE_ARRAY:
        return this.#readDenseArray();
      case wire.TAG_SPARSE_ARRAY:
        return this.#readSparseArray();
      case wire.TAG_MAP:
      case wire.TAG_SET:
      case wire.TAG_ERROR:
      case wire.TAG_HOST_OBJECT:
        return this.#readContainer(tag);
      case wire.TAG_REFERENCE:
      case wire.TAG_ARRAY_BUFFER:
      case wire.TAG_RESIZABLE_ARRAY_BUFFER:
      case wire.TAG_ARRAY_BUFFER_TRANSFER:
        return this.#readView(this.#readReferenceOrBuffer(tag));
      default:
        return this.#readLeaf(tag);
    }
  }

  /** Whether nothing is left. */
  get atEnd() {
    return this.#position === this.#end;
  }

  /** Bytes after their length: a copy. */
  readBytes() {
    const length = this.readVarint();
    const start = this.#take(length);
    return this.#bytes.slice(start, start + length);
  }

  /** A string with its tag. */
  readString() {
    const value = this.readValue();
    if (typeof value !== "string") throw malformed();
    return value;
  }

  /** @returns {number} 0 to 2^32-1 */
  readVarint() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      if (this.#position === this.#end) throw malformed();
      const byte = this.#bytes[this.#position++];
      // Bits beyond 32 are dropped, as in V8, which also drops or skips further bytes; nobody writes those.
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
      if (shift === 28) throw malformed();
    }
  }

  /** Gives out the next id, for an object that is about to be made. */
  reserve() {
    return this.#objects.push(undefined) - 1;
  }

  /**
   * Makes an object known under its id.
   *
   * @param {number} id
   * @param {unknown} object
   */
  resolve(id, object) {
    this.#objects[id] = object;
  }

  /** @param {number} tag */
  #readContainer(tag) {
    this.#enter();
    const value = this.#readContents(tag);
    this.#depth--;
    return value;
  }

  #enter() {
    if (this.#depth === wire.DEPTH_MAX) throw malformed();
    this.#depth++;
  }

  /** @param {number} tag */
  #readContents(tag) {
    switch (tag) {
      case wire.TAG_MAP:
        return this.#readMap();
      case wire.TAG_SET:
        return this.#readSet();
      case wire.TAG_ERROR:
        return readErrorNatively(this);
      default:
        return this.#readHostObject();
    }
  }

  /** @param {number} tag */
  #readLeaf(tag) {
    switch (tag) {
      case wire.TAG_UNDEFINED:
        return undefined;
      case wire.TAG_NULL:
        return null;
      case wire.TAG_TRUE:
        return true;
      case wire.TAG_FALSE:
        return false;
      case wire.TAG_DOUBLE:
        return this.#readDouble();
      case wire.TAG_UINT32:
        return this.readVarint();
      case wire.TAG_BIGINT:
        return this.#readBigInt();
      case wire.TAG_TWO_BYTE_STRING:
        return this.#readTwoByteString();
      case wire.TAG_UTF8_STRING:
        return this.readUtf8();
      case wire.TAG_DATE:
        return this.#known(new Date(this.#readDouble()));
      case wire.TAG_TRUE_OBJECT:
        return this.#known(Object(true));
      case wire.TAG_FALSE_OBJECT:
        return this.#known(Object(false));
      case wire.TAG_NUMBER_OBJECT:
        return this.#known(Object(this.#readDouble()));
      case wire.TAG_BIGINT_OBJECT:
        return this.#known(Object(this.#readBigInt()));
      case wire.TAG_STRING_OBJECT:
        return this.#known(Object(this.readString()));
      case wire.TAG_REGEXP:
        return this.#readRegExp();
      default:
        throw malformed();
    }
  }

  /** @returns {number} */
  #readTag() {
    for (;;) {
      if (this.#position === this.#end) throw malformed();
      const tag = this.#bytes[this.#position++];
      if (tag === wire.TAG_PADDING) continue;
      if (tag !== wire.TAG_OBJECT_COUNT) return tag;
      this.readVarint();
    }
  }

  /** The next tag without taking it, -1 at the end. */
  #peekTag() {
    for (let at = this.#position; at < this.#end; at++) {
      const tag = this.#bytes[at];
      if (tag !== wire.TAG_PADDING) {
        this.#position = at;
        return tag;
      }
    }
    return -1;
  }

  /** Takes `length` bytes off the input: where they begin. @param {number} length */
  #take(length) {
    if (length > this.#end - this.#position) throw malformed();
    const start = this.#position;
    this.#position += length;
    return start;
  }

  #readInt32() {
    const value = this.readVarint();
    return (value >>> 1) ^ -(value & 1);
  }

  #readDouble() {
    const start = this.#take(8);
    for (let i = 0; i < 8; i++) scratchBytes[i] = this.#bytes[start + i];
    return scratch.getFloat64(0, true);
  }

  #readBigInt() {
    const word = this.readVarint();
    const length = word >>> 1;
    if (length % 8 !== 0 || length > BIGINT_BYTES_MAX) throw malformed();
    const start = this.#take(length);
    if (length === 0) return 0n;
    const digits = [];
    for (let at = start + length - 1; at >= start; at--) digits.push(this.#bytes[at].toString(16).padStart(2, "0"));
    const magnitude = BigInt(`0x${digits.join("")}`);
    return (word & 1) === 1 ? -magnitude : magnitude;
  }

  /** @param {number} length */
  #readOneByteString(length) {
    const start = this.#take(length);
    if (length === 0) return "";
    if (length <= SHORT) return fromBytes(this.#bytes, start, length);
    if (length <= CHUNK) return fromUnits(this.#bytes.subarray(start, start + length));
    let text = "";
    for (let at = start; at < start + length; at += CHUNK) {
      text += fromUnits(this.#bytes.subarray(at, Math.min(at + CHUNK, start + length)));
    }
    return text;
  }

  #readTwoByteString() {
    const byteLength = this.readVarint();
    if (byteLength % 2 !== 0) throw malformed();
    const start = this.#take(byteLength);
    // The input need not lie at an even address.
    const units = new Uint16Array(byteLength / 2);
    for (let i = 0; i < units.length; i++) units[i] = this.#bytes[start + 2 * i] | (this.#bytes[start + 2 * i + 1] << 8);
    let text = "";
    for (let at = 0; at < units.length; at += CHUNK) text += fromUnits(units.subarray(at, at + CHUNK));
    return text;
  }

  /** A UTF-8 string after its length, as Workers' own objects carry them. */
  readUtf8() {
    const length = this.readVarint();
    const start = this.#take(length);
    return ops.textDecode("utf-8", this.#bytes.subarray(start, start + length), false, true);
  }

  /**
   * A property name. Objects of one shape repeat theirs, so a table of those seen lately saves making the string.
   *
   * @returns {string | number}
   */
  #readName() {
    if (this.#peekTag() !== wire.TAG_ONE_BYTE_STRING) {
      const name = this.readValue();
      if (typeof name !== "string" && typeof name !== "number") throw malformed();
      return name;
    }
    this.#position++;
    const length = this.readVarint();
    if (length > NAME_LENGTH_MAX || length === 0) return this.#readOneByteString(length);
    const start = this.#take(length);
    const bytes = this.#bytes;
    let hash = length;
    for (let i = 0; i < length; i++) hash = (hash * 31 + bytes[start + i]) | 0;
    const slot = hash & (NAMES - 1);
    const candidate = names[slot];
    if (candidate.length === length) {
      let i = 0;
      while (i < length && candidate.charCodeAt(i) === bytes[start + i]) i++;
      if (i === length) return candidate;
    }
    const name = fromBytes(bytes, start, length);
    names[slot] = name;
    return name;
  }

  #readDenseArray() {
    const length = this.readVarint();
    if (length > this.#end - this.#position) throw malformed();
    /** @type {any[]} */
    const array = new Array(length);
    this.#known(array);
    this.#enter();
    for (let i = 0; i < length; i++) {
      if (this.#peekTag() === wire.TAG_HOLE) this.#position++;
      else array[i] = this.readValue();
    }
    this.#depth--;
    this.#readEntries(array, wire.TAG_DENSE_ARRAY_END);
    if (this.readVarint() !== length) throw malformed();
    return array;
  }

  #readSparseArray() {
    const length = this.readVarint();
    /** @type {any[]} */
    const array = [];
    array.length = length;
    this.#known(array);
    this.#readEntries(array, wire.TAG_SPARSE_ARRAY_END);
    if (this.readVarint() !== length) throw malformed();
    return array;
  }

  /**
   * Reads names and values into an object, up to `endTag`, and their number.
   *
   * @param {any} object
   * @param {number} endTag
   */
  #readEntries(object, endTag) {
    this.#enter();
    let count = 0;
    for (; this.#peekTag() !== endTag; count++) {
      const name = this.#readName();
      const value = this.readValue();
      // No serializer writes it, and not every value can be one.
      if (name === "length" && endTag !== wire.TAG_OBJECT_END) throw malformed();
      if (name === "__proto__") Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
      else object[name] = value;
    }
    this.#position++;
    this.#depth--;
    if (this.readVarint() !== count) throw malformed();
    return object;
  }

  #readMap() {
    const map = this.#known(new Map());
    let count = 0;
    for (; this.#peekTag() !== wire.TAG_MAP_END; count += 2) {
      const key = this.readValue();
      map.set(key, this.readValue());
    }
    this.#position++;
    if (this.readVarint() !== count) throw malformed();
    return map;
  }

  #readSet() {
    const set = this.#known(new Set());
    let count = 0;
    for (; this.#peekTag() !== wire.TAG_SET_END; count++) set.add(this.readValue());
    this.#position++;
    if (this.readVarint() !== count) throw malformed();
    return set;
  }

  #readRegExp() {
    const id = this.reserve();
    const source = this.readString();
    const bits = this.readVarint();
    if ((bits & ~REGEXP_BITS) !== 0) throw malformed();
    let flags = "";
    for (const [, letter, bit] of wire.regExpBits) if ((bits & bit) !== 0) flags += letter;
    let regExp;
    try {
      regExp = new RegExp(source, flags);
    } catch {
      throw malformed();
    }
    this.resolve(id, regExp);
    return regExp;
  }

  #readHostObject() {
    const tag = this.readVarint();
    switch (tag) {
      case wire.HOST_DOM_EXCEPTION: {
        const name = this.readUtf8();
        const exception = new DOMException(this.readUtf8(), name);
        const stack = this.readUtf8();
        if (stack !== "") Object.defineProperty(exception, "stack", { value: stack, writable: true, configurable: true });
        return this.#known(exception);
      }
      case wire.HOST_ERROR:
        return readErrorWithProperties(this);
      default:
        return this.#readPassed(tag);
    }
  }

  /** What is not just data: of messages of RPC, or kept. @param {number} tag */
  #readPassed(tag) {
    const receive = (this.message === null || this.message.isStored === true ? kept.get(tag) : undefined)
      ?? this.message?.receiver(tag);
    if (receive === undefined) throw malformed();
    const id = this.reserve();
    try {
      const value = receive(this, this.message);
      this.resolve(id, value);
      return value;
    } catch (error) {
      // No object of the class can be made of it.
      throw error instanceof TypeError || error instanceof RangeError || error instanceof DOMException ? malformed() : error;
    }
  }

  /** @param {number} tag */
  #readReferenceOrBuffer(tag) {
    switch (tag) {
      case wire.TAG_REFERENCE: {
        const object = this.#objects[this.readVarint()];
        if (object === undefined) throw malformed();
        return object;
      }
      case wire.TAG_ARRAY_BUFFER: {
        const length = this.readVarint();
        const start = this.#take(length);
        return this.#known(this.#bytes.slice(start, start + length).buffer);
      }
      case wire.TAG_RESIZABLE_ARRAY_BUFFER:
        return this.#readResizableBuffer();
      default: {
        const buffer = this.#transferred?.[this.readVarint()];
        if (buffer === undefined) throw malformed();
        return this.#known(buffer);
      }
    }
  }

  /**
   * A buffer with a lower maximum where that would take too much memory: a few bytes may claim gigabytes.
   *
   * Differs: in V8 a maximum costs only addresses, so a buffer keeps whatever it has.
   */
  #readResizableBuffer() {
    const length = this.readVarint();
    const claimed = this.readVarint();
    if (length > claimed) throw malformed();
    const start = this.#take(length);
    const reservable = this.#reservable ?? ops.heapBytesMax() * RESIZABLE_SHARE;
    const maxByteLength = Math.max(length, Math.min(claimed, reservable));
    this.#reservable = Math.max(0, reservable - maxByteLength);
    const buffer = new ArrayBuffer(length, /** @type {any} */ ({ maxByteLength }));
    new Uint8Array(buffer).set(this.#bytes.subarray(start, start + length));
    return this.#known(buffer);
  }

  /** A view comes right after its buffer and takes its place. @param {any} value */
  #readView(value) {
    if (this.#peekTag() !== wire.TAG_VIEW) return value;
    const kind = ops.classOf(value);
    if (kind !== "ArrayBuffer" && kind !== "SharedArrayBuffer") return value;
    this.#position++;
    const Class = viewClasses.get(this.#bytes[this.#take(1)]);
    if (Class === undefined) throw malformed();
    const offset = this.readVarint();
    const byteLength = this.readVarint();
    const flags = this.#version >= wire.VERSION_VIEW_FLAGS ? this.readVarint() : 0;
    const elementBytes = Class.BYTES_PER_ELEMENT ?? 1;
    if (offset + byteLength > value.byteLength || offset % elementBytes !== 0 || byteLength % elementBytes !== 0) throw malformed();
    const tracking = (flags & wire.VIEW_LENGTH_TRACKING) !== 0;
    if (tracking && !value.resizable) throw malformed();
    if (!tracking) return this.#known(new Class(value, offset, byteLength / elementBytes));
    try {
      return this.#known(new Class(value, offset));
    } catch {
      // Engines do not agree on whether it may end within an element.
      throw malformed();
    }
  }

  /** @template T @param {T} object @returns {T} */
  #known(object) {
    this.#objects.push(object);
    return object;
  }
}

/**
 * A string of up to SHORT bytes.
 *
 * @param {Uint8Array} bytes
 * @param {number} start
 * @param {number} length
 */
function fromBytes(bytes, start, length) {
  const units = shortUnits[length];
  for (let i = 0; i < length; i++) units[i] = bytes[start + i];
  return Reflect.apply(String.fromCharCode, undefined, units);
}

/** @param {Uint8Array | Uint16Array} units */
function fromUnits(units) {
  return Reflect.apply(String.fromCharCode, undefined, /** @type {any} */ (units));
}
