/** Transactions and critical sections: reference 3.3, 4.4, 5.8. */

import { DurableObject } from "stated:cloudflare-workers";
import { assert, assertEquals, assertRejects, assertThrows, test } from "stated:test";
import { Host, settle } from "./host-objects.mjs";

const host = new Host();

/** The object's methods are the scenarios of the tests: each runs `scenario` with ctx. */
class Subject extends DurableObject {
  alarm() {}

  run() {
    return scenario(this.ctx, this.ctx.storage);
  }
}
let scenario;
host.run({ Subject, default: {} }, { namespaces: [{ className: "Subject" }] });
let count = 0;

/** Runs a scenario in a fresh object and returns its value and the object's record. */
async function inObject(fn) {
  const object = host.object(0, String(++count).padStart(64, "0"), undefined);
  scenario = async (...args) => {
    object.value = await fn(...args);
  };
  await host.objectEvent(object, (callId, contextId) => host.main.callObject(callId, contextId, ["run"], new Uint8Array([0xff, 15, 65, 0, 36, 0, 0]), []));
  return object;
}

const stored = ({ storage }) => [...storage.entries.keys()].sort();

test("a transaction commits and resolves with the callback's value", async () => {
  const object = await inObject((_ctx, storage) => storage.transaction(async (txn) => {
    await txn.put("a", 1);
    await storage.put("b", 2);
    storage.kv.put("c", 3);
    return `${await txn.get("a")}${[...(await txn.list()).keys()].join("")}`;
  }));
  assertEquals([object.value, stored(object)], ["1abc", ["a", "b", "c"]]);
});

test("a transaction that fails is rolled back, rejects with the very error, and the object lives on", async () => {
  const error = new TypeError("no");
  const object = await inObject(async (_ctx, storage) => {
    await storage.put("before", 1);
    const seen = await storage.transaction(async (txn) => {
      await txn.put("a", 1);
      await txn.setAlarm(9e12);
      throw error;
    }).catch((caught) => caught);
    await storage.put("after", 1);
    return [seen === error, await storage.getAlarm()];
  });
  assertEquals([object.value, stored(object)], [[true, null], ["after", "before"]]);
});

test("a callback that throws at once is a failure, too", async () => {
  const object = await inObject((_ctx, storage) => storage.transaction(() => {
    throw new RangeError("now");
  }).catch((error) => error.message));
  assertEquals(object.value, "now");
});

test("the callback does not start before the calling turn has ended", async () => {
  const object = await inObject(async (_ctx, storage) => {
    const order = [];
    const done = storage.transaction(() => void order.push("callback"));
    order.push("caller");
    await Promise.resolve();
    await storage.get("x");
    order.push("microtasks");
    await done;
    return order;
  });
  assertEquals(object.value, ["caller", "microtasks", "callback"]);
});

test("rollback undoes the effects and the promise resolves with the value", async () => {
  const object = await inObject((_ctx, storage) => storage.transaction(async (txn) => {
    await txn.put("a", 1);
    txn.rollback();
    txn.rollback();
    await storage.put("kept", 1);
    return "value";
  }));
  assertEquals([object.value, stored(object)], ["value", ["kept"]]);
});

/** The message with which a call is refused, thrown or rejected. */
async function refusal(act) {
  try {
    return await act();
  } catch (error) {
    return error.message;
  }
}

test("after rollback every operation is refused under its own name", async () => {
  const object = await inObject((_ctx, storage) => storage.transaction(async (txn) => {
    txn.rollback();
    const texts = [];
    for (const act of [() => txn.get("a"), () => txn.put("a", 1), () => txn.list(), () => txn.delete("a"), () => txn.getAlarm(),
      () => txn.setAlarm(9e12), () => txn.deleteAlarm()]) texts.push(await refusal(act));
    return texts;
  }));
  assertEquals(object.value, ["get()", "put()", "list()", "delete()", "getAlarm()", "setAlarm()", "deleteAlarm()"]
    .map((op) => `Cannot ${op} on rolled back transaction`));
});

test("delete and deleteAll of a transaction throw, all others reject", async () => {
  const object = await inObject((_ctx, storage) => storage.transaction(async (txn) => {
    const thrown = (act) => {
      try {
        act().catch(() => {});
        return false;
      } catch {
        return true;
      }
    };
    const all = [thrown(() => txn.deleteAll())];
    txn.rollback();
    return [...all, thrown(() => txn.delete("a")), thrown(() => txn.get("a")), thrown(() => txn.put("a", 1))];
  }));
  assertEquals(object.value, [true, true, false, false]);
});

test("after the end every operation is refused under its own name", async () => {
  const object = await inObject(async (_ctx, storage) => {
    let kept;
    await storage.transaction(async (txn) => {
      kept = txn;
    });
    const texts = [];
    for (const act of [() => kept.get("a"), () => kept.put("a", 1), () => kept.list(), () => kept.delete("a"), () => kept.getAlarm(),
      () => kept.setAlarm(9e12), () => kept.deleteAlarm(), () => kept.rollback()]) {
      texts.push(await refusal(act));
    }
    return texts;
  });
  assertEquals(object.value, ["get()", "put()", "list()", "delete()", "getAlarm()", "setAlarm()", "deleteAlarm()", "rollback()"]
    .map((op) => `Cannot call ${op} on transaction that has already committed: did you move \`txn\` outside of the closure?`));
});

test("deleteAll is refused inside a transaction, by either object", async () => {
  const object = await inObject(async (_ctx, storage) => {
    const texts = [];
    await storage.transaction(async (txn) => {
      for (const act of [() => txn.deleteAll(), () => storage.deleteAll()]) texts.push(await refusal(act));
    });
    texts.push((await storage.transactionSync(() => storage.deleteAll()).catch((error) => error)).message);
    await storage.deleteAll();
    return texts;
  });
  assertEquals(object.value, Array(3).fill("Cannot call deleteAll() within a transaction"));
});

test("a nested transaction rolls back alone", async () => {
  const object = await inObject((_ctx, storage) => storage.transaction(async (outer) => {
    await outer.put("outer", 1);
    await storage.transaction(async (inner) => {
      await inner.put("inner", 1);
      throw new Error("no");
    }).catch(() => {});
    await storage.transaction(async (inner) => {
      await inner.put("rolled back", 1);
      inner.rollback();
    });
    await storage.transaction((inner) => inner.put("second", 1));
  }));
  assertEquals(stored(object), ["outer", "second"]);
});

test("the outer transaction takes the inner one's effects with it", async () => {
  const object = await inObject((_ctx, storage) => storage.transaction(async (outer) => {
    await storage.transaction((inner) => inner.put("inner", 1));
    outer.rollback();
  }));
  assertEquals(stored(object), []);
});

test("the outer transaction cannot be rolled back while an inner one runs", async () => {
  const object = await inObject((_ctx, storage) => storage.transaction(async (outer) => {
    const texts = [];
    const attempt = () => {
      try {
        outer.rollback();
      } catch (error) {
        texts.push(error.message);
      }
    };
    await storage.transaction(async () => attempt());
    storage.transactionSync(attempt);
    return texts;
  }));
  assertEquals(object.value, Array(2).fill("Cannot roll back an outer transaction while a nested transaction is still running."));
});

test("a transaction ends its section once, with the text only when it failed", async () => {
  host.sectionEnds.length = 0;
  await inObject(async (_ctx, storage) => {
    await storage.transaction(() => 1);
    await storage.transaction(() => Promise.reject(new TypeError("no"))).catch(() => {});
  });
  assertEquals(host.sectionEnds.map(([, text]) => text), [undefined, "TypeError: no"]);
});

// --- transactionSync --------------------------------------------------------------------------------------------------

test("transactionSync returns the callback's value and keeps its effects", async () => {
  const object = await inObject((_ctx, storage) => storage.transactionSync(() => {
    storage.kv.put("a", 1);
    return 5;
  }));
  assertEquals([object.value, stored(object)], [5, ["a"]]);
});

test("transactionSync rolls back and throws on the very error", async () => {
  const error = new Error("no");
  const object = await inObject((_ctx, storage) => {
    try {
      storage.transactionSync(() => {
        storage.kv.put("a", 1);
        storage.setAlarm(9e12);
        throw error;
      });
    } catch (caught) {
      return caught === error;
    }
  });
  assertEquals([object.value, stored(object), object.storage.alarm], [true, [], null]);
});

test("transactionSync nests", async () => {
  const object = await inObject((_ctx, storage) => storage.transactionSync(() => {
    storage.kv.put("a", 1);
    assertThrows(() => storage.transactionSync(() => {
      storage.kv.put("b", 1);
      throw new Error("inner");
    }), Error, "inner");
    storage.transactionSync(() => storage.kv.put("c", 1));
  }));
  assertEquals(stored(object), ["a", "c"]);
});

test("a promise that the callback returns is only returned", async () => {
  const object = await inObject(async (_ctx, storage) => {
    const promise = storage.transactionSync(async () => {
      storage.kv.put("a", 1);
      throw new Error("later");
    });
    return (await promise.catch((error) => error)).message;
  });
  assertEquals([object.value, stored(object)], ["later", ["a"]]);
});

test("the callback's own error is thrown when the roll-back fails as well", async () => {
  const object = await inObject((_ctx, storage) => {
    try {
      storage.transactionSync(() => {
        host.byContext.get(host.contextId()).storage.savepoints.length = 0;
        throw new Error("mine");
      });
    } catch (error) {
      return error.message;
    }
  });
  assertEquals(object.value, "mine");
});

test("transactionSync wants a function", async () => {
  const object = await inObject((_ctx, storage) => assertThrows(() => storage.transactionSync(5), TypeError).message);
  assertEquals(object.value, "Failed to execute 'transactionSync' on 'DurableObjectStorage': parameter 1 is not of type 'function'.");
});

// --- blockConcurrencyWhile --------------------------------------------------------------------------------------------

test("blockConcurrencyWhile resolves with the callback's value, promise or not", async () => {
  const object = await inObject(async (ctx) => [await ctx.blockConcurrencyWhile(() => 1), await ctx.blockConcurrencyWhile(async () => 2)]);
  assertEquals(object.value, [1, 2]);
});

test("blockConcurrencyWhile starts its callback in a turn of its own", async () => {
  const object = await inObject(async (ctx) => {
    const order = [];
    const done = ctx.blockConcurrencyWhile(() => void order.push("callback"));
    order.push("caller");
    await Promise.resolve();
    order.push("microtask");
    await done;
    return order;
  });
  assertEquals(object.value, ["caller", "microtask", "callback"]);
});

for (const [how, callback] of [["throws", () => { throw new TypeError("no"); }], ["rejects", async () => { throw new TypeError("no"); }]]) {
  test(`a callback that ${how} breaks the object, and its promise stays pending`, async () => {
    host.sectionEnds.length = 0;
    let settled = false;
    const note = () => {
      settled = true;
    };
    await inObject((ctx) => {
      ctx.blockConcurrencyWhile(callback).then(note, note);
    });
    await settle();
    assertEquals([host.sectionEnds.map(([, text]) => text), settled, host.uncaught], [["TypeError: no"], false, []]);
  });
}

test("blockConcurrencyWhile wants a function", async () => {
  const object = await inObject((ctx) => assertRejects(ctx.blockConcurrencyWhile(5), TypeError));
  assertEquals(object.value.message,
    "Failed to execute 'blockConcurrencyWhile' on 'DurableObjectState': parameter 1 is not of type 'function'.");
});

test("64 sections nest and the 65th throws at once", async () => {
  const object = await inObject((ctx) => {
    const enter = (depth) => {
      if (depth === 64) return assertThrows(() => ctx.blockConcurrencyWhile(() => 1), Error).message;
      return ctx.blockConcurrencyWhile(() => enter(depth + 1));
    };
    return enter(0);
  });
  assertEquals(object.value, "blockConcurrencyWhile() calls are nested too deeply.");
});

test("a section that was requested by an object that is gone does not run", async () => {
  let ran = false;
  const object = await inObject((ctx) => {
    ctx.blockConcurrencyWhile(() => {
      ran = true;
    });
    host.main.dropObject(host.contextId());
  });
  await settle();
  assertEquals(ran, false);
  assert(object.value === undefined);
});
