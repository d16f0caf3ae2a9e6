/** On Node only: what `node:dns` asks name servers and makes of their answers, with a server of our own behind the host. */

import dns from "stated:node/dns";
import promises from "stated:node/dns/promises";
import { assertEquals, assertRejects, assertThrows, test } from "stated:test";
import { defineOps } from "./host.js";
import { makeError } from "stated:error-transport";
import "./host-web.mjs";

const words = (...values) => Buffer.from(values.flatMap((value) => [value >> 8, value & 0xff]));
const long = (...values) => Buffer.concat(values.map((value) => words(value >>> 16, value & 0xffff)));
const text = (value) => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
const name = (value) => Buffer.concat([...value.split(".").map(text), Buffer.from([0])]);
/** A pointer to the name of the question. */
const same = Buffer.from([0xc0, 12]);
const record = (type, data, ttl = 60, owner = same) => Buffer.concat([owner, words(type, 1), long(ttl), words(data.length), data]);

/** What was asked: server, name, type. */
let asked = [];
let answers = () => Buffer.alloc(0);

/** A message that answers a question. */
const reply = (message, records, code = 0) => Buffer.concat([message.subarray(0, 2), words(0x8180 | code, 1, records.length, 0, 0), message.subarray(12, -11), ...records]);

defineOps({
  dnsServers: () => "192.0.2.1\n192.0.2.2",
  async dnsQuery(server, bytes) {
    const message = Buffer.from(bytes);
    const labels = [];
    let at = 12;
    for (; message[at] !== 0; at += message[at] + 1) labels.push(message.toString("latin1", at + 1, at + 1 + message[at]));
    asked.push([server, labels.join("."), message.readUInt16BE(at + 1)]);
    return answers(message, server);
  },
});

/** The answer to one call, and what was asked. */
async function answered(records, call) {
  asked = [];
  answers = (message) => reply(message, records);
  return [await call(promises), asked.map(([, host, type]) => `${host} ${type}`).join()];
}

test("records are what Node makes of them", async () => {
  assertEquals(await answered([record(15, Buffer.concat([words(10), name("mx.a.b")])), record(15, Buffer.concat([words(20), same]))], ({ resolveMx }) => resolveMx("A.b")),
    [[{ exchange: "mx.a.b", priority: 10 }, { exchange: "a.b", priority: 20 }], "a.b 15"]);
  assertEquals(await answered([record(16, Buffer.concat([text("v=1"), text("two")])), record(16, text(""))], ({ resolveTxt }) => resolveTxt("a.b")), [[["v=1", "two"], [""]], "a.b 16"]);
  assertEquals(await answered([record(33, Buffer.concat([words(1, 2, 443), name("s.a")]))], ({ resolveSrv }) => resolveSrv("_x._tcp.a")),
    [[{ name: "s.a", port: 443, priority: 1, weight: 2 }], "_x._tcp.a 33"]);
  assertEquals(await answered([record(2, name("ns.a"))], ({ resolveNs }) => resolveNs("a")), [["ns.a"], "a 2"]);
  assertEquals(await answered([record(5, name("c.a"))], ({ resolveCname }) => resolveCname("a")), [["c.a"], "a 5"]);
  assertEquals(await answered([record(6, Buffer.concat([name("ns.a"), name("h.a"), long(1, 2, 3, 4, 4294967295)]))], ({ resolveSoa }) => resolveSoa("a")),
    [{ nsname: "ns.a", hostmaster: "h.a", serial: 1, refresh: 2, retry: 3, expire: 4, minttl: 4294967295 }, "a 6"]);
  assertEquals(await answered([record(35, Buffer.concat([words(100, 50), text("s"), text("SIP+D2U"), text(""), name("_sip.a")]))], ({ resolveNaptr }) => resolveNaptr("a")),
    [[{ flags: "s", service: "SIP+D2U", regexp: "", replacement: "_sip.a", order: 100, preference: 50 }], "a 35"]);
  assertEquals(await answered([record(257, Buffer.concat([Buffer.from([128]), text("issue"), Buffer.from("ca.test")]))], ({ resolveCaa }) => resolveCaa("a")), [[{ critical: 128, issue: "ca.test" }], "a 257"]);
  assertEquals(await answered([record(12, name("h.a"))], ({ reverse }) => reverse("1.2.3.4")), [["h.a"], "4.3.2.1.in-addr.arpa 12"]);
  assertEquals((await answered([record(12, name("h.a"))], ({ reverse }) => reverse("2001:db8::1")))[1],
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa 12");
  assertEquals(await answered([record(28, Buffer.from("20010db8000000000000000000000001", "hex")), record(1, Buffer.from([1, 2, 3, 4])), record(16, text("t"))], ({ resolveAny }) => resolveAny("a")),
    [[{ address: "1.2.3.4", ttl: 60, type: "A" }, { address: "2001:db8::1", ttl: 60, type: "AAAA" }, { entries: ["t"], type: "TXT" }], "a 255"]);
});

test("a time to live is asked of a server, and no longer than that of the names on the way", async () => {
  assertEquals(await answered([record(5, name("c.a"), 5), record(1, Buffer.from([1, 2, 3, 4]), 60, name("c.a"))], ({ resolve4 }) => resolve4("a", { ttl: true })), [[{ address: "1.2.3.4", ttl: 5 }], "a 1"]);
});

test("what a server says is wrong, or sends, is an error with its code", async () => {
  const code = async (answer) => {
    answers = answer;
    asked = [];
    return [(await assertRejects(() => promises.resolveMx("a.b"))).message, asked.length];
  };
  assertEquals(await code((message) => reply(message, [], 3)), ["queryMx ENOTFOUND a.b", 1]);
  assertEquals(await code((message) => reply(message, [])), ["queryMx ENODATA a.b", 1]);
  // Both servers are asked, once each.
  assertEquals(await code((message) => reply(message, [], 2)), ["queryMx ESERVFAIL a.b", 2]);
  assertEquals(await code((message) => reply(message, [], 5)), ["queryMx EREFUSED a.b", 2]);
  assertEquals(await code((message) => reply(message, [record(15, words(1))])), ["queryMx EBADRESP a.b", 2]);
  // A name that leads to itself.
  assertEquals(await code((message) => reply(message, [record(15, words(1), 1, Buffer.from([0xc0, 21]))])), ["queryMx EBADRESP a.b", 2]);
  assertEquals(await code(() => { throw makeError("Error:ECONNREFUSED", "no", 0, ""); }), ["queryMx ECONNREFUSED a.b", 2]);
  assertEquals(await code(() => { throw makeError("Error:ETIMEOUT", "late", 0, ""); }), ["queryMx ETIMEOUT a.b", 6]);
  answers = (message, server) => reply(message, server === "192.0.2.1" ? [] : [record(15, Buffer.concat([words(1), same]))], server === "192.0.2.1" ? 2 : 0);
  assertEquals(await promises.resolveMx("a.b"), [{ exchange: "a.b", priority: 1 }]);
});

test("what is no name is not asked for", async () => {
  asked = [];
  for (const [host, message] of [["a..b", "queryMx EBADNAME a..b"], [`${"x".repeat(64)}.b`, `queryMx EBADNAME ${"x".repeat(64)}.b`], ["", "queryMx ENOTFOUND"]]) {
    assertEquals((await assertRejects(() => promises.resolveMx(host))).message, message);
  }
  assertEquals(asked, []);
  answers = (message) => reply(message, [record(15, Buffer.concat([words(1), same]))]);
  assertEquals((await promises.resolveMx(`${"x".repeat(63)}.b`)).length, 1);
});

test("a resolver asks its own servers, also for addresses, and gives up", async () => {
  const resolver = new promises.Resolver({ tries: 1 });
  assertEquals(resolver.getServers(), ["192.0.2.1", "192.0.2.2"]);
  resolver.setServers(["127.0.0.1:5353", "[::1]:53", "::2"]);
  assertEquals([resolver.getServers(), dns.getServers()], [["127.0.0.1:5353", "::1", "::2"], ["192.0.2.1", "192.0.2.2"]]);
  asked = [];
  answers = (message) => reply(message, [record(1, Buffer.from([9, 9, 9, 9]))]);
  assertEquals([await resolver.resolve4("a.b"), asked], [["9.9.9.9"], [["127.0.0.1:5353", "a.b", 1]]]);
  for (const bad of ["x", "1.1.1.1:123456", "[1.1.1.1]:5"]) {
    const error = assertThrows(() => resolver.setServers([bad]));
    assertEquals([error.message, error.code], [`Invalid IP address: ${bad}`, "ERR_INVALID_IP_ADDRESS"]);
  }
  answers = () => {
    resolver.cancel();
    throw makeError("Error:ETIMEOUT", "late", 0, "");
  };
  assertEquals((await assertRejects(() => resolver.resolveMx("a.b"))).code, "ECANCELLED");
  assertEquals([assertThrows(() => new dns.Resolver({ tries: 0 })).code, assertThrows(() => new dns.Resolver({ timeout: "x" })).code], ["ERR_OUT_OF_RANGE", "ERR_INVALID_ARG_TYPE"]);
});
