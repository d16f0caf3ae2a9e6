/**
 * PEM (RFC 7468): documents as text.
 *
 * @module
 */

import { ops } from "stated:host";
import { unreadableKey } from "stated:node-support/crypto-arguments";

/** Characters of a line. */
const LINE = 64;

/**
 * The first document of a text.
 *
 * @param {string} text
 * @returns {{ label: string, der: Uint8Array }}
 */
export function decodePem(text) {
  const found = /-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/.exec(text);
  // Headers are those of the old encryption, which nothing here reads.
  const base64 = found?.[2].includes(":") ? undefined : found?.[2].replace(/\s/g, "");
  const bytes = base64 === undefined ? undefined : ops.base64Decode(base64);
  if (found === null || bytes === undefined) throw unreadableKey();
  return { label: found[1], der: Uint8Array.from(bytes, (unit) => unit.charCodeAt(0)) };
}

/** @param {string} label @param {Uint8Array} der */
export function encodePem(label, der) {
  let bytes = "";
  for (const byte of der) bytes += String.fromCharCode(byte);
  const base64 = /** @type {string} */ (ops.base64Encode(bytes));
  const lines = [];
  for (let at = 0; at < base64.length; at += LINE) lines.push(base64.slice(at, at + LINE));
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
