/**
 * `node:domain`. A domain runs functions and watches nothing: an error goes on to who called; as on Workers.
 *
 * @module
 */

import { EventEmitter } from "stated:node/events";

export class Domain extends /** @type {any} */ (EventEmitter) {
  /** @type {any[] | undefined} */
  members = undefined;

  /** @param {any} error */
  _errorHandler(error) {
    throw error;
  }

  enter() {}

  exit() {}

  /** @param {any} emitter */
  add(emitter) {
    void emitter;
  }

  /** @param {any} emitter */
  remove(emitter) {
    void emitter;
  }

  /** @param {Function} fn @param {...any} args */
  run(fn, ...args) {
    return Reflect.apply(fn, this, args);
  }

  /** @template T @param {T} fn @returns {T} */
  intercept(fn) {
    return fn;
  }

  /** @template T @param {T} fn @returns {T} */
  bind(fn) {
    return fn;
  }
}

export function createDomain() {
  return new Domain();
}

export const create = createDomain;
export const active = null;

export default { active, create, createDomain, Domain };
