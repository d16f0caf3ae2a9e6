import promises from "stated:node/dns/promises";
import { assertEquals, assertRejects, test } from "stated:test";

test("records of addresses come from the system's resolver", async () => {
  assertEquals([await promises.resolve4("localhost"), await promises.resolve("localhost"), await promises.resolve4("localhost", { ttl: true })],
    [["127.0.0.1"], ["127.0.0.1"], [{ address: "127.0.0.1", ttl: 0 }]]);
});

test("other records are not asked for", async () => {
  for (const [name, call] of [["resolveMx", "queryMx"], ["resolveTxt", "queryTxt"], ["resolveSrv", "querySrv"]]) {
    const error = await assertRejects(() => promises[name]("example.com"), Error, `${call} ENOTIMP example.com`);
    assertEquals([error.code, error.syscall, error.hostname], ["ENOTIMP", call, "example.com"]);
  }
  assertEquals((await assertRejects(() => promises.reverse("127.0.0.1"))).code, "ENOTIMP");
  assertEquals((await assertRejects(() => promises.reverse("name"))).code, "EINVAL");
});
