import { checkServerIdentity } from "stated:node/tls";
import { assertEquals, assertThrows, test } from "stated:test";

/** What is wrong, or undefined. */
const reasonOf = (host, certificate) => checkServerIdentity(host, certificate)?.reason;

test("a certificate is for the hosts that its names cover", () => {
  const certificate = { subject: { CN: "other.example" }, subjectaltname: "DNS:a.example, DNS:*.b.example, DNS:w*d.c.example, DNS:xn--*.d.example, URI:http://u.example/" };
  for (const host of ["a.example", "A.Example", "a.example.", "x.b.example", "wild.c.example", "wd.c.example"]) {
    assertEquals(reasonOf(host, certificate), undefined);
  }
  for (const host of ["b.example", "x.y.b.example", "w.c.example", "xn--x.d.example", "other.example", "u.example", ""]) {
    assertEquals(reasonOf(host, certificate), `Host: ${host}. is not in the cert's altnames: ${certificate.subjectaltname}`);
  }
});

test("patterns that are too wide or damaged cover nothing", () => {
  for (const [host, pattern] of [["a.example", "*.example"], ["a.b.example", "*.*.example"], ["a..example", "a..example"], ["a.b.example", "a.*.example"],
    ["aXb.b.example", "a*x*b.b.example"], ["\u00e4.b.example", "\u00e4.b.example"], ["a b.b.example", "a b.b.example"]]) {
    assertEquals(reasonOf(host, { subject: {}, subjectaltname: `DNS:${pattern}` }), `Host: ${host}. is not in the cert's altnames: DNS:${pattern}`);
  }
});

test("the common name counts where no name is listed", () => {
  assertEquals(reasonOf("a.example", { subject: { CN: "a.example" } }), undefined);
  assertEquals(reasonOf("b.example", { subject: { CN: ["a.example", "*.example", "b.example"] } }), undefined);
  assertEquals(reasonOf("c.example", { subject: { CN: "a.example" } }), "Host: c.example. is not cert's CN: a.example");
  assertEquals(reasonOf("c.example", { subject: {} }), "Cert does not contain a DNS name");
  assertEquals(reasonOf("c.example", {}), "Cert does not contain a DNS name");
});

test("addresses are compared whatever their spelling, and not with names", () => {
  const certificate = { subject: { CN: "1.2.3.4" }, subjectaltname: "IP Address:8.8.8.8, IP Address:2001:DB8:0:0:0:0:0:1, DNS:9.9.9.9" };
  assertEquals([reasonOf("8.8.8.8", certificate), reasonOf("2001:db8::1", certificate)], [undefined, undefined]);
  for (const host of ["1.2.3.4", "9.9.9.9"]) {
    assertEquals(reasonOf(host, certificate), `IP: ${host} is not in the cert's list: 8.8.8.8, 2001:db8::1`);
  }
  assertEquals(reasonOf("1.2.3.4", { subject: { CN: "1.2.3.4" } }), "IP: 1.2.3.4 is not in the cert's list: ");
});

test("a name in quotation marks is one name", () => {
  const certificate = { subject: {}, subjectaltname: 'DNS:"good.example\\u002c DNS:evil.example", DNS:a.example' };
  assertEquals([reasonOf("a.example", certificate), reasonOf("evil.example", certificate) === undefined], [undefined, false]);
  assertEquals(assertThrows(() => checkServerIdentity("a", { subject: {}, subjectaltname: 'DNS:"\\x"' })).code, "ERR_TLS_CERT_ALTNAME_FORMAT");
});

test("the error says which host and certificate it is about", () => {
  const certificate = { subject: { CN: "a.example" } };
  const { name, message, code, host, cert } = checkServerIdentity("b.example.", certificate);
  assertEquals([name, message, code, host, cert === certificate], ["Error",
    "Hostname/IP does not match certificate's altnames: Host: b.example. is not cert's CN: a.example", "ERR_TLS_CERT_ALTNAME_INVALID", "b.example", true]);
});
