/**
 * DOMException of the Web IDL standard: an Error with a name from a fixed table, a code for the old ones among them, and
 * a stack.
 *
 * @module
 */

import { defineConstants, toDOMString } from "stated:webidl";

/** The names that have a code. */
const codes = /** @type {Record<string, number>} */ ({
  IndexSizeError: 1,
  HierarchyRequestError: 3,
  WrongDocumentError: 4,
  InvalidCharacterError: 5,
  NoModificationAllowedError: 7,
  NotFoundError: 8,
  NotSupportedError: 9,
  InUseAttributeError: 10,
  InvalidStateError: 11,
  SyntaxError: 12,
  InvalidModificationError: 13,
  NamespaceError: 14,
  InvalidAccessError: 15,
  TypeMismatchError: 17,
  SecurityError: 18,
  NetworkError: 19,
  AbortError: 20,
  URLMismatchError: 21,
  QuotaExceededError: 22,
  TimeoutError: 23,
  InvalidNodeTypeError: 24,
  DataCloneError: 25,
});

/** An exception of a web API. */
export class DOMException extends Error {
  /** @type {string} */ #name;
  /** @type {string} */ #message;

  /**
   * @param {string} [message]
   * @param {string | { name?: string, cause?: unknown }} [options] the name, or name and cause
   */
  constructor(message = "", options = "Error") {
    const text = toDOMString(message);
    let name = "Error";
    let withCause = false;
    if (typeof options === "object" && options !== null) {
      if (options.name !== undefined) name = toDOMString(options.name);
      withCause = "cause" in options;
    } else if (options !== null) {
      name = toDOMString(options);
    }
    super();
    this.#message = text;
    this.#name = name;
    if (withCause) {
      const { cause } = /** @type {{ cause: unknown }} */ (options);
      Object.defineProperty(this, "cause", { value: cause, writable: true, configurable: true });
    }
    nameStack(this, name, text);
  }

  /** One of the names in the table, or what the constructor was given. */
  get name() {
    return this.#name;
  }

  get message() {
    return this.#message;
  }

  /** The number that goes with an old name; 0 for others. */
  get code() {
    return Object.hasOwn(codes, this.#name) ? codes[this.#name] : 0;
  }
}

/**
 * Engines whose stack begins with name and message wrote it before the two were known.
 *
 * @param {DOMException} error
 * @param {string} name
 * @param {string} message
 */
function nameStack(error, name, message) {
  const { stack } = error;
  if (typeof stack !== "string" || !stack.startsWith("Error\n")) return;
  const value = `${name}${message === "" ? "" : `: ${message}`}${stack.slice("Error".length)}`;
  Object.defineProperty(error, "stack", { value, writable: true, configurable: true });
}

for (const key of ["name", "message", "code"]) Object.defineProperty(DOMException.prototype, key, { enumerable: true });
Object.defineProperty(DOMException.prototype, Symbol.toStringTag, { value: "DOMException", configurable: true });
defineConstants(DOMException, {
  INDEX_SIZE_ERR: 1,
  DOMSTRING_SIZE_ERR: 2,
  HIERARCHY_REQUEST_ERR: 3,
  WRONG_DOCUMENT_ERR: 4,
  INVALID_CHARACTER_ERR: 5,
  NO_DATA_ALLOWED_ERR: 6,
  NO_MODIFICATION_ALLOWED_ERR: 7,
  NOT_FOUND_ERR: 8,
  NOT_SUPPORTED_ERR: 9,
  INUSE_ATTRIBUTE_ERR: 10,
  INVALID_STATE_ERR: 11,
  SYNTAX_ERR: 12,
  INVALID_MODIFICATION_ERR: 13,
  NAMESPACE_ERR: 14,
  INVALID_ACCESS_ERR: 15,
  VALIDATION_ERR: 16,
  TYPE_MISMATCH_ERR: 17,
  SECURITY_ERR: 18,
  NETWORK_ERR: 19,
  ABORT_ERR: 20,
  URL_MISMATCH_ERR: 21,
  QUOTA_EXCEEDED_ERR: 22,
  TIMEOUT_ERR: 23,
  INVALID_NODE_TYPE_ERR: 24,
  DATA_CLONE_ERR: 25,
});
