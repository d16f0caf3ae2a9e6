/**
 * Platform objects as values of storage, attachments and clones: Headers, Blob, and Request and Response without a body.
 * The forms are those of Workers, persisted.
 *
 * Differs: names of header fields are written in lower case, since no others are kept here.
 *
 * @module
 */

import { AbortSignal } from "stated:abort";
import { Blob, blobAround, blobBytes, File } from "stated:blob";
import { dataCloneError, malformed, notSerializable } from "stated:clone-errors";
import { Headers, listBehind } from "stated:headers";
import { defineKeeping } from "stated:platform-classes";
import { Request } from "stated:request";
import { Response, responseToWire } from "stated:response";
import { ReadableStream, WritableStream } from "stated:streams";
import { defineKept } from "stated:wire-reader";
import * as wire from "stated:wire-format";

/** @typedef {import("stated:wire-reader").Reader} Reader */
/** @typedef {import("stated:wire-writer").Writer} Writer */

/** Who may change the fields: here always everybody. */
const GUARD_NONE = 3;

/** Fields that are written as their position, from 1 on. Persisted: never change the order. */
const commonFields = ["accept-charset", "accept-encoding", "accept-language", "accept-ranges", "accept",
  "access-control-allow-origin", "age", "allow", "authorization", "cache-control", "content-disposition", "content-encoding",
  "content-language", "content-length", "content-location", "content-range", "content-type", "cookie", "date", "etag", "expect",
  "expires", "from", "host", "if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since",
  "last-modified", "link", "location", "max-forwards", "proxy-authenticate", "proxy-authorization", "range", "referer", "refresh",
  "retry-after", "server", "set-cookie", "strict-transport-security", "transfer-encoding", "user-agent", "vary", "via",
  "www-authenticate"];
/** @type {Map<string, number>} */
const numbers = new Map(commonFields.map((name, index) => [name, index + 1]));

defineKeeping(Headers, (writer, headers) => {
  const list = listBehind(headers);
  /** @type {[number, string, string][]} */
  const fields = [];
  for (let i = 0; i < list.length; i += 2) fields.push([numbers.get(list[i]) ?? 0, list[i], list[i + 1]]);
  // Common fields first, in their own order; the sort keeps that of others, and of fields of one name.
  fields.sort(([a], [b]) => (a || Infinity) - (b || Infinity) || 0);
  writer.writeVarint(wire.HOST_HEADERS);
  writer.writeVarint(GUARD_NONE);
  writer.writeVarint(fields.length);
  for (const [number, name, value] of fields) {
    writer.writeVarint(number);
    if (number === 0) writer.writeUtf8(name);
    writer.writeUtf8(value);
  }
});
defineKept(wire.HOST_HEADERS, (reader) => {
  reader.readVarint();
  const headers = new Headers();
  for (let count = reader.readVarint(); count > 0; count--) {
    const number = reader.readVarint();
    // A number that is not known is no field, and fails as such.
    const name = number === 0 ? reader.readUtf8() : commonFields[number - 1] ?? "";
    headers.append(name, reader.readUtf8());
  }
  return headers;
});

defineKeeping(Blob, (writer, blob) => {
  const bytes = blobBytes(blob);
  writer.writeVarint(wire.HOST_KEPT_BLOB);
  writer.writeUtf8(blob.type);
  writer.writeVarint(bytes.length);
  writer.writeBytes(bytes);
});
defineKept(wire.HOST_KEPT_BLOB, (reader) => {
  const type = reader.readUtf8();
  return blobAround(reader.readBytes(), type, true);
});

defineKeeping(File, () => {
  throw notSerializable("File");
});

/** The error for a body. */
const noStream = () => dataCloneError("ReadableStream can only be serialized for RPC.");

/** The value, or undefined where it is the usual one. @template T @param {T} value @param {T} usual */
const unless = (value, usual) => (value === usual ? undefined : value);

defineKeeping(Request, (writer, request) => {
  if (request.body !== null) throw noStream();
  const { url, method, headers, redirect, cf, cache } = request;
  writer.writeVarint(wire.HOST_REQUEST);
  writer.writeUtf8(url);
  writer.writeValue({
    method: unless(method, "GET"), headers, body: null, redirect: unless(redirect, "follow"), fetcher: undefined, cf, cache,
    integrity: undefined, signal: undefined, encodeResponseBody: undefined,
  });
});
defineKept(wire.HOST_REQUEST, (reader) => {
  const url = reader.readUtf8();
  const init = reader.readValue();
  // None is written with a body.
  if ((init?.body ?? null) !== null) throw malformed();
  return new Request(url, init);
});

defineKeeping(Response, (writer, response) => {
  if (response.webSocket !== null || response.type === "error") throw notSerializable("Response");
  if (response.body !== null) throw noStream();
  const { status, headers } = response;
  const [, statusText, , , , encoded] = responseToWire(response);
  writer.writeVarint(wire.HOST_RESPONSE);
  writer.writeValue(null);
  writer.writeValue({
    status: unless(status, 200), statusText: unless(statusText, ""), headers, cf: response.cf, webSocket: undefined,
    encodeBody: encoded ? "manual" : undefined,
  });
});
defineKept(wire.HOST_RESPONSE, (reader) => {
  if (reader.readValue() !== null) throw malformed();
  return new Response(null, reader.readValue());
});

/** @param {Function} Class @param {string} text */
function refuse(Class, text) {
  defineKeeping(Class, () => {
    throw dataCloneError(text);
  });
}
refuse(ReadableStream, "ReadableStream can only be serialized for RPC.");
refuse(WritableStream, "WritableStream can only be serialized for RPC.");
refuse(AbortSignal, "AbortSignal serialization is not enabled.");
