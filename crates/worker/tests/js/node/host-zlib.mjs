/**
 * The operations behind `node:zlib` in the stand-in host: Node's own streams, one layer below its module.
 *
 * @module
 */

import zlib from "node:zlib";
import { defineOps } from "./host.js";

const binding = process.binding("zlib");
let lastId = 0;
/** @type {Map<number, any>} */
const streams = new Map();

/** How many streams are open, for tests. */
export const openStreams = () => streams.size;

function open(handle, init) {
  const stream = { handle, state: new Uint32Array(2), input: new Uint8Array(), at: 0, failure: undefined };
  handle.onerror = (message, errno, code) => {
    stream.failure = [message, code, errno];
  };
  const accepted = init(stream);
  if (accepted === false) return ["Initialization failed", "ERR_ZLIB_INITIALIZATION_FAILED", -1];
  streams.set(++lastId, stream);
  return stream.failure ?? lastId;
}

function taken(stream) {
  const { failure } = stream;
  stream.failure = undefined;
  return failure;
}

defineOps({
  zlibOpen: (mode, windowBits, level, memLevel, strategy, dictionary) => open(new binding.Zlib(mode),
    ({ handle, state }) => void handle.init(windowBits, level, memLevel, strategy, state, () => {}, dictionary)),
  zlibOpenWith(mode, parameters) {
    const values = new Uint32Array(9).fill(-1);
    for (let i = 0; i < parameters.length; i += 2) values[parameters[i]] = parameters[i + 1];
    const Class = mode === zlib.constants.BROTLI_ENCODE ? binding.BrotliEncoder : binding.BrotliDecoder;
    return open(new Class(mode), ({ handle, state }) => handle.init(values, state, () => {}));
  },
  zlibWrite(id, flush, input, bytesMax) {
    const stream = streams.get(id);
    if (input !== undefined) Object.assign(stream, { input, at: 0 });
    const output = new Uint8Array(bytesMax);
    const before = stream.input.length - stream.at;
    stream.handle.writeSync(flush, stream.input, stream.at, before, output, 0, bytesMax);
    const failure = taken(stream);
    if (failure !== undefined) return [undefined, false, 0, ...failure];
    const [room, left] = stream.state;
    stream.at += before - left;
    return [output.slice(0, bytesMax - room), room === 0, left];
  },
  zlibReset(id) {
    const stream = streams.get(id);
    stream.handle.reset();
    return taken(stream);
  },
  zlibParams(id, level, strategy) {
    const stream = streams.get(id);
    stream.handle.params(level, strategy);
    return taken(stream);
  },
  zlibClose(id) {
    streams.get(id)?.handle.close();
    streams.delete(id);
  },
  crc32: (bytes, value) => binding.crc32(bytes, value),
});
