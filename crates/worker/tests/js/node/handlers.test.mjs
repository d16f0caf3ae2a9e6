/** Class forms, ctx, construction, alarms and stateless handlers: reference 2.1 to 2.3, 8.2, 10.9, 11.1 to 11.3. */

import { DurableObject, env, exports, waitUntil, withEnv, withEnvAndExports, withExports, WorkerEntrypoint,
  WorkflowEntrypoint } from "stated:cloudflare-workers";
import { Response } from "stated:response";
import { setFlags } from "stated:settings";
import { assertEquals, assertRejects, assertThrows, test } from "stated:test";
import { currentFlags, Host, settle } from "./host-objects.mjs";

const host = new Host();
let scenario;
let alarm;

class Thing extends DurableObject {
  constructor(ctx, bindings) {
    super(ctx, bindings);
    this.inConstructor = [this.ctx === ctx, this.env === bindings, ctx.id.name];
  }
  run() {
    return scenario(this.ctx, this);
  }
  async alarm(info) {
    return alarm(info);
  }
}
class Silent extends DurableObject {
  alarm = 5;
  fetch = 7;
}
class Early extends DurableObject {
  constructor(ctx, bindings) {
    super(ctx, bindings);
    ctx.storage.kv.put("early", 1);
    ctx.storage.setAlarm(9e12);
  }
  fetch() {
    return new Response([...this.ctx.storage.kv.list()].join());
  }
}
class Legacy {
  constructor(state, bindings) {
    this.state = state;
    this.bindings = bindings;
  }
  async fetch() {
    await this.state.storage.put("n", ((await this.state.storage.get("n")) ?? 0) + 1);
    return new Response(`${await this.state.storage.get("n")} ${this.bindings === this.state.bindings} ${typeof this.bindings.TEXT}`);
  }
}
class Flow extends WorkflowEntrypoint {}
class Entry extends WorkerEntrypoint {
  constructor(ctx, bindings) {
    super(ctx, bindings);
    if (bindings.TEXT !== "text") throw new Error("no env");
  }
  async fetch(request) {
    return new Response(`${request.method} ${this.env.TEXT}`);
  }
  async scheduled(...args) {
    return scenario(this.ctx, this.env, ...args);
  }
}

const program = {
  Thing, Silent, Early, Legacy, Flow, Entry,
  Broken: class extends WorkerEntrypoint {
    constructor() {
      super();
      throw new RangeError("broken");
    }
  },
  helper() {},
  number: 5,
  nothing: null,
  other: { fetch: (request) => new Response(request.url), scheduled() {}, value: 1 },
  default: {
    fetch(request, bindings, ctx) {
      return scenario(request, bindings, ctx, this);
    },
  },
};
const described = host.run(program, {
  namespaces: [{ className: "Thing" }, { className: "Silent" }, { className: "Early" }, { className: "Legacy", sqlite: false }],
  bindings: [{ type: "text", name: "TEXT", value: "text" }, { type: "json", name: "JSON", value: { a: [1] } },
    { type: "unsupported", name: "KV", kind: "kv_namespaces" }, { type: "versionMetadata", name: "VERSION" },
    { type: "rateLimit", name: "LIMIT", namespaceId: "7", limit: 3, period: 10 }],
});
let count = 0;

async function inObject(fn, name = undefined) {
  const object = host.object(0, String(++count).padStart(64, "0"), name);
  scenario = async (...args) => {
    object.value = await fn(...args);
  };
  await host.objectEvent(object, (callId, context) => host.main.callObject(callId, context, ["run"], new Uint8Array([0xff, 15, 65, 0, 36, 0, 0]), []));
  return object;
}

/** A fetch of the default entrypoint whose handler is `fn`; the response's parts. */
async function fetchWith(fn, options) {
  scenario = fn;
  const [status, statusText, headers, body] = await host.fetch("http://host/path", options);
  return { status, statusText, headers, text: typeof body === "number" || body === null ? body : new TextDecoder().decode(body) };
}

// --- what a program exports -------------------------------------------------------------------------------------------

test("exports are described by kind and handlers", () => {
  assertEquals(described, [
    { name: "Thing", kind: "durable-object", handlers: ["alarm"] },
    { name: "Silent", kind: "durable-object", handlers: [] },
    { name: "Early", kind: "durable-object", handlers: ["fetch"] },
    { name: "Legacy", kind: "legacy-class", handlers: ["fetch"] },
    { name: "Flow", kind: "other", handlers: [] },
    { name: "Entry", kind: "entrypoint", handlers: ["fetch", "scheduled"] },
    { name: "Broken", kind: "entrypoint", handlers: [] },
    { name: "helper", kind: "other", handlers: [] },
    { name: "number", kind: "other", handlers: [] },
    { name: "nothing", kind: "other", handlers: [] },
    { name: "other", kind: "object", handlers: ["fetch", "scheduled"] },
    { name: "default", kind: "object", handlers: ["fetch"] },
  ]);
});

// --- stateless handlers -----------------------------------------------------------------------------------------------

test("a handler gets request, env and ctx, with its object as this", async () => {
  const { status, text } = await fetchWith((request, bindings, ctx, self) =>
    new Response([request.method, request.url, bindings.TEXT, typeof ctx.waitUntil, self === program.default].join(), { status: 201 }),
  { method: "PUT" });
  assertEquals([status, text], [201, "PUT,http://host/path,text,function,true"]);
});

test("a promise of a response is awaited", async () => {
  assertEquals((await fetchWith(async () => new Response("later"))).text, "later");
});

test("request headers and body arrive", async () => {
  const { text } = await fetchWith(async (request) => new Response(`${request.headers.get("a")} ${await request.text()}`),
    { method: "POST", headers: ["a", "1", "a", "2"], body: new Uint8Array([104, 105]) });
  assertEquals(text, "1, 2 hi");
});

test("response headers and status text go out", async () => {
  const { statusText, headers } = await fetchWith(() => new Response(null, { statusText: "Fine", headers: { "X-A": "1" } }));
  assertEquals([statusText, headers], ["Fine", ["x-a", "1"]]);
});

for (const [name, handler, text] of [
  ["throws", () => { throw new TypeError("no"); }, "TypeError: no"],
  ["rejects", async () => { throw new RangeError("no"); }, "RangeError: no"],
  ["returns a string", () => "text", "TypeError: Callback returned incorrect type; expected 'Promise'"],
  ["returns nothing", () => undefined, "TypeError: Callback returned incorrect type; expected 'Promise'"],
  ["resolves with an object", async () => ({}), "TypeError: Incorrect type for Promise: the Promise did not resolve to 'Response'."],
  ["throws a string", () => { throw "x"; }, "Error: x"],
]) {
  test(`a handler that ${name} answers with the error`, async () => {
    const failure = await fetchWith(handler).catch((error) => error);
    assertEquals([failure.text, typeof failure.stack, failure.flags], [text, "string", 0]);
  });
}

test("entrypoints that are not there answer with an error", async () => {
  for (const entrypoint of ["Nope", "helper", "number", "nothing", "Flow"]) {
    const failure = await fetchWith(() => {}, { entrypoint }).catch((error) => error);
    assertEquals(failure.text, `TypeError: The entrypoint name ${entrypoint} was not found in this worker. Ensure the worker exports an entrypoint with that name.`);
  }
  const failure = await fetchWith(() => {}, { entrypoint: "Thing" }).catch((error) => error);
  assertEquals(failure.text, "TypeError: The entrypoint name Thing refers to a Durable Object class, but the incoming request is trying to invoke it as a stateless worker.");
});

test("an entrypoint class is constructed with ctx and env for each request", async () => {
  assertEquals((await fetchWith(() => {}, { entrypoint: "Entry" })).text, "GET text");
  const failure = await fetchWith(() => {}, { entrypoint: "Broken" }).catch((error) => error);
  assertEquals(failure.text, "RangeError: broken");
});

test("another object's fetch is an entrypoint, too", async () => {
  assertEquals((await fetchWith(() => {}, { entrypoint: "other" })).text, "http://host/path");
});

// --- scheduled --------------------------------------------------------------------------------------------------------

/** Runs a scheduled event; the context it had. */
async function schedule(entrypoint, handler) {
  scenario = handler;
  let contextId;
  await host.call(++host.lastContext, (callId, context) => {
    contextId = context;
    host.main.scheduledEntrypoint(callId, context, entrypoint, undefined, 1_764_403_200_000, "* * * * *");
  });
  return contextId;
}

test("a class's scheduled gets the controller alone, and is awaited", async () => {
  let finished = false;
  const contextId = await schedule("Entry", async (ctx, bindings, controller, ...more) => {
    assertEquals([typeof ctx.waitUntil, bindings.TEXT, more], ["function", "text", []]);
    assertEquals([controller.scheduledTime, controller.cron, Object.keys(controller)],
      [1_764_403_200_000, "* * * * *", ["scheduledTime", "cron"]]);
    assertEquals([Object.prototype.toString.call(controller), controller.noRetry()], ["[object ScheduledController]", undefined]);
    assertThrows(() => new controller.constructor(), TypeError, "Illegal constructor");
    ctx.waitUntil(Promise.reject(new Error("late")));
    await settle();
    finished = true;
  });
  assertEquals([finished, host.noRetries, host.failedTasks.has(contextId), host.uncaught.length], [true, [contextId], true, 1]);
  host.uncaught.length = 0;
});

test("an object's scheduled gets controller, env and ctx, and its failure is the answer", async () => {
  program.other.scheduled = (controller, bindings, ctx) => {
    throw new RangeError([controller.cron, bindings.TEXT, typeof ctx.waitUntil].join());
  };
  const failure = await schedule("other", undefined).catch((error) => error);
  assertEquals([failure.text, failure.stack.startsWith("RangeError: ")], ["RangeError: * * * * *,text,function", true]);
});

test("without a scheduled handler the event fails, and the author is told once", async () => {
  host.logged.length = 0;
  for (let i = 0; i < 2; i++) {
    const failure = await schedule("default", undefined).catch((error) => error);
    assertEquals(failure.text, "Error: Handler does not export a scheduled() function.");
  }
  assertEquals(host.logged, [[3, "Received a ScheduledEvent but we lack a handler for ScheduledEvents. Did you remember to export a scheduled() function?"]]);
});

// --- ExecutionContext -------------------------------------------------------------------------------------------------

test("waitUntil keeps the context until the promise is settled", async () => {
  let finish;
  let contextId;
  await fetchWith((_request, _env, ctx) => {
    contextId = host.contextId();
    ctx.waitUntil(new Promise((resolve) => {
      finish = resolve;
    }));
    return new Response();
  });
  assertEquals(host.tasks.get(contextId), 1);
  finish();
  await settle();
  assertEquals([host.tasks.get(contextId), host.uncaught], [0, []]);
});

test("what waitUntil's promise rejects with is reported and nothing else", async () => {
  let contextId;
  const { status } = await fetchWith((_request, _env, ctx) => {
    contextId = host.contextId();
    ctx.waitUntil(Promise.reject(new TypeError("background")));
    ctx.waitUntil(5);
    return new Response();
  });
  await settle();
  assertEquals([status, host.tasks.get(contextId), host.uncaught.length, host.uncaught[0].includes("TypeError: background")], [200, 0, 1, true]);
  host.uncaught.length = 0;
});

test("ctx has props, exports and passThroughOnException", async () => {
  await fetchWith((_request, _env, ctx) => {
    assertEquals([ctx.props, ctx.props === ctx.props, ctx.passThroughOnException()], [{}, true, undefined]);
    assertEquals(Object.keys(ctx.exports).sort(), ["Broken", "Early", "Entry", "Legacy", "Silent", "Thing", "default", "other"]);
    assertThrows(() => ctx.waitUntil(), TypeError, "Failed to execute 'waitUntil' on 'ExecutionContext': parameter 1 is not of type 'Promise'.");
    assertThrows(() => new ctx.constructor(), TypeError, "Illegal constructor");
    return new Response();
  });
});

test("the imported waitUntil belongs to the running context", async () => {
  let contextId;
  await fetchWith(async () => {
    await undefined;
    contextId = host.contextId();
    waitUntil(new Promise(() => {}));
    return new Response();
  });
  assertEquals(host.tasks.get(contextId), 1);
  assertThrows(() => waitUntil(), TypeError, "Failed to execute 'waitUntil' on 'EntrypointsModule': parameter 1 is not of type 'Promise'.");
});

// --- env --------------------------------------------------------------------------------------------------------------

test("env has the bindings, and the imported one shows them live", async () => {
  await fetchWith((_request, bindings) => {
    assertEquals([bindings.TEXT, bindings.JSON, env.TEXT, Object.keys(env).sort()],
      ["text", { a: [1] }, "text", ["Early", "JSON", "KV", "LIMIT", "Legacy", "Silent", "TEXT", "Thing", "VERSION"]]);
    bindings.added = 1;
    assertEquals([env.added, "added" in env, { ...env }.added], [1, true, 1]);
    delete env.added;
    assertEquals(bindings.added, undefined);
    return new Response();
  });
});

test("an unsupported binding says its name when it is used, and not before", async () => {
  const message = 'The binding "KV" cannot be used: bindings of kind "kv_namespaces" are not supported.';
  assertThrows(() => env.KV.get("x"), Error, message);
  assertThrows(() => {
    env.KV.x = 1;
  }, Error, message);
  assertThrows(() => "get" in env.KV, Error, message);
  assertEquals([await env.KV === env.KV, Object.prototype.toString.call(env.KV)], [true, "[object Object]"]);
});

test("version metadata is the program's version", () => {
  assertEquals(env.VERSION, { id: "a-version", tag: "", timestamp: "2025-11-29T08:00:00.000Z" });
});

test("a rate limit counts keys with its own limit and period unless others are given", async () => {
  assertEquals([await env.LIMIT.limit({ key: "a" }), await env.LIMIT.limit({ key: "a", limit: 1, period: 60 }), await env.LIMIT.limit({})],
    [{ success: true }, { success: false }, { success: false }]);
  assertEquals(host.rateLimitUses, [["7", "a", 3, 10], ["7", "a", 1, 60], ["7", "", 3, 10]]);
  assertEquals(Object.prototype.toString.call(env.LIMIT), "[object RateLimit]");
  for (const [options, message] of [[undefined, "invalid rate limit options"], [null, "invalid rate limit options"],
    [{ key: "a", cost: 1, x: 2 }, "bad rate limit options: [cost,x]"], [{ key: 1 }, "invalid key: 1"],
    [{ key: "a", limit: "1" }, "limit must be a number: 1"], [{ key: "a", period: "10" }, "period must be a number: 10"],
    [{ key: "a", period: 30 }, "unsupported period: 30"]]) {
    await assertRejects(() => env.LIMIT.limit(options), Error, message);
  }
});

test("withEnv replaces env for a callback and what it starts", async () => {
  const later = withEnv({ TEXT: "other" }, async () => {
    const now = env.TEXT;
    await new Promise((resolve) => setImmediate(resolve));
    return [now, env.TEXT, env.KV];
  });
  assertEquals([env.TEXT, await later, env.TEXT], ["text", ["other", "other", undefined], "text"]);
});

test("withExports and withEnvAndExports replace exports", () => {
  assertEquals(withExports({ a: 1 }, () => [exports.a, exports.Thing, env.TEXT]), [1, undefined, "text"]);
  assertEquals(withEnvAndExports({ TEXT: "e" }, { a: 2 }, () => [env.TEXT, exports.a]), ["e", 2]);
  assertEquals([typeof exports.Thing.idFromName, exports.a], ["function", undefined]);
});

test("the imported env is empty with disallow_importable_env", () => {
  setFlags([...currentFlags, "disallow_importable_env"]);
  try {
    assertEquals([Object.keys(env), Object.keys(exports)], [[], []]);
  } finally {
    setFlags(currentFlags);
  }
});

// --- objects ----------------------------------------------------------------------------------------------------------

test("an object is constructed with ctx and env", async () => {
  const object = await inObject((_ctx, thing) => thing.inConstructor, "name");
  assertEquals(object.value, [true, true, "name"]);
});

test("storage works in the constructor, and setAlarm does not look for a handler there", async () => {
  const response = await env.Early.getByName("x").fetch("http://x/");
  assertEquals(await response.text(), "early,1");
});

test("a legacy class is constructed with state and env and has no SQLite", async () => {
  const stub = env.Legacy.getByName("x");
  assertEquals(await (await stub.fetch("http://x/")).text(), "1 false string");
  assertEquals(await (await stub.fetch("http://x/")).text(), "2 false string");
});

test("ctx has id and storage as own properties, the others when they are read", async () => {
  await inObject((ctx) => {
    assertEquals([Object.keys(ctx), ctx.props, ctx.props === ctx.props], [["id", "storage"], {}, true]);
    ctx.storage = null;
    ctx.props = 5;
    assertEquals([ctx.storage, ctx.props, Object.prototype.toString.call(ctx)], [null, 5, "[object DurableObjectState]"]);
    assertEquals([typeof ctx.exports.Thing.get, ctx.passThroughOnException, ctx.container], ["function", undefined, undefined]);
    assertThrows(() => new ctx.constructor(), TypeError, "Illegal constructor");
  });
});

test("ctx.exports is undefined before the flag", async () => {
  setFlags([]);
  try {
    await inObject((ctx) => assertEquals(ctx.exports, undefined));
  } finally {
    setFlags(currentFlags);
  }
});

test("waitUntil keeps the object's context", async () => {
  const object = await inObject((ctx) => {
    ctx.waitUntil(new Promise(() => {}));
    assertThrows(() => ctx.waitUntil(), TypeError, "Failed to execute 'waitUntil' on 'DurableObjectState': parameter 1 is not of type 'Promise'.");
  });
  assertEquals(host.tasks.get(object.contextId), 1);
});

for (const [reason, text, options, retries] of [[undefined, "Application called abort() to reset Durable Object.", undefined, true],
  ["why", "why", {}, true], [new TypeError("x"), "TypeError: x", { retryAlarm: true }, true], [5, "5", { retryAlarm: false }, false]]) {
  test(`abort(${reason}) resets with "${text}"`, async () => {
    const { defineOps, ops } = await import("./host.js");
    const before = ops.abortObject;
    let asked;
    defineOps({ abortObject: (_context, ...rest) => {
      asked = rest;
    } });
    try {
      await inObject((ctx) => ctx.abort(reason, options));
    } finally {
      defineOps({ abortObject: before });
    }
    assertEquals(asked, [text, retries]);
  });
}

test("a class that is not exported cannot be constructed", () => {
  for (const name of ["Nope", "Entry", "default"]) {
    assertThrows(() => host.main.createObject(++host.lastContext, name, 0, "ab".repeat(32), undefined), TypeError,
      `The Durable Object class ${name} was not found in this worker.`);
  }
});

test("a context without an object answers with an error", async () => {
  const failure = await host.call(99999, (callId, context) => host.main.fetchObject(callId, context, "GET", "http://x/", [], null))
    .catch((error) => error);
  assertEquals(failure.text, "Error: context 99999 has no object");
});

test("a handler that is no function counts as absent", async () => {
  await assertRejects(env.Silent.getByName("x").fetch("http://x/"), Error, "Handler does not export a fetch() function.");
});

// --- alarms -----------------------------------------------------------------------------------------------------------

const runAlarm = (object, ...args) => host.objectEvent(object, (callId, context) => host.main.alarmObject(callId, context, ...args));

test("the alarm handler gets its time and how often it was retried", async () => {
  const object = await inObject(() => {});
  const seen = [];
  alarm = (info) => void seen.push(info);
  await runAlarm(object, 1234, 0);
  await runAlarm(object, 1234, 2);
  assertEquals(seen, [{ scheduledTime: 1234, retryCount: 0, isRetry: false }, { scheduledTime: 1234, retryCount: 2, isRetry: true }]);
});

test("an alarm handler that fails answers with the error", async () => {
  const object = await inObject(() => {});
  alarm = () => {
    throw new RangeError("no");
  };
  assertEquals((await runAlarm(object, 1, 0).catch((failure) => failure)).text, "RangeError: no");
});

test("an alarm without a handler is done, with a warning", async () => {
  const object = host.object(1, "cd".repeat(32), undefined);
  assertEquals(await runAlarm(object, 1, 0), undefined);
  assertEquals(host.logged.at(-1), [3, "Attempted to run a scheduled alarm without a handler, did you remember to export an alarm() function?"]);
});

test("nothing was reported as uncaught", async () => {
  await settle();
  assertEquals(host.uncaught, []);
});
