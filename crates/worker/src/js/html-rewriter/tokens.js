/**
 * The tokens that handlers are given. A token is valid while its handler runs, and asks the host's parser for everything.
 *
 * Their properties are the instances' own, as in workerd, so that a program may spread or list them.
 *
 * @module
 */

import { ops } from "stated:host";
import { isResponse } from "stated:response";
import { isReadableStream } from "stated:streams";
import { badArgument, defineInspection, defineInterface, illegalConstructor, internal, toDOMString } from "stated:webidl";

/** @typedef {import("stated:html-rewriter/document").HtmlDocument} HtmlDocument */
/** @typedef {{ html?: boolean } | null} ContentOptions */

// The kinds of token, as the host numbers them.
export const ELEMENT = 0;
export const COMMENT = 1;
export const TEXT = 2;
export const DOCTYPE = 3;
export const DOCUMENT_END = 4;
export const END_TAG = 5;
/** Not a token: the content of a stream is wanted. */
export const CONTENT = 6;

/** @type {(token: any, command: string, a?: string | number, b?: string | boolean) => any} */
let act;
/** @type {(token: any) => HtmlDocument} */
let documentOf;
/** Ends the life of a token. @type {(token: any) => void} */
export let releaseToken;

/** What all tokens are. Programs do not see this class. */
class Token {
  /** Absent once the handler is done. @type {HtmlDocument | undefined} */ #document;

  /** @param {symbol} key @param {HtmlDocument} document */
  constructor(key, document) {
    if (key !== internal) throw illegalConstructor();
    this.#document = document;
  }

  static {
    documentOf = (token) => {
      const document = token.#document;
      if (document === undefined) {
        throw new TypeError("This content token is no longer valid. Content tokens are only valid during the execution of the "
          + "relevant content handler.");
      }
      return document;
    };
    act = (token, command, a = undefined, b = undefined) => ops.rewriterAct(documentOf(token).id, command, a, b);
    releaseToken = (token) => {
      token.#document = undefined;
    };
  }
}

/**
 * Makes a class of tokens one of the platform's whose instances have these properties of their own.
 *
 * @param {Function} Class
 * @param {Record<string, { get(): any, set?(value: any): void }>} properties
 * @returns {PropertyDescriptorMap}
 */
function defineToken(Class, properties) {
  Object.setPrototypeOf(Class.prototype, Object.prototype);
  defineInterface(Class);
  const names = Object.keys(properties);
  defineInspection(Class.prototype, (self) => Object.fromEntries(names.map((name) => [name, self[name]])));
  /** @type {PropertyDescriptorMap} */
  const descriptors = {};
  for (const name of names) {
    const { get, set } = /** @type {PropertyDescriptor} */ (Object.getOwnPropertyDescriptor(properties, name)).value;
    descriptors[name] = { get, set, enumerable: true, configurable: true };
  }
  return descriptors;
}

/** A property that is read. @param {string} command */
const readable = (command) => ({
  /** @this {any} */
  get() {
    return act(this, command);
  },
});

/** One that is written, too. @param {string} command @param {string} setCommand */
const writable = (command, setCommand) => ({
  ...readable(command),
  /** @this {any} @param {any} value */
  set(value) {
    act(this, setCommand, toDOMString(value));
  },
});

/**
 * Inserts content: a text, or a stream or response whose bytes are UTF-8.
 *
 * @param {any} token
 * @param {string} method which is also the command's name
 * @param {ArrayLike<any>} args content and options
 */
function insert(token, method, args) {
  const name = token.constructor.name;
  if (args.length < 1) throw badArgument(name, method, 1, "string or JsReadableStream or Response");
  const [content, options] = Array.from(args);
  if (options !== undefined && options !== null && typeof options !== "object" && typeof options !== "function") {
    throw badArgument(name, method, 2, "ContentOptions");
  }
  const html = Boolean(options?.html);
  const stream = isResponse(content) ? content.body : content;
  if (stream === null && content !== null) act(token, method, "", html);
  else if (isReadableStream(stream)) act(token, method, streamKey(token, stream), html);
  else act(token, method, toDOMString(content), html);
  return token;
}

/** @param {any} token @param {import("stated:streams").ReadableStream<any>} stream */
function streamKey(token, stream) {
  if (token instanceof Comment || token instanceof DocumentEnd) {
    throw new TypeError("Replacing content in HTML comments using a ReadableStream or Response object is not implemented. You "
      + "must provide a string.");
  }
  return documentOf(token).noteStream(stream);
}

/** The attributes of an element, as pairs. They may not change meanwhile. */
class AttributesIterator {
  #element;
  #version;
  /** @type {string[]} flat */ #pairs;
  #index = 0;

  /** @param {symbol} key @param {Element} element @param {number} version */
  constructor(key, element, version) {
    if (key !== internal) throw illegalConstructor();
    this.#element = element;
    this.#version = version;
    this.#pairs = act(element, "attributes");
  }

  next() {
    documentOf(this.#element);
    if (versionOf(this.#element) !== this.#version) {
      throw new Error("The attributes of this element have been modified during iteration. You must create a new iterator after "
        + "modifying attributes.");
    }
    const index = this.#index;
    if (index >= this.#pairs.length) return { done: true, value: undefined };
    this.#index += 2;
    return { done: false, value: [this.#pairs[index], this.#pairs[index + 1]] };
  }

  [Symbol.iterator]() {
    return this;
  }
}

defineInterface(AttributesIterator);

/** How often the attributes of an element were changed. @type {(element: Element) => number} */
let versionOf;

/** The start of an element, and by that the element. */
class Element extends Token {
  #version = 0;

  /** @param {symbol} key @param {HtmlDocument} document */
  constructor(key, document) {
    super(key, document);
    Object.defineProperties(this, elementProperties);
  }

  static {
    versionOf = (element) => element.#version;
  }

  /** @param {string} name */
  getAttribute(name) {
    if (arguments.length < 1) throw badArgument("Element", "getAttribute", 1, "string");
    return act(this, "getAttribute", toDOMString(name));
  }

  /** @param {string} name */
  hasAttribute(name) {
    if (arguments.length < 1) throw badArgument("Element", "hasAttribute", 1, "string");
    return act(this, "getAttribute", toDOMString(name)) !== null;
  }

  /** @param {string} name @param {string} value */
  setAttribute(name, value) {
    if (arguments.length < 2) throw badArgument("Element", "setAttribute", arguments.length + 1, "string");
    act(this, "setAttribute", toDOMString(name), toDOMString(value));
    this.#version += 1;
    return this;
  }

  /** @param {string} name */
  removeAttribute(name) {
    if (arguments.length < 1) throw badArgument("Element", "removeAttribute", 1, "string");
    act(this, "removeAttribute", toDOMString(name));
    this.#version += 1;
    return this;
  }

  /** @param {any} content @param {ContentOptions} [options] */
  before(content, options) {
    return insert(this, "before", arguments);
  }

  /** @param {any} content @param {ContentOptions} [options] */
  after(content, options) {
    return insert(this, "after", arguments);
  }

  /** @param {any} content @param {ContentOptions} [options] */
  prepend(content, options) {
    return insert(this, "prepend", arguments);
  }

  /** @param {any} content @param {ContentOptions} [options] */
  append(content, options) {
    return insert(this, "append", arguments);
  }

  /** @param {any} content @param {ContentOptions} [options] */
  replace(content, options) {
    return insert(this, "replace", arguments);
  }

  /** @param {any} content @param {ContentOptions} [options] */
  setInnerContent(content, options) {
    return insert(this, "setInnerContent", arguments);
  }

  /** Removes it with all that is in it. */
  remove() {
    act(this, "remove");
    return this;
  }

  /** Removes its tags. */
  removeAndKeepContent() {
    act(this, "removeAndKeepContent");
    return this;
  }

  /**
   * Has the end tag shown to `handler`, instead of to one that was given before.
   *
   * @param {Function} handler
   */
  onEndTag(handler) {
    if (typeof handler !== "function") throw badArgument("Element", "onEndTag", 1, "function");
    act(this, "onEndTag", documentOf(this).noteEndTag(handler));
  }
}

const elementProperties = defineToken(Element, {
  namespaceURI: readable("namespaceURI"),
  removed: readable("removed"),
  attributes: {
    /** @this {Element} */
    get() {
      return new AttributesIterator(internal, this, versionOf(this));
    },
  },
  tagName: writable("name", "setName"),
});

/** A piece of text. A text node has as many as the parser makes of it; the last one may be empty. */
class Text extends Token {
  /** @param {symbol} key @param {HtmlDocument} document */
  constructor(key, document) {
    super(key, document);
    Object.defineProperties(this, textProperties);
  }

  /** @param {any} content @param {ContentOptions} [options] */
  before(content, options) {
    return insert(this, "before", arguments);
  }

  /** @param {any} content @param {ContentOptions} [options] */
  after(content, options) {
    return insert(this, "after", arguments);
  }

  /** @param {any} content @param {ContentOptions} [options] */
  replace(content, options) {
    return insert(this, "replace", arguments);
  }

  remove() {
    act(this, "remove");
    return this;
  }
}

const textProperties = defineToken(Text, {
  removed: readable("removed"),
  lastInTextNode: readable("lastInTextNode"),
  text: readable("text"),
});

class Comment extends Token {
  /** @param {symbol} key @param {HtmlDocument} document */
  constructor(key, document) {
    super(key, document);
    Object.defineProperties(this, commentProperties);
  }

  /** @param {any} content @param {ContentOptions} [options] */
  before(content, options) {
    return insert(this, "before", arguments);
  }

  /** @param {any} content @param {ContentOptions} [options] */
  after(content, options) {
    return insert(this, "after", arguments);
  }

  /** @param {any} content @param {ContentOptions} [options] */
  replace(content, options) {
    return insert(this, "replace", arguments);
  }

  remove() {
    act(this, "remove");
    return this;
  }
}

const commentProperties = defineToken(Comment, {
  removed: readable("removed"),
  text: writable("text", "setText"),
});

class Doctype extends Token {
  /** @param {symbol} key @param {HtmlDocument} document */
  constructor(key, document) {
    super(key, document);
    Object.defineProperties(this, doctypeProperties);
  }
}

const doctypeProperties = defineToken(Doctype, {
  systemId: readable("systemId"),
  publicId: readable("publicId"),
  name: readable("name"),
});

class EndTag extends Token {
  /** @param {symbol} key @param {HtmlDocument} document */
  constructor(key, document) {
    super(key, document);
    Object.defineProperties(this, endTagProperties);
  }

  /** @param {any} content @param {ContentOptions} [options] */
  before(content, options) {
    return insert(this, "before", arguments);
  }

  /** @param {any} content @param {ContentOptions} [options] */
  after(content, options) {
    return insert(this, "after", arguments);
  }

  remove() {
    act(this, "remove");
    return this;
  }
}

const endTagProperties = defineToken(EndTag, { name: writable("name", "setName") });

class DocumentEnd extends Token {
  /** @param {any} content @param {ContentOptions} [options] */
  append(content, options) {
    return insert(this, "append", arguments);
  }
}

defineToken(DocumentEnd, {});

/** @type {(new (key: symbol, document: HtmlDocument) => Token)[]} by kind */
const classes = [Element, Comment, Text, Doctype, DocumentEnd, EndTag];

/**
 * A token of the handler that is about to run.
 *
 * @param {number} kind
 * @param {HtmlDocument} document
 */
export function newToken(kind, document) {
  return new classes[kind](internal, document);
}
