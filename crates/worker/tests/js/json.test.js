import { messageOfCircle } from "stated:json-circle";
import { messageOfBadJson } from "stated:json-syntax";
import { assertEquals, test } from "stated:test";

const here = (/** @type {number} */ at, line = 1, column = at + 1) => `in JSON at position ${at} (line ${line} column ${column})`;

/** @param {[string, string][]} cases */
function check(cases) {
  for (const [text, message] of cases) assertEquals([text, messageOfBadJson(text)], [text, message]);
}

test("a text that ends too early is told by what is missing", () => {
  check([
    ["", "Unexpected end of JSON input"], [" \n", "Unexpected end of JSON input"], ["[", "Unexpected end of JSON input"],
    ['{"a":', "Unexpected end of JSON input"], ["[1,", "Unexpected end of JSON input"], ["tru", "Unexpected end of JSON input"],
    ['"\\', "Unexpected end of JSON input"],
    ["{", `Expected property name or '}' ${here(1)}`], ['{"a"', `Expected ':' after property name ${here(4)}`],
    ['{"a":1', `Expected ',' or '}' after property value ${here(6)}`], ['{"a":1,', `Expected double-quoted property name ${here(7)}`],
    ["[1", `Expected ',' or ']' after array element ${here(2)}`], ['"a', `Unterminated string ${here(2)}`],
    ["-", `No number after minus sign ${here(1)}`], ["1.", `Unterminated fractional number ${here(2)}`],
    ["1e", `Exponent part is missing a number ${here(2)}`], ["1e+", `Exponent part is missing a number ${here(3)}`],
    ['"\\u12', `Bad Unicode escape ${here(5)}`],
  ]);
});

test("what stands in the wrong place is named", () => {
  check([
    ["{a", `Expected property name or '}' ${here(1)}`], ['{"a";', `Expected ':' after property name ${here(4)}`],
    ['{"a":1;', `Expected ',' or '}' after property value ${here(6)}`], ['{"a":1,}', `Expected double-quoted property name ${here(7)}`],
    ["[1;", `Expected ',' or ']' after array element ${here(2)}`],
    ["1 2", "Unexpected non-whitespace character after JSON at position 2 (line 1 column 3)"],
    ["01", `Unexpected number ${here(1)}`], ['tr"', `Unexpected string ${here(2)}`],
    ["-a", `No number after minus sign ${here(1)}`], ["1.a", `Unterminated fractional number ${here(2)}`],
    ["1e-a", `Exponent part is missing a number ${here(3)}`], ['"\n"', `Bad control character in string literal ${here(1)}`],
    ['"\\x"', `Bad escaped character ${here(2)}`], ['"\\u00g0"', `Bad Unicode escape ${here(5)}`],
  ]);
});

test("a character that begins nothing is shown with ten characters on each side", () => {
  check([
    ["[a]", 'Unexpected token \'a\', "[a]" is not valid JSON'],
    ["<html><body>.</body>", 'Unexpected token \'<\', "<html><body>.</body>" is not valid JSON'],
    ["<html><body>..</body>", 'Unexpected token \'<\', "<html><bod"... is not valid JSON'],
    ["[1,2,3,4,a,6,7,8,9,0]", 'Unexpected token \'a\', "[1,2,3,4,a,6,7,8,9,"... is not valid JSON'],
    ["[1,2,3,4,5,a,7,8,9,10]", 'Unexpected token \'a\', ..."1,2,3,4,5,a,7,8,9,10"... is not valid JSON'],
    ["[1,2,3,4,5,6,a,7,8,9]", 'Unexpected token \'a\', ..."2,3,4,5,6,a,7,8,9]" is not valid JSON'],
    ['"\\é', `Bad escaped character ${here(2)}`], ['"\\€"', 'Unexpected token \'€\', ""\\€"" is not valid JSON'],
  ]);
});

test("values that are no texts are shown as such", () => {
  check([
    ["undefined", '"undefined" is not valid JSON'], ["NaN", '"NaN" is not valid JSON'], ["Infinity", '"Infinity" is not valid JSON'],
    ["[object Object]", '"[object Object]" is not valid JSON'],
  ]);
});

test("lines end with a line feed, a carriage return, or both", () => {
  check([
    ["[\n1\r\n;", `Expected ',' or ']' after array element ${here(5, 3, 1)}`],
    ["[\r1\r;", `Expected ',' or ']' after array element ${here(4, 3, 1)}`],
  ]);
});

test("a text of any depth is read", () => {
  assertEquals(messageOfBadJson("[".repeat(200_000)), "Unexpected end of JSON input");
});

test("a circle is shown from its beginning to what closes it", () => {
  const heading = "Converting circular structure to JSON\n    --> starting at object with constructor";
  class Node {
    /** @type {any} */
    next = null;
  }
  const one = new Node();
  one.next = one;
  assertEquals(messageOfCircle({ list: [one] }), `${heading} 'Node'\n    --- property 'next' closes the circle`);

  /** @type {any} */
  const list = [1, [2, {}]];
  list[1][1].back = list;
  assertEquals(messageOfCircle(list), `${heading} 'Array'\n    |     index 1 -> object with constructor 'Array'\n`
    + "    |     index 1 -> object with constructor 'Object'\n    --- property 'back' closes the circle");

  /** @type {any} */
  const long = { a: { b: { c: { d: { e: {} } } } } };
  long.a.b.c.d.e.f = long;
  assertEquals(messageOfCircle(long), `${heading} 'Object'\n    |     property 'a' -> object with constructor 'Object'\n`
    + "    |     property 'b' -> object with constructor 'Object'\n    |     ...\n"
    + "    |     property 'e' -> object with constructor 'Object'\n    --- property 'f' closes the circle");
});

test("a circle that only the program's functions make is only named", () => {
  const hidden = { get own() { return hidden; } };
  assertEquals(messageOfCircle(hidden), "Converting circular structure to JSON");
  assertEquals(messageOfCircle(1), "Converting circular structure to JSON");
});
