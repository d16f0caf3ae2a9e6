import dns, { lookup, resolve4 } from "stated:node/dns";
import promises from "stated:node/dns/promises";
import { promisify } from "stated:node/util";
import { assert, assertEquals, assertRejects, assertThrows, test } from "stated:test";

const parts = ({ name, message, code, syscall, hostname }) => [name, message, code, syscall, hostname];

test("this machine has an address", async () => {
  const { address, family } = await promises.lookup("localhost");
  assert((address === "127.0.0.1" && family === 4) || (address === "::1" && family === 6), address);
  const all = await promises.lookup("localhost", { all: true });
  assert(all.length > 0 && all.every((each) => each.family === (each.address.includes(":") ? 6 : 4)));
  assertEquals(await new Promise((resolve) => { lookup("localhost", 4, (...args) => resolve(args)); }), [null, "127.0.0.1", 4]);
  assertEquals(await promisify(lookup)("localhost", { family: 4 }), { address: "127.0.0.1", family: 4 });
});

test("addresses are their own answers", async () => {
  assertEquals([await promises.lookup("10.1.2.3"), await promises.lookup("::1", { all: true })], [{ address: "10.1.2.3", family: 4 }, [{ address: "::1", family: 6 }]]);
});

test("what is not there is ENOTFOUND", async () => {
  const error = await assertRejects(() => promises.lookup("nothing.invalid"));
  // Without a net Node's own resolver says that it may be asked again.
  assert(["ENOTFOUND", "EAI_AGAIN"].includes(error.code), error.code);
  assertEquals([error.syscall, error.hostname], ["getaddrinfo", "nothing.invalid"]);
});

test("arguments are checked in Node's words", async () => {
  const thrown = (fn) => parts(assertThrows(fn)).slice(0, 3);
  const type = (text) => ["TypeError", text, "ERR_INVALID_ARG_TYPE"];
  assertEquals(thrown(() => lookup("localhost")), type("The \"callback\" argument must be of type function. Received undefined"));
  assertEquals(thrown(() => resolve4("localhost")), type("The \"callback\" argument must be of type function. Received undefined"));
  assertEquals(thrown(() => lookup(5, () => {})), type("The \"hostname\" argument must be of type string. Received type number (5)"));
  assertEquals(thrown(() => lookup("a", 5, () => {})), ["TypeError", "The argument 'family' must be one of: 0, 4, 6. Received 5", "ERR_INVALID_ARG_VALUE"]);
  assertEquals(thrown(() => lookup("a", { hints: 5000 }, () => {})), ["TypeError", "The argument 'hints' is invalid. Received 5000", "ERR_INVALID_ARG_VALUE"]);
  assertEquals(thrown(() => dns.resolve("a", "ZZ", () => {})), ["TypeError", "The argument 'rrtype' is invalid. Received 'ZZ'", "ERR_INVALID_ARG_VALUE"]);
  assertEquals(thrown(() => dns.setDefaultResultOrder("any"))[2], "ERR_INVALID_ARG_VALUE");
});

test("names, codes and settings", () => {
  assertEquals([dns.NOTFOUND, dns.ADDRCONFIG, dns.promises === promises, dns.getDefaultResultOrder(), new dns.Resolver() instanceof dns.Resolver],
    ["ENOTFOUND", 32, true, "verbatim", true]);
  dns.setDefaultResultOrder("ipv4first");
  assertEquals(promises.getDefaultResultOrder(), "ipv4first");
  dns.setDefaultResultOrder("verbatim");
});
