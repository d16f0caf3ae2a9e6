import { tracing } from "stated:tracing";
import { assert, assertEquals, assertThrows, test } from "stated:test";

for (const method of /** @type {const} */ (["enterSpan", "startActiveSpan"])) {
  test(`${method} calls the function with a span and the other arguments, and returns what it returns`, () => {
    const result = tracing[method]("work", (span, ...args) => [span.isTraced, String(span), ...args], 1, 2);
    assertEquals(result, [false, "[object Span]", 1, 2]);
  });

  test(`${method} throws what the function throws`, () => {
    assertThrows(() => tracing[method]("work", () => { throw new RangeError("no"); }), RangeError, "no");
  });

  test(`${method} wants a name and a function`, () => {
    const call = /** @type {any} */ (tracing);
    assertThrows(() => call[method](), TypeError, `Failed to execute '${method}' on 'Tracing': parameter 1 is not of type 'string'.`);
    assertThrows(() => call[method]("work"), TypeError, `Failed to execute '${method}' on 'Tracing': parameter 2 is not of type 'Function'.`);
  });
}

test("a span takes attributes and ends, more than once", () => {
  const span = tracing.startSpan("work");
  assert(span.setAttribute("a", 1) === span && span.setAttributes({ b: true }) === span);
  assertEquals([span.end(), span.end()], [undefined, undefined]);
});

test("spans and what makes them cannot be constructed", () => {
  const { Span } = /** @type {any} */ (tracing);
  assertThrows(() => new Span(), TypeError, "Illegal constructor");
  assertThrows(() => new /** @type {any} */ (tracing).constructor(), TypeError, "Illegal constructor");
});
