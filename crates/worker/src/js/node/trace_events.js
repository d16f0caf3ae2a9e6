/**
 * `node:trace_events`. Tracing can be switched on, and nothing is traced; as on Workers.
 *
 * @module
 */

import { checkObject, checkString, invalidArgType, nodeError } from "stated:node-support/errors";

class Tracing {
  /** @type {string[]} */
  #categories;
  #enabled = false;

  /** @param {string[]} categories */
  constructor(categories) {
    this.#categories = categories;
  }

  enable() {
    this.#enabled = true;
  }

  disable() {
    this.#enabled = false;
  }

  get enabled() {
    return this.#enabled;
  }

  get categories() {
    return this.#categories.join(",");
  }
}

/** @param {any} options with `categories`, of which there must be one */
export function createTracing(options) {
  checkObject("options", options);
  const { categories } = options;
  if (!Array.isArray(categories)) throw invalidArgType("options.categories", "an instance of Array", categories);
  categories.forEach((category, index) => checkString(`options.categories[${index}]`, category));
  if (categories.length === 0) throw nodeError(TypeError, "ERR_TRACE_EVENTS_CATEGORY_REQUIRED", "At least one category is required");
  return new Tracing(categories);
}

/** None. @returns {undefined} */
export function getEnabledCategories() {
  return undefined;
}

export default { createTracing, getEnabledCategories };
