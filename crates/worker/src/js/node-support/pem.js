/**
 * PEM (RFC 7468): documents as text.
 *
 * @module
 */

import { ops } from "stated:host";
import { unreadableKey } from "stated:node-support/crypto-arguments";
import { readHeaders } from "stated:node-support/pem-encryption";

/** Characters of a line. */
const LINE = 64;

/**
 * The first document of a text.
 *
 * @param {string} text
 * @returns {{ label: string, der: Uint8Array, encryption?: import("stated:node-support/pem-encryption").Encryption }} the document
 *   is encrypted if its headers say so
 */
export function decodePem(text) {
  const found = /-----BEGIN ([A-Z0-9 ]+)-----\s*((?:[A-Za-z0-9-]+:[^\r\n]*\r?\n)*)([^-]*)-----END \1-----/.exec(text);
  const encryption = found === null || found[2] === "" ? undefined : readHeaders(found[2]);
  const bytes = found === null || (found[2] !== "" && encryption === undefined) ? undefined : ops.base64Decode(found[3].replace(/\s/g, ""));
  if (found === null || bytes === undefined) throw unreadableKey();
  return { label: found[1], der: Uint8Array.from(bytes, (unit) => unit.charCodeAt(0)), encryption };
}

/** @param {string} label @param {Uint8Array} der @param {string} [headers] */
export function encodePem(label, der, headers = "") {
  let bytes = "";
  for (const byte of der) bytes += String.fromCharCode(byte);
  const base64 = /** @type {string} */ (ops.base64Encode(bytes));
  const lines = [];
  for (let at = 0; at < base64.length; at += LINE) lines.push(base64.slice(at, at + LINE));
  return `-----BEGIN ${label}-----\n${headers}${lines.join("\n")}\n-----END ${label}-----\n`;
}
