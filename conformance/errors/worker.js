/**
 * Errors as a caller sees them. Reference: sections 2.6, 2.7, 10.7.
 *
 * The folder errors-by-name runs the same program with a date before enhanced_error_serialization.
 */

import { DurableObject, RpcTarget, WorkerEntrypoint } from "cloudflare:workers";
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

class Point {
  x = 1;
}

/** What a program looks at of an error, but for `.remote`, which gates and rpc-stubs show. */
async function caught(action) {
  try {
    return ["no error", await action()];
  } catch (error) {
    const { constructor, name, message, code, extra, durableObjectReset } = error;
    return [constructor?.name, name, message, code, extra, durableObjectReset];
  }
}

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

  "2.7 what an error carries": {
    object: {
      fail(_object, kind) {
        const error = new Error("text");
        switch (kind) {
          case "an instance": throw Object.assign(error, { extra: new Point() });
          case "a getter": throw Object.defineProperty(error, "extra", { get: () => 5, enumerable: true });
          case "what is not enumerable": throw Object.defineProperty(error, "extra", { value: 5 });
          case "a function": throw Object.assign(error, { extra: () => 1, code: 5 });
          case "a getter that throws": throw Object.defineProperty(error, "extra", { get() { throw new Error("in the getter"); }, enumerable: true });
          case "an error": throw Object.assign(error, { extra: new CustomError("inner") });
          case "flags": throw Object.assign(error, { durableObjectReset: 5, code: 5 });
          case "falsy flags": throw Object.assign(error, { retryable: 0, overloaded: "", code: 5 });
          default: throw Object.freeze(error);
        }
      },
    },
    async worker({ object }, t) {
      for (const kind of ["an instance", "a getter", "what is not enumerable", "a function", "a getter that throws", "an error", "flags", "falsy flags", "nothing: it is frozen"]) {
        t.write(kind, await caught(() => object.step("fail", kind)));
      }
    },
  },

  "2.7 an instance of the program's own class": {
    object: { fail() { throw new Point(); } },
    async worker({ object }, t) {
      const error = await object.step("fail").catch((reason) => reason);
      t.write("error", error.constructor.name, error.x, error.message);
    },
  },

  "2.7 wherever it was thrown": {
    object: {
      target: () => new Thrower(),
      async callBack(_object, call) { return caught(call); },
    },
    async worker({ object, ctx }, t) {
      t.write("by a target", await caught(() => object.step("target").fail()));
      t.write("by a getter", await caught(async () => await object.step("target").broken));
      t.write("by a function", await object.step("callBack", () => { throw new CustomError("of a function"); }));
      t.write("by an entrypoint", await caught(() => ctx.exports.Admin.fail()));
      t.write("by its fetch", await caught(() => ctx.exports.Admin.fetch("http://host/")));
    },
  },

  "2.3 the error of a constructor or a section": inWorker(async ({ env, name }, t) => {
    for (const kind of ["constructor", "text", "section", "rejection"]) {
      const stub = env.BREAKING.getByName(`${name}#${kind}`);
      t.write(kind, await caught(() => stub.hello()));
      t.write("same stub", await caught(() => stub.hello()));
      t.write("its fetch", await caught(() => stub.fetch("http://object/")));
      t.write("at once", await Promise.all([0, 1].map(() => caught(() => env.BREAKING.getByName(`${name}#${kind}`).hello()))));
    }
    const stub = env.BREAKING.getByName(`${name}#later`);
    t.write("of a handler", await caught(() => stub.section()));
    t.write("same stub", await caught(() => stub.hello()));
    t.write("new stub", await caught(() => env.BREAKING.getByName(`${name}#later`).hello()));
  }),

  "2.6 calls of one stub that are made at once": inWorker(async ({ env, name }, t) => {
    const open = () => env.BREAKING.getByName(name);
    const stub = open();
    const calls = [stub.slow(), stub.slow(), stub.abort("gone"), stub.slow(), stub.hello(), stub.fetch("http://object/")];
    for (const call of calls) t.write("call", await caught(() => call));
    t.write("later", await caught(() => stub.hello()));
    t.write("a property", await caught(async () => await stub.getter));
    t.write("new stub", await caught(() => open().hello()));
    const [old, other] = [open(), open()];
    await old.hello();
    await caught(() => other.abort("again"));
    t.write("another stub", await caught(() => old.hello()), await caught(() => old.hello()));
  }),

  "2.5 reasons of an abort": inWorker(async ({ env, name }, t) => {
    for (const [kind, args] of Object.entries({ word: ["text"], nothing: [], undefined: [undefined], null: [null], number: [5], error: [new CustomError("text")], object: [{ a: 1 }], list: [[1, 2]], empty: [""], "retryAlarm": ["text", { retryAlarm: false }], "bad options": ["text", "options"], "options null": ["text", null] })) {
      t.write(kind, await caught(() => env.BREAKING.getByName(`${name}#${kind}`).abort(...args)));
    }
    t.write("in a getter", await caught(async () => await env.BREAKING.getByName(`${name}#getter`).aborting));
    t.write("in waitUntil", await caught(() => env.BREAKING.getByName(`${name}#later`).abortLater()));
    t.write("in a constructor", await caught(() => env.BREAKING.getByName(`${name}#aborts`).hello()));
  }),

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

/** A target that throws. */
class Thrower extends RpcTarget {
  fail() { throw new CustomError("of a target"); }
  get broken() { throw new CustomError("of a getter"); }
}

/** A stateless entrypoint that throws. */
export class Admin extends WorkerEntrypoint {
  fail() { throw new CustomError("of an entrypoint"); }
  fetch() { throw new CustomError("of fetch"); }
}

/** An object that breaks as its name says. */
export class Breaking extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    switch (ctx.id.name.split("#")[1]) {
      case "constructor": throw new CustomError("of the constructor");
      case "text": throw "a text";
      case "section": ctx.blockConcurrencyWhile(() => { throw new CustomError("of a section"); }); break;
      case "rejection": ctx.blockConcurrencyWhile(async () => { await scheduler.wait(1); throw Object.assign(new RangeError("of a promise"), { extra: [1] }); }); break;
      case "aborts": ctx.abort("early"); break;
      default:
    }
  }

  hello() { return "hello"; }
  fetch() { return new Response("hello"); }
  get getter() { return 1; }
  async slow() { await scheduler.wait(50); return "slow"; }
  abort(...args) { this.ctx.abort(...args); }
  get aborting() { this.ctx.abort("in a getter"); return 1; }
  abortLater() { this.ctx.waitUntil(scheduler.wait(5).then(() => this.ctx.abort("later"))); return "returned"; }
  async section() { await this.ctx.blockConcurrencyWhile(() => { throw new CustomError("of a later section"); }); }
}

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
