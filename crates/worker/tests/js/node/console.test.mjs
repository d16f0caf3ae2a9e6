// On Node only: looks at what the library hands to the host.
import { console } from "stated:console";
import { dispatch, Event, EventTarget } from "stated:event";
import { reportUncaught } from "stated:report";
import { clearTimeout, setTimeout } from "stated:timers";
import { assert, assertEquals, test } from "stated:test";
import { logged, reported, startedDelays } from "./host-web.mjs";

/** @param {() => void} fn */
function linesOf(fn) {
  logged.length = 0;
  fn();
  return logged.map(([level, text]) => [level, text]);
}

test("each method has its level", () => {
  assertEquals(linesOf(() => {
    console.debug("a");
    console.log("b", 1);
    console.info("c");
    console.warn("d");
    console.error("e");
  }), [[0, "a"], [1, "b 1"], [2, "c"], [3, "d"], [4, "e"]]);
});

test("methods work without console as this", () => {
  const { log } = console;
  assertEquals(linesOf(() => log("%s!", "x")), [[1, "x!"]]);
});

test("groups indent every line", () => {
  assertEquals(linesOf(() => {
    console.group("G");
    console.log("in\nner");
    console.group();
    console.log("x");
    console.groupEnd();
    console.groupEnd();
    console.groupEnd();
    console.log("out");
  }), [[1, "G"], [1, "  in\n  ner"], [1, "    x"], [1, "out"]]);
});

test("counters count by label", () => {
  assertEquals(linesOf(() => {
    console.count();
    console.count();
    console.count("x");
    console.countReset();
    console.count();
    console.countReset("nothing");
  }), [[1, "default: 1"], [1, "default: 2"], [1, "x: 1"], [1, "default: 1"], [3, "Count for 'nothing' does not exist"]]);
});

test("timers print their duration", () => {
  const lines = linesOf(() => {
    console.time("t");
    console.time("t");
    console.timeLog("t", "extra", { a: 1 });
    console.timeEnd("t");
    console.timeEnd("t");
  });
  assertEquals(lines.map(([level, text]) => [level, String(text).replace(/[\d.]+m?s/, "N")]),
    [[3, "Timer 't' already exists"], [1, "t: N extra { a: 1 }"], [1, "t: N"], [3, "Timer 't' does not exist"]]);
});

test("assert prints only when the condition does not hold", () => {
  assertEquals(linesOf(() => {
    console.assert(true, "no");
    console.assert(false, "as %s", "b");
    console.assert(0, { a: 1 });
    console.assert();
  }), [[4, "Assertion failed: as b"], [4, "Assertion failed { a: 1 }"], [4, "Assertion failed"]]);
});

test("dir inspects with options", () => {
  assertEquals(linesOf(() => {
    console.dir("a");
    console.dir({ a: { b: 1 } }, { depth: 0 });
  }), [[1, "'a'"], [1, "{ a: [Object] }"]]);
});

test("trace prints a stack without the library's frames", () => {
  const [[level, text]] = linesOf(() => console.trace("here", 1));
  assertEquals([level, text.split("\n")[0]], [1, "Trace: here 1"]);
  assert(!text.includes("src/js/console.js"));
});

test("a table of objects", () => {
  assertEquals(linesOf(() => console.table([{ a: 1, b: "x" }, { a: 3, c: { d: 1 } }, 5])), [[1, [
    "┌─────────┬───┬─────┬──────────┬────────┐",
    "│ (index) │ a │ b   │ c        │ Values │",
    "├─────────┼───┼─────┼──────────┼────────┤",
    "│ 0       │ 1 │ 'x' │          │        │",
    "│ 1       │ 3 │     │ [Object] │        │",
    "│ 2       │   │     │          │ 5      │",
    "└─────────┴───┴─────┴──────────┴────────┘"].join("\n")]]);
  assertEquals(linesOf(() => console.table([{ a: 1, b: 2 }], ["b"]))[0][1].split("\n")[1], "│ (index) │ b │");
  assertEquals(linesOf(() => console.table(5)), [[1, "5"]]);
});

test("uncaught errors are reported with name, message, stack and cause", () => {
  reported.length = 0;
  reportUncaught(new TypeError("x", { cause: 5 }));
  reportUncaught("text");
  reportUncaught({ a: 1 });
  reportUncaught({ get [Symbol.for("nodejs.util.inspect.custom")]() { throw new Error("no"); } });
  assert(/^TypeError: x\n\s+at [^]*\n\[cause\]: 5$/.test(reported[0]), reported[0]);
  assertEquals(reported.slice(1), ["text", "{ a: 1 }", "[Object: cannot be printed]"]);
});

test("an error whose text cannot be made is reported all the same", () => {
  reported.length = 0;
  const error = new Error("x");
  Object.defineProperty(error, "message", { get() { throw new Error("no"); } });
  reportUncaught(error);
  assertEquals(reported, ["an exception that cannot be printed"]);
});

test("exceptions of listeners and timers are reported", async () => {
  reported.length = 0;
  const target = new EventTarget();
  target.addEventListener("a", () => { throw new Error("from a listener"); });
  target.addEventListener("a", /** @type {any} */ ({}));
  dispatch(target, new Event("a"));
  setTimeout(() => { throw new Error("from a timer"); }, 0);
  while (reported.length < 3) await new Promise((resolve) => { setTimeout(resolve, 1); });
  assertEquals(reported.map((text) => text.split("\n")[0]),
    ["Error: from a listener", "TypeError: handleEvent is not a function", "Error: from a timer"]);
});

test("the host gets clamped delays", () => {
  startedDelays.length = 0;
  for (const delay of [-1, "5", 1e15]) clearTimeout(setTimeout(() => {}, delay));
  assertEquals(startedDelays, [0, 5, 3_153_600_000_000]);
});
