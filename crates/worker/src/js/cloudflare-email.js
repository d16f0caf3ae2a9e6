/**
 * The module `cloudflare:email`: a message can be made; there is nothing here that sends it.
 *
 * @module
 */

import { badConstructorArgument } from "stated:webidl";

/** An e-mail. */
export class EmailMessage {
  #from;
  #to;
  #raw;

  /**
   * @param {string} from
   * @param {string} to
   * @param {any} raw the whole message, as a stream or a string
   */
  constructor(from, to, raw) {
    [from, to, raw].forEach((value, index) => {
      if (value === undefined) throw badConstructorArgument("EmailMessage", index + 1, index < 2 ? "string" : "ReadableStream or string");
    });
    this.#from = `${from}`;
    this.#to = `${to}`;
    this.#raw = raw;
  }

  get from() {
    return this.#from;
  }

  get to() {
    return this.#to;
  }

  get raw() {
    return this.#raw;
  }
}
