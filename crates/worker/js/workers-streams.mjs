/**
 * Rewrites web-streams-polyfill, standard input to standard output, for what Workers show a program:
 *
 * 1. Errors have Workers' texts. Their classes stay, except that closing a writer whose stream is errored gives that error.
 * 2. What a stream keeps is behind symbols, so that its own properties do not show in `Object.keys`, spreads and `for … in`.
 *
 * Each replacement must be found as often as it says, so that a new version of the package cannot slip through.
 */

import { readFileSync } from "node:fs";

let code = readFileSync(0, "utf8");

/** @param {string} from @param {string} to @param {number} [times] */
function replace(from, to, times = 1) {
  const parts = code.split(from);
  if (parts.length - 1 !== times) throw new Error(`found ${parts.length - 1} times, not ${times}: ${from}`);
  code = parts.join(to);
}

/** @param {string} from @param {string} to */
const text = (from, to) => replace(`"${from}"`, JSON.stringify(to));

// Locks.
const lockedReader = "This ReadableStream is currently locked to a reader.";
const lockedWriter = "This WritableStream is currently locked to a writer.";
replace("\"This stream has already been locked for exclusive reading by another reader\"", JSON.stringify(lockedReader), 2);
text("Cannot cancel a stream that already has a reader", lockedReader);
text("ReadableStream.prototype.pipeThrough cannot be used on a locked ReadableStream", lockedReader);
text("ReadableStream.prototype.pipeThrough cannot be used on a locked WritableStream", lockedWriter);
text("ReadableStream.prototype.pipeTo cannot be used on a locked ReadableStream", lockedReader);
text("ReadableStream.prototype.pipeTo cannot be used on a locked WritableStream", "This WritableStream is currently locked to a writer");
text("This stream has already been locked for exclusive writing by another writer", lockedWriter);
text("Cannot abort a stream that already has a writer", lockedWriter);
text("Cannot close a stream that already has a writer", lockedWriter);

replace("throw Qr(\"tee\");", `throw Qr("tee");if($r(this))throw new TypeError(${JSON.stringify(lockedReader.replace(/\.$/, ","))});`);

// Released readers and writers.
const releasedReader = "This ReadableStream reader has been released.";
const releasedWriter = "This WritableStream writer has been released.";
replace("\"Reader was released and can no longer be used to monitor the stream's closedness\"", JSON.stringify(releasedReader), 2);
replace("\"Reader was released\"", JSON.stringify(releasedReader), 2);
replace("\"Cannot \"+e+\" a stream using a released reader\"", JSON.stringify(releasedReader));
replace("\"Writer was released and can no longer be used to monitor the stream's closedness\"", JSON.stringify(releasedWriter));
replace("\"Cannot \"+e+\" a stream using a released writer\"", JSON.stringify(releasedWriter));

// States.
text("The stream is not in a state that permits close", "This ReadableStream is closed.");
text("The stream is not in a state that permits enqueue", "Unable to enqueue");
text("The stream has already been closed; do not close it again!", "This ReadableStream is closed.");
replace("`The stream (in ${e} state) is not in the readable state and cannot be closed`", "\"This ReadableStream is closed.\"");
text("stream is closed or draining", "This ReadableByteStreamController is closed.");
replace("`The stream (in ${t} state) is not in the readable state and cannot be enqueued to`", "\"This ReadableByteStreamController is closed.\"");
text("The stream is closing or closed and cannot be written to", "This WritableStream has been closed.");
replace("\"Cannot close an already-closing stream\"", "\"This WritableStream has been closed.\"", 2);
replace("if(\"closed\"===t||\"errored\"===t)return d(new TypeError(`The stream (in ${t} state) is not in the writable state and cannot be closed`))",
  "if(\"closed\"===t)return d(new TypeError(\"This WritableStream has been closed.\"));if(\"errored\"===t)return d(e._storedError)");
text("the destination writable stream closed before all data could be piped to it", "This destination writable stream is closed.");
text("TransformStream terminated", "The transform stream has been terminated");
text("Readable side is not in a state that permits enqueue", "The readable side of this TransformStream is no longer readable.");

// Byte streams.
text("chunk must have non-zero byteLength", "Cannot enqueue a zero-length ArrayBuffer.");
text("chunk's buffer must have non-zero byteLength", "Cannot enqueue a zero-length ArrayBuffer.");
text("autoAllocateChunkSize must be greater than 0", "The autoAllocateChunkSize option cannot be zero.");
replace("\"This BYOB request has been invalidated\"", "\"This ReadableStreamBYOBRequest has been invalidated.\"", 2);
text("bytesWritten must be greater than 0 when calling respond() on a readable stream", "The bytesWritten must be more than zero while the stream is open.");
text("The view's length must be greater than 0 when calling respondWithNewView() on a readable stream", "The view byte length must be more than zero while the stream is open.");
replace("\"bytesWritten out of range\"", "`Too many bytes [${t}] in response to a BYOB read request.`");
text("The buffer of view has different capacity than byobRequest", "The underlying ArrayBuffer is not the correct length.");
text("Cannot construct a ReadableStreamBYOBReader for a stream not constructed with a byte source", "This ReadableStream does not support BYOB reads.");
text("view must be an array buffer view", "Failed to execute 'read' on 'ReadableStreamBYOBReader': parameter 1 is not of type 'ArrayBufferView'.");
text("view must have non-zero byteLength", "You must call read() on a \"byob\" reader with a positive-sized TypedArray object.");
text("view's buffer must have non-zero byteLength", "You must call read() on a \"byob\" reader with a positive-sized TypedArray object.");
text("options.min must be greater than 0", "Requested invalid minimum number of bytes to read (0).");
replace("\"options.min must be less than or equal to view's byteLength\"", "`Minimum bytes to read (${o}) exceeds size of buffer (${e.byteLength}).`");
replace("\"options.min must be less than or equal to view's length\"", "`Minimum bytes to read (${o*e.BYTES_PER_ELEMENT}) exceeds size of buffer (${e.byteLength}).`");

// Arguments.
const fails = (subject, position, type, kind = "constructor parameter") => `${subject}: ${kind} ${position} is not of type '${type}'.`;
const construct = (name, position, type) => fails(`Failed to construct '${name}'`, position, type);
const execute = (name, method, position, type) => fails(`Failed to execute '${method}' on '${name}'`, position, type, "parameter");

replace("function I(e,t){if(\"function\"!=typeof e)throw new TypeError(`${t} is not a function.`)}",
  "function I(e,t){if(\"function\"!=typeof e)throw new TypeError(`Incorrect type for the ${t}: the provided value is not of type 'function'.`)}");
// What is no object fails with the whole text, which the callers give.
replace("throw new TypeError(`${t} is not an object.`);var r", "throw new TypeError(t);var r");
replace("throw new TypeError(`${t} is not an object.`)", "throw new TypeError(t)");
replace("function M(e,t,r){if(void 0===e)throw new TypeError(`Parameter ${t} is required in '${r}'.`)}", "function M(e,t){if(void 0===e)throw new TypeError(t)}");
replace("`${t} is required in '${r}'.`", "t");
replace("`${t} is not a ReadableStream.`", "t");
replace("`${t} is not a WritableStream.`", "t");
for (const [call, message] of [
  ["M(e,1,\"ReadableStreamDefaultReader\"),H(e,\"First parameter\")", construct("ReadableStreamDefaultReader", 1, "ReadableStream")],
  ["M(e,1,\"ReadableStreamBYOBReader\"),H(e,\"First parameter\")", construct("ReadableStreamBYOBReader", 1, "ReadableStream")],
]) replace(call, `H(e,${JSON.stringify(message)})`);
replace("M(e,1,\"WritableStreamDefaultWriter\"),Tt(e,\"First parameter\")", `Tt(e,${JSON.stringify(construct("WritableStreamDefaultWriter", 1, "WritableStream"))})`);
replace("M(e,1,\"respond\")", `M(e,${JSON.stringify(execute("ReadableStreamBYOBRequest", "respond", 1, "integer"))})`);
replace("M(e,1,\"respondWithNewView\")", `M(e,${JSON.stringify(execute("ReadableStreamBYOBRequest", "respondWithNewView", 1, "BufferSource"))})`);
replace("M(e,1,\"enqueue\")", `M(e,${JSON.stringify(execute("ReadableByteStreamController", "enqueue", 1, "BufferSource"))})`);
text("chunk must be an array buffer view", execute("ReadableByteStreamController", "enqueue", 1, "BufferSource"));
text("You can only respond with array buffer views", execute("ReadableStreamBYOBRequest", "respondWithNewView", 1, "BufferSource"));
for (const name of ["CountQueuingStrategy", "ByteLengthQueuingStrategy"]) {
  const message = JSON.stringify(construct(name, 1, "QueuingStrategyInit"));
  replace(`M(e,1,"${name}"),e=Nr(e,"First parameter")`, `M(e,${message}),e=Nr(e,${message})`);
}
replace("Y(r,\"highWaterMark\",\"QueuingStrategyInit\")", "Y(r,\"Incorrect type for the 'highWaterMark' field on 'QueuingStrategyInit': the provided value is not of type 'number'.\")");

// The constructors' dictionaries: `${t} has member 'x' that` becomes the field of a named dictionary.
const strategy = (name, position) => JSON.stringify(construct(name, position, "StreamQueuingStrategy"));
replace("St(o,`${t} has member 'size' that`)", "St(o,\"'size' field on 'StreamQueuingStrategy'\")");
for (const [name, dictionary, from, to] of [
  ["ReadableStream", "UnderlyingSource", "class ReadableStream{", "class ByteLengthQueuingStrategy"],
  ["WritableStream", "UnderlyingSink", "class WritableStream{", "class WritableStreamDefaultWriter"],
  ["TransformStream", "Transformer", "class TransformStream{", "class TransformStreamDefaultController"],
]) {
  const start = code.indexOf(from);
  const end = code.indexOf(to, start);
  if (start < 0 || end < 0) throw new Error(`no ${name}`);
  const [before, after] = [code.slice(0, start), code.slice(end)];
  code = code.slice(start, end).replaceAll(/\$\{t\} has member '(cancel|pull|start|abort|close|write|flush|transform|autoAllocateChunkSize)' that/g, `'$1' field on '${dictionary}'`);
  const message = JSON.stringify(construct(name, 1, dictionary));
  if (name !== "TransformStream") replace("$(e,\"First parameter\")", `null!==e&&$(e,${message})`);
  replace("yt(t,\"Second parameter\")", `yt(t,${strategy(name, 2)})`);
  if (name === "TransformStream") replace("yt(r,\"Third parameter\")", `yt(r,${strategy(name, 3)})`);
  replace(`}}(e,"First parameter");${{ ReadableStream: "if(Lr(this)", WritableStream: "Ct(this)", TransformStream: "if(void 0!==i.readableType" }[name]}`,
    `}}(e,${message});${{ ReadableStream: "if(Lr(this)", WritableStream: "Ct(this)", TransformStream: "if(void 0!==i.readableType" }[name]}`);
  code = before + code + after;
}
replace("`${t} '${e}' is not a valid enumeration value for ReadableStreamType`", "`\"${e}\" is not a valid type of ReadableStream.`");
replace("`${t} '${e}' is not a valid enumeration value for ReadableStreamReaderMode`", "\"mode must be undefined or 'byob' in call to getReader().\"");
text("Invalid readableType specified", "transformer.readableType must be undefined.");
text("Invalid writableType specified", "transformer.writableType must be undefined.");


/** @param {string} dictionary @param {string} name @param {string} type */
const field = (dictionary, name, type) => JSON.stringify(`Incorrect type for the '${name}' field on '${dictionary}': the provided value is not of type '${type}'.`);
replace("(e,\"First parameter\").mode", `(e,${JSON.stringify(execute("ReadableStream", "getReader", 1, "GetReaderOptions"))}).mode`);
replace("(e,\"First parameter\").preventCancel", `(e,${JSON.stringify(execute("ReadableStream", "values", 1, "ValuesOptions"))}).preventCancel`);
const pair = JSON.stringify(execute("ReadableStream", "pipeThrough", 1, "Transform"));
replace("M(e,1,\"pipeThrough\")", `M(e,${pair})`);
replace("}}(e,\"First parameter\"),o=zr(t,\"Second parameter\")", `}}(e,${pair}),o=zr(t,${JSON.stringify(execute("ReadableStream", "pipeThrough", 2, "PipeToOptions"))})`);
replace("r=zr(t,\"Second parameter\")", `r=zr(t,${JSON.stringify(execute("ReadableStream", "pipeTo", 2, "PipeToOptions"))})`);
replace("Y(r,\"readable\",\"ReadableWritablePair\"),H(r,`${t} has member 'readable' that`)", `H(r,${field("Transform", "readable", "ReadableStream")})`);
replace("Y(o,\"writable\",\"ReadableWritablePair\"),Tt(o,`${t} has member 'writable' that`)", `Tt(o,${field("Transform", "writable", "WritableStream")})`);
replace("`${t} is not an AbortSignal.`", "t");
replace("`${t} has member 'signal' that`", field("PipeToOptions", "signal", "AbortSignal"));
// The package rejects with a string where the argument is missing.
const destination = JSON.stringify(execute("ReadableStream", "pipeTo", 1, "WritableStream"));
replace("d(\"Parameter 1 is required in 'pipeTo'.\")", `d(new TypeError(${destination}))`);
text("ReadableStream.prototype.pipeTo's first argument must be a WritableStream", JSON.parse(destination));
replace("}}(t,\"options\")", `}}(t,${JSON.stringify(execute("ReadableStreamBYOBReader", "read", 2, "ReadableStreamBYOBReaderReadOptions"))})`);
replace("`${t} has member 'min' that`", "\"\"");
replace("`${t} is not a finite number`", "\"The value cannot be converted because it is not an integer.\"");
replace("`${t} is outside the accepted range of 0 to ${r}, inclusive`", "\"The value cannot be converted because it is negative and this API expects a positive bigint.\"");

// ReadableStream.from().
replace("static from(e){", `static from(e){if(null==e||"string"!=typeof e&&"function"!=typeof e[Symbol.asyncIterator]&&"function"!=typeof e[Symbol.iterator])throw new TypeError(${
  JSON.stringify(execute("ReadableStream", "from", 1, "AsyncGenerator"))});`);

// State behind symbols. Names that are not listed are of records that no program gets.
const inner = new Set(["_cursor", "_size", "_front", "_back", "_elements", "_next", "_resolve", "_reject", "_promise", "_reason", "_wasAlreadyErroring",
  "_resolvePromise", "_rejectPromise", "_chunkSteps", "_closeSteps", "_errorSteps", "_nextSteps", "_returnSteps", "_iterator", "_ongoingPromise",
  "_isFinished", "_preventCancel", "_shuttingDown", "_currentWrite", "_waitForWritesToFinish"]);
const names = [...new Set(code.match(/(?<=\.)_[a-zA-Z]\w{2,}/g))].filter((name) => !inner.has(name)).sort();
for (const name of names) {
  const symbol = `$${name}`;
  if (code.includes(symbol)) throw new Error(`${symbol} is taken`);
  code = code.replaceAll(new RegExp(`\\.${name}\\b`, "g"), `[${symbol}]`).replaceAll(`"${name}"`, symbol);
  if (new RegExp(`(?<![$\\w])${name}\\b`).test(code)) throw new Error(`${name} is used otherwise`);
}
process.stdout.write(`const ${names.map((name) => `$${name}=Symbol("${name.slice(1)}")`).join(",")};
export const state=$_state,disturbed=$_disturbed,readableController=$_readableStreamController;
${code}`);
