import { MIMEParams, MIMEType, parseArgs } from "stated:node/util";
import { assertEquals, assertThrows, test } from "stated:test";

const options = { f: { type: "boolean", short: "f" }, bar: { type: "string", short: "b" }, list: { type: "string", multiple: true, default: ["d"] } };
const failure = (fn) => {
  const { name, message, code } = assertThrows(fn);
  return [name, message, code];
};
/** Values and positionals, as plain data. */
const parsed = (config) => JSON.parse(JSON.stringify(parseArgs({ options, ...config })));

test("arguments become values, positionals and tokens", () => {
  assertEquals(parsed({ args: ["-fb", "x", "--bar=y", "p", "--", "-z"], allowPositionals: true, tokens: true }), {
    values: { f: true, bar: "y", list: ["d"] }, positionals: ["p", "-z"],
    tokens: [{ kind: "option", name: "f", rawName: "-f", index: 0 },
      { kind: "option", name: "bar", rawName: "-b", index: 0, value: "x", inlineValue: false },
      { kind: "option", name: "bar", rawName: "--bar", index: 2, value: "y", inlineValue: true },
      { kind: "positional", index: 3, value: "p" }, { kind: "option-terminator", index: 4 }, { kind: "positional", index: 5, value: "-z" }],
  });
  assertEquals(parsed({ args: ["-bX", "--list", "1", "--list=2"] }).values, { bar: "X", list: ["1", "2"] });
  assertEquals(parsed({ args: ["--no-f"], allowNegative: true }).values, { f: false, list: ["d"] });
  assertEquals(parsed({ args: ["-x", "--y=1", "z"], strict: false, options: {} }), { values: { x: true, y: "1" }, positionals: ["z"] });
  assertEquals([Object.getPrototypeOf(parseArgs({ args: [] }).values), parsed({ args: ["-"], allowPositionals: true }).positionals], [null, ["-"]]);
});

test("what does not fit is refused in Node's words", () => {
  const refused = (args, config = {}) => failure(() => parseArgs({ args, options, ...config }));
  assertEquals(refused(["--nope"]), ["TypeError", "Unknown option '--nope'", "ERR_PARSE_ARGS_UNKNOWN_OPTION"]);
  assertEquals(refused(["--nope"], { allowPositionals: true })[1],
    "Unknown option '--nope'. To specify a positional argument starting with a '-', place it at the end of the command after '--', as in '-- \"--nope\"");
  assertEquals(refused(["x"]), ["TypeError", "Unexpected argument 'x'. This command does not take positional arguments", "ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL"]);
  assertEquals(refused(["--bar"]), ["TypeError", "Option '-b, --bar <value>' argument missing", "ERR_PARSE_ARGS_INVALID_OPTION_VALUE"]);
  assertEquals(refused(["--f=1"])[1], "Option '-f, --f' does not take an argument");
  assertEquals(refused(["-b", "--x"])[1].split("\n").at(-1), "To specify an option argument starting with a dash use '--bar=-XYZ' or '-b-XYZ'.");
  assertEquals(failure(() => parseArgs({ args: [], options: { a: { type: "x" } } }))[1], "The \"options.a.type\" property must be ('string|boolean'). Received type string ('x')");
  assertEquals(failure(() => parseArgs({ args: [], options: { a: { type: "string", short: "ab" } } }))[1], "The property 'options.a.short' must be a single character. Received 'ab'");
  assertEquals(failure(() => parseArgs({ args: [], options: { a: { type: "string", default: 5 } } }))[1], "The \"options.a.default\" property must be of type string. Received type number (5)");
  assertEquals(failure(() => parseArgs({ args: "x" }))[2], "ERR_INVALID_ARG_TYPE");
});

test("a MIME type has a type, a subtype and parameters", () => {
  const parts = (text) => {
    const mime = new MIMEType(text);
    return [`${mime}`, mime.type, mime.subtype, mime.essence, [...mime.params]];
  };
  assertEquals(parts("text/plain;charset=utf-8"), ["text/plain;charset=utf-8", "text", "plain", "text/plain", [["charset", "utf-8"]]]);
  assertEquals(parts(" TEXT/Html ; a=b; A=c; q=\"x y\""), ["text/html;a=b;q=\"x y\"", "text", "html", "text/html", [["a", "b"], ["q", "x y"]]]);
  assertEquals(parts("a/b;x=\"\\\"\"")[4], [["x", "\""]]);
  assertEquals(parts("text/plain;=x; y; z=\"unclosed")[4], [["z", "unclosed"]]);
  const mime = new MIMEType("a/b");
  mime.params.set("a", "x y");
  mime.subtype = "Z";
  assertEquals([`${mime}`, JSON.stringify(mime), mime.params.has("a"), mime.params.get("n"), [...mime.params.keys()], mime.params instanceof MIMEParams],
    ["a/z;a=\"x y\"", "\"a/z;a=\\\"x y\\\"\"", true, null, ["a"], true]);
  mime.params.delete("a");
  assertEquals(`${mime}`, "a/z");
});

test("malformed MIME types name the place", () => {
  const wrong = (text) => failure(() => new MIMEType(text));
  assertEquals(wrong("text"), ["TypeError", "The MIME syntax for a type in \"text\" is invalid", "ERR_INVALID_MIME_SYNTAX"]);
  assertEquals(wrong("te xt/plain")[1], "The MIME syntax for a type in \"te xt/plain\" is invalid at 2");
  assertEquals(wrong("text/")[1], "The MIME syntax for a subtype in \"text/\" is invalid");
  assertEquals(wrong("text/pl ain")[1], "The MIME syntax for a subtype in \"text/pl ain\" is invalid at 2");
  const { params } = new MIMEType("a/b");
  assertEquals(failure(() => params.set("a b", "c"))[1], "The MIME syntax for a parameter name in \"a b\" is invalid at 1");
  assertEquals(failure(() => params.set("a", "é€"))[1], "The MIME syntax for a parameter value in \"é€\" is invalid at 1");
});
