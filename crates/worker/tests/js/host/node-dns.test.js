import promises from "stated:node/dns/promises";
import { assertEquals, assertRejects, test } from "stated:test";

test("records of addresses come from the system's resolver", async () => {
  assertEquals([await promises.resolve4("localhost"), await promises.resolve("localhost"), await promises.resolve4("localhost", { ttl: true })],
    [["127.0.0.1"], ["127.0.0.1"], [{ address: "127.0.0.1", ttl: 0 }]]);
});

test("what is no address has no names", async () => {
  assertEquals((await assertRejects(() => promises.reverse("name"))).code, "EINVAL");
});

test("a name server that nobody is has no answers", async () => {
  const resolver = new promises.Resolver({ tries: 1, timeout: 5000 });
  // Port 1 of this machine: the system says at once that nobody listens.
  resolver.setServers(["127.0.0.1:1"]);
  const error = await assertRejects(() => resolver.resolveMx("example.com"), Error, "queryMx ECONNREFUSED example.com");
  assertEquals([error.code, error.syscall, error.hostname], ["ECONNREFUSED", "queryMx", "example.com"]);
});
