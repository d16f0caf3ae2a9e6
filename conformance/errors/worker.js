/**
 * Errors as a caller sees them. Reference: sections 2.6, 2.7, 10.7.
 *
 * The folder errors-by-name runs the same program with a date before enhanced_error_serialization.
 */

import { DurableObject } from "cloudflare:workers";
import { caseObject, caseWorker, inWorker } from "../harness.js";

/** A case whose object throws what `make` gives, from RPC and from fetch. */
const thrown = (make) => ({
  object: {
    fail() { throw make(); },
    fetch() { throw make(); },
  },
  async worker({ object }, t) {
    await t.attempt("rpc", () => object.step("fail"));
    await t.attempt("fetch", () => object.fetch("http://object/"));
  },
});

class CustomError extends Error {
  name = "CustomError";
  code = 7;
}

class Unnamed extends TypeError {}

const cases = {
  "2.7 an Error": thrown(() => new Error("text")),
  "2.7 an Error without a message": thrown(() => new Error()),
  "2.7 a TypeError": thrown(() => new TypeError("text")),
  "2.7 a RangeError": thrown(() => new RangeError("text")),
  "2.7 a SyntaxError": thrown(() => new SyntaxError("text")),
  "2.7 a ReferenceError": thrown(() => new ReferenceError("text")),
  "2.7 a URIError": thrown(() => new URIError("text")),
  "2.7 an EvalError": thrown(() => new EvalError("text")),
  "2.7 an AggregateError": thrown(() => new AggregateError([new Error("one")], "text")),
  "2.7 a DOMException": thrown(() => new DOMException("text", "NotFoundError")),
  "2.7 an error of a class with a name": thrown(() => new CustomError("text")),
  "2.7 an error of a class without a name": thrown(() => new Unnamed("text")),
  "2.7 an error whose name was changed": thrown(() => Object.assign(new Error("text"), { name: "Renamed" })),
  "2.7 a string": thrown(() => "text"),
  "2.7 a number": thrown(() => 7),
  "2.7 null": thrown(() => null),
  "2.7 undefined": thrown(() => undefined),
  "2.7 a plain object": thrown(() => ({ code: 7, message: "text" })),
  "2.7 an error that asks for a retry": thrown(() => Object.assign(new Error("text"), { retryable: true })),
  "2.7 an error that says overloaded": thrown(() => Object.assign(new Error("text"), { overloaded: true })),
  "2.7 an error that says both": thrown(() => Object.assign(new Error("text"), { overloaded: true, retryable: true })),
  "2.7 an error with a colon in its message": thrown(() => new Error("TypeError: text")),
  "2.7 an error with several lines": thrown(() => new Error("one\ntwo")),

  "2.7 properties and cause": {
    object: {
      fail() {
        throw Object.assign(new TypeError("text", { cause: new RangeError("why") }), { code: 7, details: { a: [1] } });
      },
    },
    async worker({ object }, t) {
      const error = await object.step("fail").catch((reason) => reason);
      t.write("error", error);
      t.write("code", error.code);
      t.write("details", error.details);
      t.write("cause", error.cause);
    },
  },

  "2.7 the object that failed is named": {
    object: { fail() { throw new Error("text"); } },
    async worker({ object }, t) {
      const error = await object.step("fail").catch((reason) => reason);
      t.write("id", error.durableObjectId === object.id.toString());
    },
  },

  "2.7 the stack is the caller's": {
    object: { fail() { throw new Error("text"); } },
    async worker({ object }, t) {
      const error = await object.step("fail").catch((reason) => reason);
      t.write("type", typeof error.stack);
    },
  },

  "2.7 an error as a value": {
    object: { give: () => Object.assign(new TypeError("text", { cause: "why" }), { code: 7 }) },
    async worker({ object }, t) {
      const error = await object.step("give");
      t.write("error", error);
      t.write("code", error.code);
      t.write("cause", error.cause);
    },
  },

  "2.7 a rejection counts as a throw": {
    object: { fail: () => Promise.reject(new RangeError("text")) },
    async worker({ object }, t) {
      await t.attempt("rpc", () => object.step("fail"));
    },
  },

  "2.6 an error leaves the object as it is": {
    object: {
      construct: (object) => { object.count = 0; },
      fail(object) { object.count += 1; throw new Error("text"); },
      count: (object) => object.count,
    },
    async worker({ object }, t) {
      await t.attempt("first", () => object.step("fail"));
      await t.attempt("second", () => object.step("fail"));
      t.write("count", await object.step("count"));
    },
  },

  "2.7 an error passes through a second object": {
    object: {
      outer: async ({ env, ctx }) => env.SUBJECT.getByName(`${ctx.id.name}#inner`).step("fail"),
      fail() { throw new TypeError("text"); },
    },
    async worker({ object }, t) {
      await t.attempt("rpc", () => object.step("outer"));
    },
  },

  "2.1 a class without fetch()": inWorker(async ({ env, name }, t) => {
    await t.attempt("fetch", () => env.BARE.getByName(name).fetch("http://object/"));
    await t.attempt("rpc", () => env.BARE.getByName(name).hello());
  }),

  "2.1 a class that extends nothing": inWorker(async ({ env, name }, t) => {
    const stub = env.LEGACY.getByName(name);
    t.write("fetch", await (await stub.fetch("http://object/")).text());
    await t.attempt("rpc", () => stub.hello());
    await t.attempt("property", () => stub.field);
  }),

  "2.1 a class whose fetch is no function": inWorker(async ({ env, name }, t) => {
    await t.attempt("fetch", () => env.STRANGE.getByName(name).fetch("http://object/"));
  }),

  "2.7 a response that is none": {
    object: { fetch: () => "text" },
    async worker({ object }, t) {
      await t.attempt("fetch", () => object.fetch("http://object/"));
    },
  },

  "2.7 no response": {
    object: { fetch: () => undefined },
    async worker({ object }, t) {
      await t.attempt("fetch", () => object.fetch("http://object/"));
    },
  },
};

/** No handler at all. */
export class Bare extends DurableObject {
  hello() {
    return "hello";
  }
}

/** The form without a base class. */
export class Legacy {
  field = 7;

  fetch() {
    return new Response("legacy");
  }

  hello() {
    return "hello";
  }
}

/** A handler that is no function. */
export class Strange extends DurableObject {
  fetch = "text";
}

export class Subject extends caseObject(cases) {}

export default caseWorker(cases);
