/** AbortSignals as arguments and results of RPC, behind their flag, and those of requests. Reference: sections 10.4 and 11.5. */

import { caseObject, caseWorker } from "../harness.js";

const reasonOf = ({ reason }) => (typeof reason === "object" && reason !== null ? [reason.constructor.name, reason.name, reason.message] : reason);

/** What becomes of a signal, when it does. */
const untilAborted = (signal) => new Promise((resolve) => signal.addEventListener("abort", () => resolve([signal.aborted, reasonOf(signal)])));

const receiving = {
  construct: (object) => { object.waiting = 0; },
  look: (_object, signal) => [signal.constructor.name, signal.aborted, reasonOf(signal)],
  until(object, signal) { object.waiting += 1; return untilAborted(signal); },
  waiting: (object) => object.waiting,
  check(_object, signal) { signal.throwIfAborted(); return "not aborted"; },
  echo: (_object, value) => value,
};

/** Aborts when the object waits for it, and gives what the object has seen. */
async function abortedLater(object, signal, abort) {
  const before = await object.step("waiting");
  const seen = object.step("until", signal);
  while ((await object.step("waiting")) === before) await scheduler.wait(1);
  abort();
  return seen;
}

const cases = {
  "10.4 a signal that is aborted": {
    object: receiving,
    async worker({ object }, t) {
      await t.attempt("without a reason", () => object.step("look", AbortSignal.abort()));
      await t.attempt("with a text", () => object.step("look", AbortSignal.abort("why")));
      await t.attempt("with an error", () => object.step("look", AbortSignal.abort(new RangeError("why"))));
      await t.attempt("that is asked to throw", () => object.step("check", AbortSignal.abort(new RangeError("thrown"))));
      await t.attempt("not yet", () => object.step("look", new AbortController().signal));
      await t.attempt("given back", async () => receiving.look(undefined, await object.step("echo", AbortSignal.abort("text"))));
    },
  },

  "10.4 a signal that is aborted later": {
    object: receiving,
    async worker({ object }, t) {
      for (const [name, reason] of [["a text", ["later"]], ["an error", [new TypeError("later")]], ["nothing", []]]) {
        const controller = new AbortController();
        await t.attempt(name, () => abortedLater(object, controller.signal, () => controller.abort(...reason)));
      }
      const controller = new AbortController();
      await t.attempt("any of several", () => abortedLater(object, AbortSignal.any([controller.signal]), () => controller.abort("any")));
      await t.attempt("by time", () => object.step("until", AbortSignal.timeout(10)));
    },
  },

  "10.4 a signal of the object": {
    object: {
      construct: (object) => { object.controller = new AbortController(); },
      give: (object) => object.controller.signal,
      abort(object) { object.controller.abort("by the object"); },
    },
    async worker({ object }, t) {
      const signal = await object.step("give");
      t.write("given", signal.constructor.name, signal.aborted);
      const seen = untilAborted(signal);
      await object.step("abort");
      t.write("aborted", await seen);
    },
  },

  "10.4 what is no signal": {
    object: receiving,
    async worker({ object }, t) {
      await t.attempt("a controller", () => object.step("echo", new AbortController()));
      await t.attempt("of a request", async () => (await object.step("echo", new Request("http://host/", { signal: new AbortController().signal }))).signal.aborted);
    },
  },

  "11.5 a fetch that is aborted": {
    object: {
      construct: (object) => { object.seen = []; },
      async fetch(object, { signal }) {
        signal.addEventListener("abort", () => object.seen.push([signal.reason.name, signal.reason.message]));
        object.began = true;
        await scheduler.wait(200);
        return new Response("late");
      },
      began: (object) => object.began ?? false,
      async seen(object) { while (object.seen.length === 0) await scheduler.wait(1); return object.seen; },
    },
    async worker({ object }, t) {
      await t.attempt("before", () => object.fetch("http://object/", { signal: AbortSignal.abort("before") }));
      const controller = new AbortController();
      const call = object.fetch("http://object/", { signal: controller.signal });
      call.catch(() => {});
      while (!(await object.step("began"))) await scheduler.wait(1);
      controller.abort(new RangeError("mine"));
      await t.attempt("while it runs", () => call);
      t.write("seen by the object", await object.step("seen"));
    },
  },
};

export class Subject extends caseObject(cases) {}

export default caseWorker(cases);
