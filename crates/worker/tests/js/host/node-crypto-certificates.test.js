import { Buffer } from "stated:node/buffer";
import { Certificate, createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from "stated:node/crypto";
import { assertEquals, assertThrows, test } from "stated:test";

// Made by OpenSSL 3: a self-signed certificate on P-256, and one of an RSA key that it issued.
const authority = new X509Certificate("-----BEGIN CERTIFICATE-----\nMIIBsDCCAVagAwIBAgIBHzAKBggqhkjOPQQDAjA2MQswCQYDVQQGEwJDSDEVMBMG\nA1UECgwMTcO8bGxlciAmIENvMRAwDgYDVQQDDAdUZXN0IENBMCAXDTI2MTEyOTA4\nMzgyOFoYDzIxMjYxMTA1MDgzODI4WjA2MQswCQYDVQQGEwJDSDEVMBMGA1UECgwM\nTcO8bGxlciAmIENvMRAwDgYDVQQDDAdUZXN0IENBMFkwEwYHKoZIzj0CAQYIKoZI\nzj0DAQcDQgAEmVw+18hag/A2NeDaaOUC616DSlEABFyumA6RFu5mr8SqcUP9RcEU\n1SRTkl7hI1h9RFjzCOlRwaqfhHAlFHs7qKNTMFEwHQYDVR0OBBYEFDPytWgzpT7+\nztCKuQmy9k9lZySfMB8GA1UdIwQYMBaAFDPytWgzpT7+ztCKuQmy9k9lZySfMA8G\nA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhAIiygJExQ9owUbbIurAt\nOJ7kZdUIUWeMpP85hzyn5WoQAiAyjIGGl2w41jitry8cBrHL7ZV7yddXXhfRXGXG\nuAxuXg==\n-----END CERTIFICATE-----\n");
const leafPem = "-----BEGIN CERTIFICATE-----\nMIIDUDCCAvWgAwIBAgIFAMD/7gEwCgYIKoZIzj0EAwIwNjELMAkGA1UEBhMCQ0gx\nFTATBgNVBAoMDE3DvGxsZXIgJiBDbzEQMA4GA1UEAwwHVGVzdCBDQTAgFw0yNjEx\nMjkwODM4MzhaGA8yMTI2MTEwNTA4MzgzOFowNjEUMBIGA1UEAwwLZXhhbXBsZS5j\nb20xHjAcBgkqhkiG9w0BCQEWD2FubkBleGFtcGxlLmNvbTCCASIwDQYJKoZIhvcN\nAQEBBQADggEPADCCAQoCggEBANRliwGiznkdF77bOvNNhNkmMJEvljrHxo2mjdSC\nm/HXA32Gl4wLEb4o867Y9YYpwMjvucmmtBgFGiN76PycjJMypMkYR7HTftH3vyx0\nO2hqP3IBawwLfZfNNRS31se98ZhtUrsWArievebaNAbjIskTW5V3D1XKDSt2SRDh\nxr06g1gEoW7x0Zz+HbfLqM1tp+8v/d+IrmsFNvnWOlkAxifAwkWOY9cMzOTijjux\nxFAjSd5O7l2SieHSLpZfL/3xV3wLvmvK3m+ReMG68zbd+yz+iNdPjZG+W5zZGhPw\noQpH2GrVAAnwrZL9kAMZwwO86CDONhmUYBkBEGqjPnLVB8kCAwEAAaOCASEwggEd\nMF8GA1UdEQRYMFaCC2V4YW1wbGUuY29tgg0qLmV4YW1wbGUub3JnhwTAAAIBhxAg\nAQ24AAAAAAAAAAAAAAABgQ9hbm5AZXhhbXBsZS5jb22GD2h0dHBzOi8vYS50ZXN0\nLzAdBgNVHSUEFjAUBggrBgEFBQcDAQYIKwYBBQUHAwIwUAYIKwYBBQUHAQEERDBC\nMB0GCCsGAQUFBzABhhFodHRwOi8vb2NzcC50ZXN0LzAhBggrBgEFBQcwAoYVaHR0\ncDovL2NhLnRlc3QvY2EuY3J0MAkGA1UdEwQCMAAwHQYDVR0OBBYEFFUmf2rS9g3W\nirtYQVHjQxc9bURuMB8GA1UdIwQYMBaAFDPytWgzpT7+ztCKuQmy9k9lZySfMAoG\nCCqGSM49BAMCA0kAMEYCIQCecI86+HozCZth4tqihTzKQFw17rtp1akUELJxvLME\nfQIhAKsPqk5uUR82Oat+Lb+be6gOLeXrmm3AdhgDhASfjbEG\n-----END CERTIFICATE-----\n";
const leaf = new X509Certificate(leafPem);

test("a certificate tells what is in it", () => {
  assertEquals([leaf.subject, leaf.issuer, leaf.subjectAltName, leaf.infoAccess, leaf.validFrom, leaf.validTo, leaf.keyUsage, leaf.serialNumber, leaf.ca, authority.ca, authority.serialNumber], ["CN=example.com\nemailAddress=ann@example.com", "C=CH\nO=Müller & Co\nCN=Test CA", "DNS:example.com, DNS:*.example.org, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1, email:ann@example.com, URI:https://a.test/", "OCSP - URI:http://ocsp.test/\nCA Issuers - URI:http://ca.test/ca.crt", "Nov 29 08:38:38 2026 GMT", "Nov  5 08:38:38 2126 GMT", ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"],"C0FFEE01",false,true,"1F"]);
  assertEquals([leaf.fingerprint, leaf.fingerprint256, leaf.fingerprint512.length, authority.subjectAltName, authority.keyUsage], ["7D:ED:27:95:98:96:CF:F6:14:5A:07:95:A3:79:51:C8:09:3B:A0:40", "06:13:61:DE:2F:FF:3A:CE:DF:C4:EB:45:E3:E0:2F:08:48:13:64:D6:9E:C1:21:DF:C8:2F:B9:10:6A:70:97:A9", 191, undefined, undefined]);
  assertEquals([leaf.toString(), leaf.toJSON(), new X509Certificate(leaf.raw).toString()], [leafPem, leafPem, leafPem]);
  assertEquals([leaf.publicKey.asymmetricKeyDetails.modulusLength, createPublicKey(leafPem).equals(leaf.publicKey), authority.publicKey.asymmetricKeyType], [2048, true, "ec"]);
});

test("names, issuers and keys are checked", () => {
  assertEquals(["example.com", "EXAMPLE.com", "a.example.org", "a.b.example.org", "example.net"].map((host) => leaf.checkHost(host)), ["example.com", "example.com", "*.example.org", undefined, undefined]);
  assertEquals(["192.0.2.1", "2001:db8::1", "192.0.2.2"].map((ip) => leaf.checkIP(ip)), ["192.0.2.1", "2001:db8::1", undefined]);
  assertEquals(["ann@example.com", "bob@example.com"].map((address) => leaf.checkEmail(address)), ["ann@example.com", undefined]);
  const other = generateKeyPairSync("ec", { namedCurve: "P-256" });
  assertEquals([leaf.checkIssued(authority), authority.checkIssued(leaf), leaf.verify(authority.publicKey), leaf.verify(other.publicKey), leaf.checkPrivateKey(other.privateKey)], [true, false, true, false, false]);
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  assertEquals([leaf.checkPrivateKey(createPrivateKey(privateKey.export({ format: "pem", type: "pkcs8" }))), leaf.verify(publicKey)], [false, false]);
});

test("the old form of a certificate", () => {
  const { subject, issuer, subjectaltname, infoAccess, ca, bits, exponent, valid_from: from, ext_key_usage: usage, serialNumber, raw, pubkey } = leaf.toLegacyObject();
  assertEquals([{ ...subject }, { ...issuer }, subjectaltname, { ...infoAccess }, ca, bits, exponent, from, usage, serialNumber, raw.length, pubkey.length], [{"CN":"example.com", "emailAddress":"ann@example.com"}, {"C":"CH", "O":"Müller & Co", "CN":"Test CA"},"DNS:example.com, DNS:*.example.org, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1, email:ann@example.com, URI:https://a.test/", {"OCSP - URI":["http://ocsp.test/"],"CA Issuers - URI":["http://ca.test/ca.crt"]},false,2048,"0x10001", "Nov 29 08:38:38 2026 GMT", ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"],"C0FFEE01",852,294]);
});

test("what is no certificate is refused", () => {
  assertThrows(() => new X509Certificate("x"), Error);
  assertEquals(assertThrows(() => new X509Certificate(5), TypeError).code, "ERR_INVALID_ARG_TYPE");
  assertEquals(assertThrows(() => leaf.verify(5), TypeError).code, "ERR_INVALID_ARG_TYPE");
});

test("a signed public key tells its key and challenge", () => {
  // `openssl spkac -key KEY -challenge hello -digest sha256`, of a key on P-256
  const made = "MIG6MGIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARFV+3Uu/V1RYu0srj2rFaeDfRrw7ffOl+Jg/t7oN2iJtio6wa1jgoSfE6/Qu/1uTkvB/GsNs8sa2KZDH8G/or4FgVoZWxsbzAKBggqhkjOPQQDAgNIADBFAiAq35HZOPuJswWVvyWiy3xt/bt7a8hM9Ijkwjmml8OF1gIhANvirbfStaAWFS15S67lMsd5VxLStqBwB/rhDI6tOGvh";
  const key = createPublicKey({ key: Certificate.exportPublicKey(made), format: "pem" });
  assertEquals([key.asymmetricKeyDetails, Certificate.exportPublicKey(made).toString().split("\n")[0]], [{ namedCurve: "prime256v1" }, "-----BEGIN PUBLIC KEY-----"]);
  assertEquals([Certificate.verifySpkac(made), Certificate.verifySpkac(Buffer.from(`${made}\n`)), Certificate.exportChallenge(made).toString()], [true, true, "hello"]);
  const other = `${made.slice(0, 60)}${made[60] === "A" ? "B" : "A"}${made.slice(61)}`;
  assertEquals([Certificate.verifySpkac(other), Certificate.verifySpkac("none"), Certificate.exportChallenge("none"), Certificate.exportPublicKey(made.slice(0, 20))], [false, false, "", ""]);
  assertEquals([Certificate() instanceof Certificate, new Certificate().verifySpkac(made), new Certificate().exportChallenge(made).toString()], [true, true, "hello"]);
  assertEquals(assertThrows(() => Certificate.verifySpkac(5), TypeError).code, "ERR_INVALID_ARG_TYPE");
});
