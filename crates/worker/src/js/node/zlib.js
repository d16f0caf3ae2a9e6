/**
 * `node:zlib`.
 *
 * The work is done on the thread of the program, also for streams and callbacks: what is compressed in an event counts as its
 * CPU time. Levels give other bytes than Node's zlib does, which any decompressor reads all the same.
 *
 * @module
 */

import { ops } from "stated:host";
import { Buffer } from "stated:node/buffer";
import { checkFunction, invalidArgType, nodeError, outOfRange } from "stated:node-support/errors";
import { codes, constants } from "stated:node-support/zlib-constants";
import { changeParameters, dictionaryOf, inRange, openedOrThrow, processBuffer, processBufferSync, ZlibBase } from "stated:node-support/zlib-stream";

export { codes, constants };

/** @typedef {import("stated:node-support/zlib-stream").FlushDefaults} FlushDefaults */

/** Workers has these as names of the module, too. */
export const {
  BROTLI_DECODE, BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES, BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MAP,
  BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES, BROTLI_DECODER_ERROR_ALLOC_RING_BUFFER_1,
  BROTLI_DECODER_ERROR_ALLOC_RING_BUFFER_2, BROTLI_DECODER_ERROR_ALLOC_TREE_GROUPS,
  BROTLI_DECODER_ERROR_DICTIONARY_NOT_SET, BROTLI_DECODER_ERROR_FORMAT_BLOCK_LENGTH_1,
  BROTLI_DECODER_ERROR_FORMAT_BLOCK_LENGTH_2, BROTLI_DECODER_ERROR_FORMAT_CL_SPACE,
  BROTLI_DECODER_ERROR_FORMAT_CONTEXT_MAP_REPEAT, BROTLI_DECODER_ERROR_FORMAT_DICTIONARY,
  BROTLI_DECODER_ERROR_FORMAT_DISTANCE, BROTLI_DECODER_ERROR_FORMAT_EXUBERANT_META_NIBBLE,
  BROTLI_DECODER_ERROR_FORMAT_EXUBERANT_NIBBLE, BROTLI_DECODER_ERROR_FORMAT_HUFFMAN_SPACE,
  BROTLI_DECODER_ERROR_FORMAT_PADDING_1, BROTLI_DECODER_ERROR_FORMAT_PADDING_2,
  BROTLI_DECODER_ERROR_FORMAT_RESERVED, BROTLI_DECODER_ERROR_FORMAT_SIMPLE_HUFFMAN_ALPHABET,
  BROTLI_DECODER_ERROR_FORMAT_SIMPLE_HUFFMAN_SAME, BROTLI_DECODER_ERROR_FORMAT_TRANSFORM,
  BROTLI_DECODER_ERROR_FORMAT_WINDOW_BITS, BROTLI_DECODER_ERROR_INVALID_ARGUMENTS, BROTLI_DECODER_ERROR_UNREACHABLE,
  BROTLI_DECODER_NEEDS_MORE_INPUT, BROTLI_DECODER_NEEDS_MORE_OUTPUT, BROTLI_DECODER_NO_ERROR,
  BROTLI_DECODER_PARAM_DISABLE_RING_BUFFER_REALLOCATION, BROTLI_DECODER_PARAM_LARGE_WINDOW,
  BROTLI_DECODER_RESULT_ERROR, BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT, BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT,
  BROTLI_DECODER_RESULT_SUCCESS, BROTLI_DECODER_SUCCESS, BROTLI_DEFAULT_MODE, BROTLI_DEFAULT_QUALITY,
  BROTLI_DEFAULT_WINDOW, BROTLI_ENCODE, BROTLI_LARGE_MAX_WINDOW_BITS, BROTLI_MAX_INPUT_BLOCK_BITS,
  BROTLI_MAX_QUALITY, BROTLI_MAX_WINDOW_BITS, BROTLI_MIN_INPUT_BLOCK_BITS, BROTLI_MIN_QUALITY,
  BROTLI_MIN_WINDOW_BITS, BROTLI_MODE_FONT, BROTLI_MODE_GENERIC, BROTLI_MODE_TEXT, BROTLI_OPERATION_EMIT_METADATA,
  BROTLI_OPERATION_FINISH, BROTLI_OPERATION_FLUSH, BROTLI_OPERATION_PROCESS,
  BROTLI_PARAM_DISABLE_LITERAL_CONTEXT_MODELING, BROTLI_PARAM_LARGE_WINDOW, BROTLI_PARAM_LGBLOCK,
  BROTLI_PARAM_LGWIN, BROTLI_PARAM_MODE, BROTLI_PARAM_NDIRECT, BROTLI_PARAM_NPOSTFIX, BROTLI_PARAM_QUALITY, DEFLATE,
  DEFLATERAW, GUNZIP, GZIP, INFLATE, INFLATERAW, UNZIP, ZLIB_VERNUM, ZSTD_COMPRESS, ZSTD_DECODE, ZSTD_DECOMPRESS,
  ZSTD_ENCODE, ZSTD_error_GENERIC, ZSTD_error_checksum_wrong, ZSTD_error_corruption_detected,
  ZSTD_error_dictionaryCreation_failed, ZSTD_error_dictionary_corrupted, ZSTD_error_dictionary_wrong,
  ZSTD_error_dstBuffer_null, ZSTD_error_dstSize_tooSmall, ZSTD_error_frameParameter_unsupported,
  ZSTD_error_frameParameter_windowTooLarge, ZSTD_error_init_missing, ZSTD_error_literals_headerWrong,
  ZSTD_error_maxSymbolValue_tooLarge, ZSTD_error_maxSymbolValue_tooSmall, ZSTD_error_memory_allocation,
  ZSTD_error_noForwardProgress_destFull, ZSTD_error_noForwardProgress_inputEmpty, ZSTD_error_no_error,
  ZSTD_error_parameter_combination_unsupported, ZSTD_error_parameter_outOfBound, ZSTD_error_parameter_unsupported,
  ZSTD_error_prefix_unknown, ZSTD_error_srcSize_wrong, ZSTD_error_stabilityCondition_notRespected,
  ZSTD_error_stage_wrong, ZSTD_error_tableLog_tooLarge, ZSTD_error_version_unsupported,
  ZSTD_error_workSpace_tooSmall, Z_BEST_COMPRESSION, Z_BEST_SPEED, Z_BLOCK, Z_BUF_ERROR, Z_DATA_ERROR,
  Z_DEFAULT_CHUNK, Z_DEFAULT_COMPRESSION, Z_DEFAULT_LEVEL, Z_DEFAULT_MEMLEVEL, Z_DEFAULT_STRATEGY,
  Z_DEFAULT_WINDOWBITS, Z_ERRNO, Z_FILTERED, Z_FINISH, Z_FIXED, Z_FULL_FLUSH, Z_HUFFMAN_ONLY, Z_MAX_LEVEL,
  Z_MAX_MEMLEVEL, Z_MAX_WINDOWBITS, Z_MEM_ERROR, Z_MIN_CHUNK, Z_MIN_LEVEL, Z_MIN_MEMLEVEL, Z_MIN_WINDOWBITS,
  Z_NEED_DICT, Z_NO_COMPRESSION, Z_NO_FLUSH, Z_OK, Z_PARTIAL_FLUSH, Z_RLE, Z_STREAM_END, Z_STREAM_ERROR,
  Z_SYNC_FLUSH, Z_VERSION_ERROR, Z_MAX_CHUNK,
} = constants;
const decompresses = [INFLATE, GUNZIP, UNZIP];

/** @type {FlushDefaults} */
const zlibFlush = { flush: constants.Z_NO_FLUSH, finishFlush: constants.Z_FINISH, fullFlush: constants.Z_FULL_FLUSH, flushMax: constants.Z_BLOCK };
/** @type {FlushDefaults} */
const brotliFlush = {
  flush: constants.BROTLI_OPERATION_PROCESS, finishFlush: constants.BROTLI_OPERATION_FINISH,
  fullFlush: constants.BROTLI_OPERATION_FLUSH, flushMax: constants.BROTLI_OPERATION_EMIT_METADATA,
};
/** @type {FlushDefaults} */
const zstdFlush = { flush: constants.ZSTD_e_continue, finishFlush: constants.ZSTD_e_end, fullFlush: constants.ZSTD_e_flush, flushMax: constants.ZSTD_e_end };

/** Makes a class out of a constructor that can be called. @param {any} Class @param {any} Base */
function extend(Class, Base) {
  Object.setPrototypeOf(Class.prototype, Base.prototype);
  Object.setPrototypeOf(Class, Base);
}

/** @this {any} @param {any} options @param {number} mode */
function Zlib(options, mode) {
  let windowBits = constants.Z_DEFAULT_WINDOWBITS;
  let level = constants.Z_DEFAULT_COMPRESSION;
  let memLevel = constants.Z_DEFAULT_MEMLEVEL;
  let strategy = constants.Z_DEFAULT_STRATEGY;
  let dictionary;
  if (options) {
    // 0 is what the header of the compressed data says.
    if (!options.windowBits && decompresses.includes(mode)) windowBits = 0;
    else {
      const least = constants.Z_MIN_WINDOWBITS + (mode === GZIP ? 1 : 0);
      windowBits = inRange(options.windowBits, "options.windowBits", least, constants.Z_MAX_WINDOWBITS, windowBits);
    }
    level = inRange(options.level, "options.level", constants.Z_MIN_LEVEL, constants.Z_MAX_LEVEL, level);
    memLevel = inRange(options.memLevel, "options.memLevel", constants.Z_MIN_MEMLEVEL, constants.Z_MAX_MEMLEVEL, memLevel);
    strategy = inRange(options.strategy, "options.strategy", constants.Z_DEFAULT_STRATEGY, constants.Z_FIXED, strategy);
    dictionary = dictionaryOf(options.dictionary);
  }
  const id = openedOrThrow(ops.zlibOpen(mode, windowBits, level, memLevel, strategy, dictionary));
  ZlibBase.call(this, options, id, zlibFlush);
  this._level = level;
  this._strategy = strategy;
}
extend(Zlib, ZlibBase);

/** @this {any} @param {number} level @param {number} strategy @param {any} callback */
Zlib.prototype.params = function params(level, strategy, callback) {
  changeParameters(this, level, strategy, callback);
};

/** @this {any} @param {any} [options] @returns {any} */
export function Deflate(options = undefined) {
  if (!(this instanceof Deflate)) return new /** @type {any} */ (Deflate)(options);
  Zlib.call(this, options, DEFLATE);
}
extend(Deflate, Zlib);

/** @this {any} @param {any} [options] @returns {any} */
export function Inflate(options = undefined) {
  if (!(this instanceof Inflate)) return new /** @type {any} */ (Inflate)(options);
  Zlib.call(this, options, INFLATE);
}
extend(Inflate, Zlib);

/** @this {any} @param {any} [options] @returns {any} */
export function Gzip(options = undefined) {
  if (!(this instanceof Gzip)) return new /** @type {any} */ (Gzip)(options);
  Zlib.call(this, options, GZIP);
}
extend(Gzip, Zlib);

/** @this {any} @param {any} [options] @returns {any} */
export function Gunzip(options = undefined) {
  if (!(this instanceof Gunzip)) return new /** @type {any} */ (Gunzip)(options);
  Zlib.call(this, options, GUNZIP);
}
extend(Gunzip, Zlib);

/** @this {any} @param {any} [options] @returns {any} */
export function DeflateRaw(options = undefined) {
  if (!(this instanceof DeflateRaw)) return new /** @type {any} */ (DeflateRaw)(options);
  Zlib.call(this, options?.windowBits === 8 ? { ...options, windowBits: 9 } : options, DEFLATERAW);
}
extend(DeflateRaw, Zlib);

/** @this {any} @param {any} [options] @returns {any} */
export function InflateRaw(options = undefined) {
  if (!(this instanceof InflateRaw)) return new /** @type {any} */ (InflateRaw)(options);
  Zlib.call(this, options, INFLATERAW);
}
extend(InflateRaw, Zlib);

/** @this {any} @param {any} [options] @returns {any} */
export function Unzip(options = undefined) {
  if (!(this instanceof Unzip)) return new /** @type {any} */ (Unzip)(options);
  Zlib.call(this, options, UNZIP);
}
extend(Unzip, Zlib);

/**
 * The option `params` of brotli and zstd, flat.
 *
 * @param {any} options
 * @param {number} max the largest number of a parameter
 * @param {(key: string) => Error} unknown
 */
function parametersOf(options, max, unknown) {
  /** @type {number[]} */
  const parameters = [];
  for (const [key, value] of Object.entries(options?.params ?? {})) {
    const number = Number(key);
    if (Number.isNaN(number) || number < 0 || number > max) throw unknown(key);
    if (typeof value !== "number" && typeof value !== "boolean") throw invalidArgType("options.params[key]", "of type number", value);
    parameters.push(number, Number(value));
  }
  return parameters;
}

/** @param {string} key */
const unknownBrotli = (key) => nodeError(RangeError, "ERR_BROTLI_INVALID_PARAM", `${key} is not a valid Brotli parameter`);
/** @param {string} key */
const unknownZstd = (key) => nodeError(RangeError, "ERR_ZSTD_INVALID_PARAM", `${key} is not a valid zstd parameter`);

/** @this {any} @param {any} options @param {number} mode */
function Brotli(options, mode) {
  const parameters = parametersOf(options, constants.BROTLI_PARAM_NDIRECT, unknownBrotli);
  const id = openedOrThrow(ops.zlibOpenWith(mode, parameters, undefined, undefined));
  ZlibBase.call(this, options, id, brotliFlush);
}
extend(Brotli, ZlibBase);

/** @this {any} @param {any} [options] @returns {any} */
export function BrotliCompress(options = undefined) {
  if (!(this instanceof BrotliCompress)) return new /** @type {any} */ (BrotliCompress)(options);
  Brotli.call(this, options, BROTLI_ENCODE);
}
extend(BrotliCompress, Brotli);

/** @this {any} @param {any} [options] @returns {any} */
export function BrotliDecompress(options = undefined) {
  if (!(this instanceof BrotliDecompress)) return new /** @type {any} */ (BrotliDecompress)(options);
  Brotli.call(this, options, BROTLI_DECODE);
}
extend(BrotliDecompress, Brotli);

/** @this {any} @param {any} options @param {number} mode @param {number} max */
function Zstd(options, mode, max) {
  const parameters = parametersOf(options, max, unknownZstd);
  const id = openedOrThrow(ops.zlibOpenWith(mode, parameters, options?.pledgedSrcSize, dictionaryOf(options?.dictionary)));
  ZlibBase.call(this, options, id, zstdFlush);
}
extend(Zstd, ZlibBase);

/** @this {any} @param {any} [options] @returns {any} */
export function ZstdCompress(options = undefined) {
  if (!(this instanceof ZstdCompress)) return new /** @type {any} */ (ZstdCompress)(options);
  Zstd.call(this, options, ZSTD_COMPRESS, constants.ZSTD_c_overlapLog);
}
extend(ZstdCompress, Zstd);

/** @this {any} @param {any} [options] @returns {any} */
export function ZstdDecompress(options = undefined) {
  if (!(this instanceof ZstdDecompress)) return new /** @type {any} */ (ZstdDecompress)(options);
  Zstd.call(this, options, ZSTD_DECOMPRESS, constants.ZSTD_d_windowLogMax);
}
extend(ZstdDecompress, Zstd);

/** The function of a class that makes a stream. @param {any} Class */
const creator = (Class) => (/** @type {any} */ options = undefined) => new Class(options);

/** The function of a class that transforms a buffer at once. @param {any} Class */
const syncOf = (Class) => (/** @type {any} */ buffer, /** @type {any} */ options = undefined) => processBufferSync(new Class(options), buffer);

/** The function of a class that transforms a buffer and calls back. @param {any} Class @returns {any} */
const asyncOf = (Class) => (/** @type {any} */ buffer, /** @type {any} */ options, /** @type {any} */ callback = undefined) => {
  if (typeof options === "function") {
    callback = options;
    options = {};
  }
  checkFunction("callback", callback);
  return processBuffer(new Class(options), buffer, callback);
};

export const createDeflate = creator(Deflate);
export const createInflate = creator(Inflate);
export const createDeflateRaw = creator(DeflateRaw);
export const createInflateRaw = creator(InflateRaw);
export const createGzip = creator(Gzip);
export const createGunzip = creator(Gunzip);
export const createUnzip = creator(Unzip);
export const createBrotliCompress = creator(BrotliCompress);
export const createBrotliDecompress = creator(BrotliDecompress);
export const createZstdCompress = creator(ZstdCompress);
export const createZstdDecompress = creator(ZstdDecompress);

export const deflate = asyncOf(Deflate);
export const deflateSync = syncOf(Deflate);
export const gzip = asyncOf(Gzip);
export const gzipSync = syncOf(Gzip);
export const deflateRaw = asyncOf(DeflateRaw);
export const deflateRawSync = syncOf(DeflateRaw);
export const unzip = asyncOf(Unzip);
export const unzipSync = syncOf(Unzip);
export const inflate = asyncOf(Inflate);
export const inflateSync = syncOf(Inflate);
export const gunzip = asyncOf(Gunzip);
export const gunzipSync = syncOf(Gunzip);
export const inflateRaw = asyncOf(InflateRaw);
export const inflateRawSync = syncOf(InflateRaw);
export const brotliCompress = asyncOf(BrotliCompress);
export const brotliCompressSync = syncOf(BrotliCompress);
export const brotliDecompress = asyncOf(BrotliDecompress);
export const brotliDecompressSync = syncOf(BrotliDecompress);
export const zstdCompress = asyncOf(ZstdCompress);
export const zstdCompressSync = syncOf(ZstdCompress);
export const zstdDecompress = asyncOf(ZstdDecompress);
export const zstdDecompressSync = syncOf(ZstdDecompress);

/**
 * CRC-32, continued from `value`.
 *
 * @param {any} data
 * @param {number} [value]
 */
export function crc32(data, value = 0) {
  if (typeof data !== "string" && !ArrayBuffer.isView(data)) {
    throw invalidArgType("data", "of type string or an instance of Buffer, TypedArray, or DataView", data);
  }
  if (typeof value !== "number") throw invalidArgType("value", "of type number", value);
  if (!Number.isInteger(value)) throw outOfRange("value", "an integer", value);
  if (value < 0 || value > 0xffff_ffff) throw outOfRange("value", ">= 0 && <= 4294967295", value);
  const bytes = typeof data === "string" ? Buffer.from(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return ops.crc32(bytes, value);
}

const all = {
  crc32, Deflate, Inflate, Gzip, Gunzip, DeflateRaw, InflateRaw, Unzip, BrotliCompress, BrotliDecompress, ZstdCompress,
  ZstdDecompress, deflate, deflateSync, gzip, gzipSync, deflateRaw, deflateRawSync, unzip, unzipSync, inflate, inflateSync,
  gunzip, gunzipSync, inflateRaw, inflateRawSync, brotliCompress, brotliCompressSync, brotliDecompress, brotliDecompressSync,
  zstdCompress, zstdCompressSync, zstdDecompress, zstdDecompressSync, createDeflate, createInflate, createDeflateRaw,
  createInflateRaw, createGzip, createGunzip, createUnzip, createBrotliCompress, createBrotliDecompress, createZstdCompress,
  createZstdDecompress, constants, codes,
};
for (const [name, value] of Object.entries(all)) {
  if (typeof value === "function") Object.defineProperty(value, "name", { value: name, configurable: true });
}

// Constants are members of the module itself, too, without being listed.
export default /** @type {typeof all & Record<string, any>} */ (Object.defineProperties({ ...all }, Object.fromEntries(
  Object.entries(constants).map(([name, value]) => [name, { value, enumerable: false }]),
)));
