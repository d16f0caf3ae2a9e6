/**
 * URLs of programs before 2022-10-31: the parser of that time, in the classes, in requests and in redirects. Reference:
 * section 11.5.
 */

import * as nodeUrl from "node:url";
import { inspect } from "node:util";

import { caseObject, caseWorker, inWorker, refuses } from "../harness.js";

const PARTS = ["href", "origin", "protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "hash"];

const here = (body) => inWorker((tools, t) => body(t, tools));

/** What a property is, or the text of the error that asking for it throws. */
const ask = (object, property) => {
  try {
    return object[property];
  } catch (error) {
    return `${error.constructor.name}: ${error.message}`;
  }
};

const textOf = (action) => {
  try {
    return action();
  } catch (error) {
    return `${error.constructor.name}: ${error.message}`;
  }
};

/** Writes all parts of a URL, or why there is none. */
const parse = (t, ...input) => {
  const parts = textOf(() => {
    const url = new URL(...input);
    return PARTS.map((part) => ask(url, part));
  });
  t.write(JSON.stringify(input), ...[parts].flat());
};

const FULL = "http://u:p@h:81/a/b?c=d#e";

const set = (t, base, part, ...values) => {
  for (const value of values) {
    const url = new URL(base);
    const thrown = textOf(() => {
      url[part] = value;
    });
    t.write(`${base} ${part} = ${JSON.stringify(value)}`, thrown, ask(url, "href"), ask(url, part));
  }
};

const flags = (object) => Object.entries(Object.getOwnPropertyDescriptors(object)).map(([name, { get, set: setter, enumerable }]) => {
  return `${name}${get ? " get" : ""}${setter ? " set" : ""}${enumerable ? " enumerable" : ""}`;
});

const hosts = ["http://h", "http://h/", "http://H:80", "http://h:81", "http://h:", "https://h:443/", "https://h:80/", "http://h:080/",
  "http://h:99999", "http://h:abc/", "http://[::1]/", "http://[::1]:80/", "http://a_b/", "http://\u00e9/", "http://a b/", "http://a%20b/",
  "http://%41/", "http://h.:80/", "http://h:80:80/", "http://0x7f.1/", "http://", "http:///", "http:///h", "http://h\\a", "http://h "];

const schemes = ["ftp://h:21/", "ws://h:80/", "wss://h:443/", "gopher://h:70/", "foo://h:80/", "foo://H/A", "foo://h", "foo:bar", "mailto:a@b",
  "data:text/plain,x", "about:blank", "file:///a", "file://h/a", "file:/a", "http:/h", "http:h", "//h", "/a", "a", "", "HTTP://H/", "1http://h/",
  "h+t-t.p://h/", "ht_tp://h/", " http://h"];

const users = ["http://u@h", "http://u:p@h", "http://u:@h/", "http://:p@h/", "http://@h/", "http://u:p:q@h/", "http://u@v@h/", "http://u%41:p%42@h/",
  "http://\u00fc/@h/", "http://a%40b:c%3a@h/", "http://u\ud800@h/"];

const paths = ["/a//b", "/a/./b", "/a/../b", "/..", "/a/..", "/a/.", "/%2e%2e/a", "/a/%2E/b", "/%2F", "/a%20b", "/a b", "/a%", "/a%4", "/a%zz", "/%ff",
  "/\u00e9", "/%C3%A9", "/a\tb", "/a\nb", "/a\\b", "/\"<>`{}|^", "/!$&'()*+,;=:@~-._", "/\ud800", "/\0", "/%00", "/;a;b", "/\u{1f600}"];

const queries = ["?", "?a", "?a=b&c=d", "?a&&b", "?a=", "?=b", "?=", "?a=b=c", "?a+b", "?a%20b", "?a%2Bb", "?%", "?%ff", "?\u00e9", "?a;b", "?a/b?c",
  "?a[b]=c", "?\"<>`{}|^'", "?!$'()*,;:@~-._/?", "?\ud800", "?&", "?&a"];

const fragments = ["#", "#a", "#a b", "#a%20b", "#%", "#%41", "#\u00e9", "#a#b", "#a?b", "#\"<>`{}|^'", "#!$&'()*+,;=:@~-._/?", "?a#"];

const references = ["", "#", "#x", "?", "?x", "x", "x/", "/x", "//i", "//i/x", "//v@i", "//i?x", "./x", "../x", "../../x", "..", "../", ".", "/", "//", "///",
  "x?y", "x#y", "https://i", "https:", "https:x", "https:/x", "https:?x", "https:#", "HTTPS://i", "foo:", "foo://i", "1:x", "a_b:c", ":x", "x//y", "/x//y",
  "/x/..", "x/..", "%2e%2e/x", "x%", "?%", "#%", "//%zz", "//i%20", "//i:443", "//i:80", "//i:", " x", "http:", "/..", "?a&&b", "?#", "//?x"];

const cases = {
  "11.5 hosts": here((t) => hosts.forEach((input) => parse(t, input))),
  "11.5 schemes": here((t) => schemes.forEach((input) => parse(t, input))),
  "11.5 names and passwords": here((t) => users.forEach((input) => parse(t, input))),
  "11.5 paths": here((t) => paths.forEach((input) => parse(t, `http://h${input}`))),
  "11.5 queries": here((t) => queries.forEach((input) => parse(t, `http://h/${input}`))),
  "11.5 fragments": here((t) => fragments.forEach((input) => parse(t, `http://h/${input}`))),

  "11.5 relative references": here((t) => {
    references.forEach((input) => parse(t, input, "http://u:p@h:80/a/b?c=d#e"));
    for (const base of ["http://h", "http://h/", "http://h/a/", "http://h/a//b/", "foo://h/a/b", "file:///a/b", "http://h/a/%2e%2e"]) {
      for (const input of ["x", "..", "../x", "/x", "?q", "", "."]) parse(t, input, base);
    }
  }),

  "11.5 what is no URL": here((t) => {
    for (const input of [["x", "bad"], ["x", ""], ["x", null], ["http://h/", null], ["x%", "http://h"], [], [undefined], [null], [5]]) parse(t, ...input);
    parse(t, { toString: () => "http://o/" });
    parse(t, new URL("http://o/?a"), new URL("http://p/"));
    refuses(t, "called", () => URL("http://h"));
    refuses(t, "a symbol", () => new URL(Symbol("x")));
    refuses(t, "another object", () => URL.prototype.toString.call({}));
    t.write("static members", typeof URL.canParse, typeof URL.parse, typeof URL.createObjectURL);
  }),

  "11.5 scheme, name and password that are set": here((t) => {
    set(t, FULL, "href", "http://i", "x", "", "http://\u00e9/", "https://h:443", "foo://x", "http://i:");
    set(t, FULL, "protocol", "https", "https:", "HTTPS", "https:foo", "foo", "file", "", "1", ":", "h_", undefined);
    set(t, "http://h:443/", "protocol", "https");
    set(t, "foo://h:80/", "protocol", "http", "BAR:", "b r");
    set(t, FULL, "username", "x", "", "a b", "a:b@c/", "\u00e9", "%41", "%", "\ud800");
    set(t, "http://h/", "username", "x", "");
    set(t, "file:///a", "username", "x");
    set(t, FULL, "password", "x", "", "a:b", "%41");
    set(t, "http://h/", "password", "x", "");
    set(t, "http://:p@h/", "password", "");
  }),

  "11.5 hosts and ports that are set": here((t) => {
    set(t, FULL, "host", "i", "i:82", "i:80", "", "I", "i/x", "\u00e9", "a b", "i:", "[::1]", "[::1]:80", "%41", "u@i", ":80", "i:x");
    set(t, "https://h/", "host", "i:443");
    set(t, FULL, "hostname", "i", "i:82", "", "I", "i/x", "\u00e9", "[::1]", ":80");
    set(t, FULL, "port", "82", "80", "", "x", "082", "99999", "-1", "0", " 82", 82, "\u00e9", "1/2");
    set(t, "http://h:81:82/", "port", "1");
    const url = new URL("http://h/");
    url.host = "a b";
    t.write("with a host that no URL has", ask(url, "href"), textOf(() => `${url}`), textOf(() => JSON.stringify(url)), url.host, url.origin);
    t.write("what else is set then", textOf(() => {
      url.username = "x";
    }), textOf(() => {
      url.protocol = "https";
    }), textOf(() => {
      url.pathname = "/x";
    }), url.pathname);
  }),

  "11.5 path, query and fragment that are set": here((t) => {
    set(t, FULL, "pathname", "x", "/x", "", "/", "x/", "//", "/x//y", "/../x", "/x/..", "..", "/%2e%2e/x", "/%", "/\u00e9", "/a?b#c", "%2f", "/%41");
    set(t, "http://h", "pathname", "", "x");
    set(t, FULL, "search", "x", "?x", "", "?", "??x", "x&&y", "a=b=c", "a b", "%", "?%41=%42", "#x", "?=", "&");
    set(t, FULL, "hash", "x", "#x", "", "#", "##x", "a b", "%", "%41", "%4", "%zz", "\u00e9", "\"<>`{}");
    set(t, "http://h", "hash", "");
  }),

  "11.5 searchParams": here((t) => {
    const change = (label, query, action) => {
      const url = new URL(`http://h/${query}`);
      const result = textOf(() => action(url.searchParams, url));
      t.write(`${label} of ${query}`, result, url.href, `${url.searchParams}`, [...url.searchParams], url.searchParams.size);
    };
    change("get", "?a=1&b=2&a=3", (params) => [params.get("a"), params.getAll("a"), params.get("c"), params.has("b")]);
    change("get", "?a", (params) => params.get("a"));
    change("get", "?q=%F0%9F%98%80+%26", (params) => params.get("q"));
    change("set", "?a=1&b=2&a=3", (params) => params.set("a", "x"));
    change("set", "?a", (params) => params.set("a", ""));
    change("set", "?a", (params) => params.set("\u{1f600}", "\ud83d"));
    change("append", "?a", (params) => params.append("c", "\u00e9 &="));
    change("delete", "?a=1&b=2&a=3", (params) => params.delete("a"));
    change("delete", "?a", (params) => params.delete("a"));
    change("sort", "?c&a=1&b=2&a=0", (params) => params.sort());
    change("sort", "?z&%F0%90%80%80&%EF%BF%BF&%C3%A9&%ff", (params) => params.sort());
    change("nothing", "?%ff", () => {});
    change("a new search", "?a=1", (params, url) => {
      url.search = "b=2";
      return [...params];
    });
    change("a new href", "?a=1", (params, url) => {
      url.href = "http://i/?z=2";
      return [url.searchParams === params, ...params];
    });
    change("too little", "?a", (params) => params.get());
    change("too little", "?a", (params) => params.append("b"));
    change("no function", "?a", (params) => params.forEach());
    change("deleting while reading", "?a=1&b=2&c=3", (params) => {
      const seen = [];
      for (const [name] of params) {
        seen.push(name);
        params.delete(name);
      }
      return seen;
    });
    change("forEach", "?a=1&b=2", (params) => {
      const seen = [];
      params.forEach(function (value, name, self) {
        seen.push(name, value, self === params, `${this}`);
      }, "this");
      return seen;
    });
    change("iterators", "?a=1&b=2", (params) => [...params.keys(), ...params.values(), ...params.entries()]);
  }),

  "11.5 URLSearchParams of their own": here((t) => {
    for (const init of [[], [""], ["?"], ["??a"], ["a=1&b"], ["?a=%41+b%20c"], ["%"], ["a=%zz"], ["a%ff=1"], ["\u00e9=\u00fc"], ["a&&b"], ["&"], ["="], ["=="],
      ["a#b"], [undefined], [null], [5], [true], ["\ud800=a"], ["a=\0"], ["a=*-._~!'()"], ["a=b;c=d"], [{ a: 1, b: "x", c: undefined }], [[["a", "b"], ["c", "d"]]],
      [[["a"]]], [[["a", "b", "c"]]], [[]], [{}], [[5]], [["ab"]], [[["a", "b"], 7]], [[[1, 2]]], [new Map([["x", "y"]])], [new Headers({ a: "b" })], [() => 1],
      [Object.create({ p: 1 })], [{ [Symbol("s")]: 1, a: 2 }], [new URLSearchParams("a=1&b=2&a=3")], [new String("a=b")]]) {
      t.write(`${init.length === 0 ? "nothing" : JSON.stringify(init[0])}`, textOf(() => {
        const params = new URLSearchParams(...init);
        return [`${params}`, ...params];
      }));
    }
    t.write("has and delete look at names", new URLSearchParams("a=1").has("a", "2"), textOf(() => {
      const params = new URLSearchParams("a=1&a=2");
      params.delete("a", "1");
      return `${params}`;
    }));
  }),

  "11.5 shapes": here((t) => {
    t.write("URL", flags(URL).length, flags(URL.prototype).filter((text) => text !== "constructor"));
    t.write("URLSearchParams", flags(URLSearchParams).length, flags(URLSearchParams.prototype).length);
    t.write("instances", flags(new URL("http://h")), flags(new URLSearchParams("a")));
    t.write("tags", Object.prototype.toString.call(new URL("http://h")), Object.prototype.toString.call(new URLSearchParams()));
    t.write("printed", inspect(new URL(FULL)), inspect(new URLSearchParams("a=1&b")));
    t.write("node:url", nodeUrl.URL === URL, nodeUrl.URLSearchParams === URLSearchParams, nodeUrl.pathToFileURL("/a b#c").href,
      nodeUrl.fileURLToPath(new URL("file:///a%20b")), nodeUrl.format(new URL(FULL), { auth: false, fragment: false }));
    class Own extends URL {}
    t.write("a class of the program", new Own("http://h//a").href, new Own("http://h") instanceof URL);
  }),

  "11.5 URLSearchParams as a body": here(async (t) => {
    const response = new Response(new URLSearchParams("a=1&b"));
    t.write("type", response.headers.get("Content-Type"));
    t.write("text", await response.text());
    t.write("form", [...await new Response(new URLSearchParams("a=%zz&b=\u00e9")).formData()]);
    t.write("Headers", [...new Headers(new URLSearchParams("a=1"))]);
  }),

  "11.5 Request": here((t) => {
    for (const input of ["http://h", "http://h/a b", "x", "", "//h", "foo:bar", "http://\u00e9/", "http://h/%zz", "HTTP://H:80/X", "http://h/a\nb", " http://h/",
      "http://u:p@h/#f", "http://h/\ud800"]) {
      t.write(JSON.stringify(input), textOf(() => new Request(input).url), textOf(() => new Request(new Request(input)).clone().url));
    }
    t.write("of a URL", new Request(new URL("http://H/a b")).url);
    t.write("of a URL that cannot be written", textOf(() => new Request(new URL("http://h/%2e%2e/x"))));
  }),

  "11.5 Response.redirect": here((t) => {
    for (const input of ["http://h", "http://h/a b", "x", "/x", "foo:bar", "data:,x", "ftp://h/", "http://\u00e9/", "http://h/%zz", "HTTP://H:80/X", "http://h/#f",
      "http://u:p@h/", "http://a@b@c/", "http://h/a\nb", "http://h/a\0", " http://h/", "http://h//a/../b/./?c&&d", "file:///x", "http://[::1]/", "http://h/\u00e9"]) {
      t.write(JSON.stringify(input), textOf(() => Response.redirect(input).headers.get("Location")));
    }
  }),

  "11.5 fetch of an object": here(async (t, { object }) => {
    for (const input of ["http://h", "http://h/a b", "http://h/a?b c#d", "http://u:p@h/x#f", "http://h/\u00e9?\u00e9", "http://h/%zz", "http://h/a/../b", "http://h//a",
      "http://h/a|b\"<>'", "http://h/?a=b&&c='", "HTTP://H/X", "/x y", "a", "", "?q", "//i/a", "/a//b/../c", "http://h/a\tb", "http://h/%2e%2e/x", "http://h?x",
      "foo:x", "foo://h/x", "http://\u00e9/", "http://a b/", " http://h/"]) {
      await t.attempt(JSON.stringify(input), async () => {
        const response = await object.fetch(input);
        return [response.url, await response.text()];
      });
    }
    await t.attempt("data:", async () => (await object.fetch("data:text/plain,a%20b")).text());
    await t.attempt("a Request", async () => (await object.fetch(new Request("/x"))).text());
  }),

  "11.5 redirects of an object": here(async (t, { object }) => {
    for (const location of ["/x y", "../z", "http://u:p@i/a#b", "http://\u00e9/", "//j//a", "?a&&b", "http:x", "x//y", "%zz", "//a@b@c/"]) {
      await t.attempt(JSON.stringify(location), async () => {
        const response = await object.fetch(`http://h/d/e?to=${encodeURIComponent(location)}`);
        return [response.url, response.redirected, await response.text()];
      });
    }
  }),

  "11.5 fetch over the network": here(async (t, { address }) => {
    const [host] = address.split("/");
    for (const query of ["", "?a b", "?a=b&&c", "?%zz%", "?{}|\\^", "?a#b c"]) {
      await t.attempt(JSON.stringify(query), async () => {
        const response = await fetch(`http://${address}${query}`, { headers: { Upgrade: "websocket" } });
        return [response.url, await response.text()].map((text) => text.replaceAll(host, "HOST"));
      });
    }
    const { url } = await fetch(`http://${address}?'\u00e9`, { headers: { Upgrade: "websocket" } });
    t.write("what the sender sees", url.replaceAll(host, "HOST"));
    await t.attempt("with a name and a password", async () => {
      const response = await fetch(`http://u:p@${address}`, { headers: { Upgrade: "websocket" } });
      return [response.url, await response.text()].map((text) => text.replaceAll(host, "HOST"));
    });
    for (const location of [`http://${address}?x y`, "?a&&b", "?to=", "#f"]) {
      await t.attempt(`a redirect to ${JSON.stringify(location.replaceAll(host, "HOST"))}`, async () => {
        const url = `http://${address}?to=${encodeURIComponent(location)}&times=1`;
        const response = await fetch(url, { headers: { Upgrade: "websocket", Authorization: "mine" }, redirect: location === "#f" ? "manual" : "follow" });
        return [response.url, response.redirected, response.status, await response.text()].map((value) => `${value}`.replaceAll(host, "HOST"));
      });
    }
    for (const input of ["x", "", "/x", "foo:bar", "foo://h/", "ftp://h/", "http:h", "http://\u00e9/", "http://a b/", " http://h/"]) {
      await t.attempt(JSON.stringify(input), () => fetch(input));
    }
    await t.attempt("DATA:", async () => (await fetch("DATA:text/plain,a b%20c#d")).text());
  }),
};

for (const each of Object.values(cases)) {
  each.object.fetch = (object, request) => {
    const location = new URL(request.url.replaceAll("%zz%", "").replaceAll("%zz", "")).searchParams.get("to");
    if (location) return new Response("moved", { status: 302, headers: { Location: location } });
    return new Response(`${request.url} ${request.headers.get("Authorization")}`);
  };
}

export default caseWorker(cases);

export const Subject = caseObject(cases);
