/**
 * Platform objects as values of RPC: Headers, Request, Response, Blob, File, streams, AbortSignal (reference 10.4).
 *
 * Bytes that are at hand are copied into the message; a stream becomes a host body, which moves with it. A WritableStream
 * and an AbortSignal become a target that the other side calls, since what happens to them comes from there or for long.
 *
 * @module
 */

import { abortWith, AbortSignal, newSignal, onAbort } from "stated:abort";
import { Blob, blobAround, blobBytes, File, fileAround } from "stated:blob";
import { contentStream, streamToHostBody } from "stated:body-stream";
import { CapabilityChannel } from "stated:capability-channel";
import { dataCloneError, malformed, notSerializable } from "stated:clone-errors";
import { Headers, headersAround, listBehind } from "stated:headers";
import { ops } from "stated:host";
import { definePassing } from "stated:platform-classes";
import { Request, requestFromHost, requestToWire, signalOf } from "stated:request";
import { Response, responseFromHost, responseToWire } from "stated:response";
import { exportTarget } from "stated:rpc-export";
import { BODY, decodeResult, defineReceiving, encodeArguments, TARGET } from "stated:rpc-message";
import { flag } from "stated:settings";
import { isDisturbed, ReadableStream, WritableStream } from "stated:streams";
import { viewBytes } from "stated:webidl";
import { wireBody } from "stated:body";
import * as wire from "stated:wire-format";

/** @typedef {import("stated:host").WireBody} WireBody */
/** @typedef {import("stated:rpc-message").IncomingMessage} IncomingMessage */
/** @typedef {import("stated:rpc-message").OutgoingMessage} OutgoingMessage */
/** @typedef {import("stated:wire-reader").Reader} Reader */
/** @typedef {import("stated:wire-writer").Writer} Writer */

const HOST_GONE = "The execution context which hosts this callback is no longer running.";

// --- bodies -----------------------------------------------------------------------------------------------------------

/** What follows is the first byte of a body. */
const NO_BODY = 0;
const BYTES = 1;
const STREAM = 2;

/** @param {Writer} writer @param {OutgoingMessage} message @param {WireBody} body */
function writeBody(writer, message, body) {
  if (body === null) {
    writer.writeVarint(NO_BODY);
  } else if (typeof body === "number") {
    writer.writeVarint(STREAM);
    writer.writeVarint(message.refer(() => ops.capabilityOfBody(body)));
  } else {
    writer.writeVarint(BYTES);
    writer.writeVarint(body.length);
    writer.writeBytes(body);
  }
}

/** @param {Reader} reader @param {IncomingMessage} message @returns {WireBody} */
function readBody(reader, message) {
  switch (reader.readVarint()) {
    case NO_BODY:
      return null;
    case BYTES:
      return reader.readBytes();
    case STREAM: {
      const body = message.capability(reader.readVarint(), BODY);
      if (body !== 0) return body;
    }
  }
  throw malformed();
}

// --- Headers, Request, Response ---------------------------------------------------------------------------------------

definePassing(Headers, (writer, _message, headers) => {
  writer.writeVarint(wire.HOST_HEADERS);
  writer.writeValue(listBehind(headers).slice());
});
defineReceiving(wire.HOST_HEADERS, (reader) => headersAround(reader.readValue()));

/** @param {Request | Response} message */
function checkUnused(message) {
  if (message.bodyUsed) throw new TypeError("The ReadableStream has been locked to a reader.");
}

definePassing(Request, (writer, message, request) => {
  checkUnused(request);
  const { redirect, cf } = request;
  const signal = flag("enable_abortsignal_rpc") ? signalOf(request) : null;
  const [method, url, headers, body] = requestToWire(request);
  writer.writeVarint(wire.HOST_REQUEST);
  writer.writeValue([method, url, headers, redirect, cf]);
  writer.writeValue(signal);
  writeBody(writer, message, body);
});
defineReceiving(wire.HOST_REQUEST, (reader, message) => {
  const [method, url, headers, redirect, cf] = reader.readValue();
  const signal = reader.readValue();
  const request = requestFromHost(method, url, headers, readBody(reader, message));
  return new Request(request, signal === null ? { redirect, cf } : { redirect, cf, signal });
});

definePassing(Response, (writer, message, response) => {
  if (response.webSocket !== null) {
    throw notSerializable("WebSocket");
  }
  checkUnused(response);
  const [status, statusText, headers, body, , encoded] = responseToWire(response);
  writer.writeVarint(wire.HOST_RESPONSE);
  writer.writeValue([status, statusText, headers, encoded]);
  writeBody(writer, message, body);
});
defineReceiving(wire.HOST_RESPONSE, (reader, message) => {
  const [status, statusText, headers, encoded] = reader.readValue();
  const received = responseFromHost([status, statusText, headers, readBody(reader, message), "", false, 0], undefined, null, encoded);
  // A copy, since the receiver may change its headers; what Response.error() made cannot be copied.
  return status < 200 ? received : new Response(received.body, received);
});

// --- Blob and File ----------------------------------------------------------------------------------------------------

/** @param {Writer} writer @param {Blob} blob */
function writeBlobBytes(writer, blob) {
  const bytes = blobBytes(blob);
  writer.writeVarint(bytes.length);
  writer.writeBytes(bytes);
}

definePassing(Blob, (writer, _message, blob) => {
  writer.writeVarint(wire.HOST_BLOB);
  writer.writeString(blob.type);
  writeBlobBytes(writer, blob);
});
defineReceiving(wire.HOST_BLOB, (reader) => {
  const type = reader.readString();
  return blobAround(reader.readBytes(), type, true);
});

/** Differs: Workers refuses a File. */
definePassing(File, (writer, _message, file) => {
  writer.writeVarint(wire.HOST_FILE);
  writer.writeString(file.type);
  writer.writeString(file.name);
  writer.writeNumber(file.lastModified);
  writeBlobBytes(writer, file);
});
defineReceiving(wire.HOST_FILE, (reader) => {
  const type = reader.readString();
  const name = reader.readString();
  const lastModified = reader.readValue();
  return fileAround(reader.readBytes(), name, type, lastModified);
});

// --- ReadableStream ---------------------------------------------------------------------------------------------------

/** What a reader sees when the sender's stream failed or its context ended. */
const readableLost = () => new Error("ReadableStream received over RPC disconnected prematurely.");

definePassing(ReadableStream, (writer, message, stream) => {
  if (stream.locked) throw new TypeError("The ReadableStream has been locked to a reader.");
  writer.writeVarint(wire.HOST_READABLE_STREAM);
  // One that has not been read may still be bytes or a host body, and then moves as such.
  writeBody(writer, message, isDisturbed(stream) ? streamToHostBody(stream) : wireBody(new Response(stream)));
});
defineReceiving(wire.HOST_READABLE_STREAM, (reader, message) => {
  const body = readBody(reader, message);
  return contentStream(body ?? new Uint8Array(0), readableLost);
});

// --- WritableStream ---------------------------------------------------------------------------------------------------

definePassing(WritableStream, (writer, message, stream) => {
  if (stream.locked) throw new TypeError("This WritableStream is currently locked to a writer.");
  writer.writeVarint(wire.HOST_WRITABLE_STREAM);
  writer.writeVarint(message.refer(() => exportTarget(sinkOf(stream.getWriter()))));
});

/**
 * What the receiver of a WritableStream calls. A receiver that goes away without closing it aborts it.
 *
 * @param {import("stated:streams").WritableStreamDefaultWriter<any>} output
 */
function sinkOf(output) {
  let ended = false;
  return {
    /** @param {Uint8Array} bytes */
    write: (bytes) => output.write(bytes),
    close: () => {
      ended = true;
      return output.close();
    },
    /** @param {unknown} reason */
    abort: (reason) => {
      ended = true;
      return output.abort(reason);
    },
    [Symbol.dispose]() {
      if (!ended) output.abort(new Error("WritableStream received over RPC disconnected prematurely.")).catch(() => {});
    },
  };
}

const NO_BYTES = "This TransformStream is being used as a byte stream, but received an object of "
  + "non-ArrayBuffer/ArrayBufferView type on its writable side.";

defineReceiving(wire.HOST_WRITABLE_STREAM, (reader, message) => {
  const capability = message.capability(reader.readVarint(), TARGET);
  if (capability === 0) throw malformed();
  const sink = new CapabilityChannel(capability);
  return new WritableStream({
    write(chunk) {
      const bytes = typeof chunk === "string" ? ops.utf8Encode(chunk) : viewBytes(chunk);
      if (bytes === undefined) throw new TypeError(NO_BYTES);
      return tell(sink, "write", [bytes]);
    },
    close: () => tell(sink, "close", []).finally(() => sink.dispose()),
    abort: (reason) => tell(sink, "abort", [reason]).finally(() => sink.dispose()),
  });
});

/** @param {CapabilityChannel} sink @param {string} method @param {unknown[]} args */
async function tell(sink, method, args) {
  try {
    decodeResult(await sink.call([method], encodeArguments(args)));
  } catch (error) {
    if (error instanceof Error && error.message === HOST_GONE) {
      throw new Error("WritableStream received over RPC was disconnected because the remote execution context has ended.");
    }
    throw error;
  }
}

// --- AbortSignal ------------------------------------------------------------------------------------------------------

definePassing(AbortSignal, (writer, message, signal) => {
  if (!flag("enable_abortsignal_rpc")) throw dataCloneError("AbortSignal serialization is not enabled.");
  writer.writeVarint(wire.HOST_ABORT_SIGNAL);
  writer.writeValue(signal.aborted);
  if (signal.aborted) writer.writeValue(signal.reason);
  else writer.writeVarint(message.refer(() => exportTarget(() => reasonOf(signal))));
});

/** Resolves when the signal is aborted. @param {AbortSignal} signal */
function reasonOf(signal) {
  if (signal.aborted) return signal.reason;
  return new Promise((resolve) => onAbort(signal, () => resolve(signal.reason)));
}

defineReceiving(wire.HOST_ABORT_SIGNAL, (reader, message) => {
  const aborted = reader.readValue();
  if (aborted === true) return AbortSignal.abort(reader.readValue());
  const capability = message.capability(reader.readVarint(), TARGET);
  if (capability === 0) throw malformed();
  const signal = newSignal();
  // A sender that has gone will not abort any more.
  new CapabilityChannel(capability).call([], encodeArguments([])).then((reason) => abortWith(signal, decodeResult(reason)), () => {});
  return signal;
});
