import { assert, assertEquals, assertThrows, test } from "stated:test";

test("a pattern from a string matches URLs and names its groups", () => {
  const pattern = new URLPattern("https://example.com/books/:id(\\d+)/*");
  assertEquals([pattern.protocol, pattern.hostname, pattern.pathname, pattern.port], ["https", "example.com", "/books/:id(\\d+)/*", ""]);
  assertEquals(pattern.test("https://example.com/books/12/cover"), true);
  assertEquals(pattern.test("https://example.com/books/x/cover"), false);
  // What follows the last component of the string may be anything.
  assertEquals(pattern.test("https://example.com/books/12/cover?q=1#top"), true);
  const { pathname, inputs } = pattern.exec("https://example.com/books/12/cover");
  assertEquals([pathname.input, pathname.groups.id, pathname.groups[0], inputs], ["/books/12/cover", "12", "cover",
    ["https://example.com/books/12/cover"]]);
});

test("what a dictionary leaves out matches anything", () => {
  const pattern = new URLPattern({ pathname: "/:section/:rest*" });
  assertEquals([pattern.protocol, pattern.search, pattern.hash], ["*", "*", "*"]);
  assert(pattern.test("http://a/x?y#z") && pattern.test({ pathname: "/a/b/c" }));
  assertEquals(pattern.exec({ pathname: "/a/b/c" }).pathname.groups, { section: "a", rest: "b/c" });
});

test("a base completes the pattern and the input", () => {
  const pattern = new URLPattern("/path", "https://example.com");
  assertEquals([pattern.hostname, pattern.test("/path", "https://example.com"), pattern.test("/path", "https://other.com")],
    ["example.com", true, false]);
  assertEquals(new URLPattern({ pathname: "x", baseURL: "https://example.com/a/" }).pathname, "/a/x");
});

test("modifiers and groups of patterns", () => {
  const matches = (pathname, path) => new URLPattern({ pathname }).test({ pathname: path });
  assertEquals([matches("/a{/b}?", "/a"), matches("/a{/b}?", "/a/b"), matches("/a{/b}?", "/a/c")], [true, true, false]);
  assertEquals([matches("/:x+", "/a/b"), matches("/:x+", "/"), matches("/:x?", "/")], [true, false, false]);
  assertEquals([matches("/(foo|bar)", "/bar"), matches("/(foo|bar)", "/baz")], [true, false]);
});

test("case matters unless ignored", () => {
  assertEquals([new URLPattern({ pathname: "/Foo" }).test({ pathname: "/foo" }),
    new URLPattern({ pathname: "/Foo" }, { ignoreCase: true }).test({ pathname: "/foo" }),
    new URLPattern("/Foo", "https://a.b", { ignoreCase: true }).test("https://a.b/fOO")], [false, true, true]);
});

test("hosts are canonical, and default ports vanish", () => {
  assertEquals(new URLPattern({ hostname: "EXAMPLE.com" }).hostname, "example.com");
  assertEquals(new URLPattern({ protocol: "https", port: "443" }).port, "");
  assertEquals(new URLPattern({ hostname: "{*.}?example.com" }).test("https://api.example.com/"), true);
});

test("hasRegExpGroups tells regular expressions from wildcards", () => {
  assertEquals([new URLPattern({ pathname: "/:id(\\d+)" }).hasRegExpGroups, new URLPattern({ pathname: "/:id/*" }).hasRegExpGroups], [true, false]);
});

test("malformed patterns are TypeErrors", () => {
  for (const input of ["(", "relative", { pathname: "/(" }, { pathname: "/:" }, { protocol: "(café)" }]) {
    assertThrows(() => new URLPattern(input), TypeError);
  }
  assertThrows(() => new URLPattern({}, 1), TypeError, "Failed to construct 'URLPattern': constructor parameter 2 is not of type 'URLPatternOptions'.");
});

test("inputs that are no URL do not match", () => {
  const pattern = new URLPattern();
  assertEquals([pattern.test("relative"), pattern.exec("relative"), pattern.test("https://a.b/c"), pattern.test()], [false, null, true, true]);
});

test("attributes are on the prototype", () => {
  assertEquals(`${new URLPattern()}`, "[object URLPattern]");
  assertEquals(Object.keys(new URLPattern()), []);
  assert("hasRegExpGroups" in URLPattern.prototype);
});
