/** Modules of Node.js. Reference: section 11.6. Texts and codes of errors are Node's here, so cases show what is done, not said. */

import assert from "node:assert";
import * as hooks from "node:async_hooks";
import crypto from "node:crypto";
import { readFile } from "node:fs";
import moduleOfModules from "node:module";
import readline from "node:readline";
import questions from "node:readline/promises";
import stream from "node:stream";
import { StringDecoder } from "node:string_decoder";
import timers from "node:timers";
import * as zlib from "node:zlib";
import { Duplex } from "node:_stream_duplex";
import { Readable } from "node:_stream_readable";

import { caseObject, caseWorker, inObject, inWorker } from "../harness.js";

const here = (body) => inWorker((_, t) => body(t));

/** Runs `schedule` with a function that notes what ran, and gives it time to run. */
async function order(schedule) {
  const ran = [];
  schedule((name) => () => ran.push(name));
  await scheduler.wait(30);
  return ran;
}

const cases = {
  "11.6 ticks, microtasks, immediates and timers": here(async (t) => {
    t.write("of one turn", await order((note) => {
      setTimeout(note("timeout 1"), 1);
      setTimeout(note("timeout 0"), 0);
      setImmediate(note("immediate"));
      timers.setTimeout(note("timeout 0 of the module"), 0);
      process.nextTick(note("tick"));
      queueMicrotask(note("microtask"));
      Promise.resolve().then(note("promise"));
      process.nextTick(note("second tick"));
      note("at once")();
    }));
    t.write("set by an immediate", await order((note) => {
      setImmediate(() => {
        note("first")();
        setImmediate(note("immediate"));
        setTimeout(note("timeout"), 0);
        process.nextTick(note("tick"));
        Promise.resolve().then(note("promise"));
      });
      setImmediate(note("second"));
    }));
    t.write("ticks of ticks", await order((note) => {
      process.nextTick(() => {
        note("one")();
        process.nextTick(note("three"));
        queueMicrotask(note("four"));
      });
      queueMicrotask(() => {
        note("two")();
        process.nextTick(note("five"));
        queueMicrotask(note("six"));
      });
    }));
    t.write("after a file was read", await order((note) => {
      readFile("/dev/null", () => {
        note("read")();
        setTimeout(note("timeout"), 0);
        setImmediate(note("immediate"));
        process.nextTick(note("tick"));
      });
    }));
    t.write("cleared", await order((note) => {
      const second = setImmediate(note("second"));
      setImmediate(note("first"));
      clearImmediate(second);
      clearTimeout(setTimeout(note("timeout"), 1));
      clearInterval(setTimeout(note("another"), 1));
    }));
  }),

  "11.6 timers in an object fire by their time": inObject(async (_, t) => {
    t.write("order", await order((note) => {
      for (const delay of [9, 3, 20, 1, 0, 3]) setTimeout(note(delay), delay);
      setImmediate(note("immediate"));
    }));
  }),

  "11.6 an exit of the process resets its object and cannot be caught": {
    object: {
      construct(object) {
        object.steps = [];
      },
      exit(object, code) {
        object.steps.push("before");
        try {
          process.exit(code);
        } catch {
          object.steps.push("caught");
        } finally {
          object.steps.push("finally");
        }
        return object.steps;
      },
      async exitLater() {
        await scheduler.wait(1);
        process.exit();
      },
      steps: (object) => object.steps,
    },
    async worker({ open }, t) {
      const failure = (step, ...values) => open().step(step, ...values).then((value) => value, (error) => error.message);
      t.write("at once", await failure("exit", 3), await open().step("steps"));
      t.write("later", await failure("exitLater"), await open().step("steps"));
      t.write("a code that is no number", await failure("exit", "text"));
    },
  },

  "11.6 characters whose bytes come in pieces": here(async (t) => {
    const bytes = new Uint8Array([0xe2, 0x82, 0xac, 0x61, 0xf0, 0x9f, 0x98, 0x80, 0xff, 0x62, 0xc3, 0x28, 0xed, 0xa0, 0x80, 0x3d, 0xd8]);
    for (const encoding of ["utf8", "utf16le", "base64", "base64url", "hex", "latin1", "ascii"]) {
      const decoder = new StringDecoder(encoding);
      const pieces = [];
      for (let at = 0; at < bytes.length; at += 2) pieces.push(decoder.write(bytes.subarray(at, at + 2)), decoder.lastNeed);
      t.write(encoding, pieces, decoder.end(), decoder.lastNeed, decoder.end());
    }
  }),

  "11.6 keys in older encryptions": here(async (t) => {
    const keys = {
      "Proc-Type, AES-256": "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,8E94F2DA2F046ACA870853588D505512\n\nwkfsbqhxHgKS59Xu0hC9Pj4LZjGpeQ6c7p8cJFivtjNcGqHWCDO//xUqoKr54mKH\nFv15MCbXv/E22idJmbt7ECvvBsX29D1ZQHpypbtzSJAY7mcP8Q8sisYHXBBqnJpd\nu+LmGNdQvmjlSP2UbYm/vk9oQKmoNm9tKQO5R14FkKk=\n-----END EC PRIVATE KEY-----\n",
      "Proc-Type, AES-128": "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,38716A2F8E62610E90F768A1E65A23A4\n\nj0okmdA3AnEThXHaP7G4v2PNTN39q/K4jMvf6r1LNHfqEDCHa7McXzfh3OTdJUy5\nPFnX7Fxi3sZLbKmUu3ftcc/xTrttUOTqPE4hLMdHt1KTOyrk8Y34fsc22YsBo59z\nfSLC43ytNVxz8rrw+FCdQZlVNYgBfzCSRx/rIZOkxv6Dedh0BfTCZXZ7IpoWRZEC\njNkiYo54tJ9hsRaIedtag6VHN6H/9ebQ+/K4OCed8r+Bp5H50lnf1BdR8/g8xVtL\nWz17NDYIG1U0sVXARdbJlV286xn5e3FRAL1QGAU1op8/WDpxKf7rjDB89PWLH7hX\nMls9W+p2QpZVdmq+5UekbCTt0T/CMkR3kRrLVlydi+1AfoBRkXlVmDWsgk8s+Ak8\nLsuWjdy1HU8tlFjCeSyp4qGMOrvudrgiiS6yFbKWlmZqT2SsqXEAn1RkqRQgOLRX\nD5Ka0QnRJ5W899mCGJBIHLBeSz7KelGbSVoZuGtsVRfNSDSx9+WDUe1PAgBf/TdY\nVr7QT3gR6ZWtPI40/OtaWM8W/GrvE/USOuzGzbVAkSVguaGhOBrG0rR92zKfo5oM\nW5FZ1YLiVyHinCA5FO5VKLzP71OpYMuRLJ8EzRRbwWrbL3d/oGh3wlECdB4xGHDS\nAd+6+Qnbw6ma9BWBRCaKokmi9oPpIVzQmCA12c+ubFCJFVlJX0I++MJNu/9N3B3A\nUf/WclzQSdxaZLRHlhjFVCff7leB4Qwoa/UTAV97xcWUTcc9rJXggp/1w+zZJ6UM\nSsa5nlWcBfTes/JtiavbPw0QFt2NQXoddNuhqTjx9teQ1zclP52UwPqn6SaDGcUZ\n-----END RSA PRIVATE KEY-----\n",
      "Proc-Type, triple DES": "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: DES-EDE3-CBC,3AB806EE29AE7AC0\n\nJ7n/3/Nm9S193kZwaTNAC4iWC1Foj/f3ZRM3164/NlEF8w5dhRuVipYhgEUnffy8\nq90ErSgPb62yDql1b9ZPsKaLlqggjVEd/ZWRnmGlnQA09dhfIUywKAjzzoIcXie+\nbaPWFFByQMLZKQfcKJps1VBvqAYMTnwR8EHTMb+9JxSq70yk/gejPBpWJBiSqzlT\na1oRsjLR0GU0njq0OIHfvR+QulDzCrLBDMsJwNfmO6cGeZgtqdrOq3Zf+BWyYd6b\nrataeSzrEZgA6lFRZXGdKkLKs1jZROaQUYg7IA/gHsrAtCfv+qCxxt63LalGrKR2\nOouYE7bnHlQqHhw2kj0QOivoonxH5gujxr00e5aAPeKDgDKhan9MLIi5BzCvHMaH\nkknf931krk4mM4+Zl9QSmi4dMhmj2iaU57H0a8I7g0vmbrYzKFb2AMBgIoK0S8vl\nO6pZURmpN8P3bKqj0yP0VSq65oYTfY27Wf/5xyx2YM0J4s3+bqsM7UyuLQWRIoqu\nuW0SH1LK0YAObA+qE+W9ckYhIAyZVrs3XstPXJHxK7+VHIT6yw4kz7s+it306CSO\nQ3BtQdkBHOu2yoLE2TL/y632s/a2MSg6ig8i0r2gKxmVT9zigYjOv7E6x3OM0Ln2\n7ifUgpumbMkeNNztvGYEXKnAkGNaFhiKmwoPUuMBQwPValCxmlQs9XjrBuMX5qP6\n0AKZQRNBe/BDtXqSXrLrZridO4FGZub91r0jBs2/gOETYuRPeSjcQ3hitf0gQCi2\nVkHiuav70Rs3THQlaeb0CACbD2YUhTT+oOAKJSQ7fe8/umF/Y1CB2Q==\n-----END RSA PRIVATE KEY-----\n",
      "PKCS #8, triple DES": "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIC3DBWBgkqhkiG9w0BBQ0wSTAxBgkqhkiG9w0BBQwwJAQQgnTN5BfYVTYWOWcF\nXsO8XAICCAAwDAYIKoZIhvcNAgkFADAUBggqhkiG9w0DBwQIVaRJFl7yAmEEggKA\n8pA3oiYP+gvg28YHCFz6+Cd6cc+6YIjit8pV1fFeHBQmkO9cRyy46/uIjdM+Ej/I\ntBnSUXLqzP4gy0eriYxGn6vikJCHDgpCT9SC2RJPBttoWn4/sFMZCxNOuwDUf667\naY95CSCrki88JcYrl3bdl2/9fp/cNUTkmaKEaaGlqt2mPdyxiISp7xO8kTe8BmTn\nVd6JBQ9xHnfx098FMDnmgYS3tSPFH27eCMz/2S5n8gdtRDhChif1ESrkjoJ00AgX\nQ+zdqwMSyPOi+nWX8LA46k3KuS6m0NOTeulA7oT14hvl+jLPLhvXsjqeGlh39fk8\nqNvAssTp6rddrseG0tC8HqCkC8/FRbhLGYLArn1B/wcPeGtimdcgrzs3E60LMJo8\nq1jKdFjjmLLdb8PK7wNjV1f5JMfW5WB+xXX+CQElPXiCWxgshKZtVAYJelg6QJSo\nR8Ww3JWZMIV1LvDfjw2hR6hcdgiqSCjh5z/ZUWbF3uIBd7+GYSFomB/gGzrvFakW\ncDZi0Cr8SFYGxWDgI/bW5bJY5rc5yxuXVuLgfJUXZ+fSjchBfOmvVgW9MrKbjDk5\np6NeJ2VIeB+kiwRDTaKj3vFEG2w7/QOWLzhj1hlc8kS4eiP8JWbHx8xnHRfIr6Rm\nzR7E1wRxMe/xu9bzdnOVx65mQghDUhIqZReCA/eXmQrGy3Og3IfoynOvZJ4VIFVh\nNV1BU0b80SXdf/eJ8vzGdfwrT73EN0kyh5o+X5jkolOPTeewSl8VCoPdYOmvmpSd\nX/U4Nz+gBfOMu7TC2N404C1+U3LkzmaDc97zOzAeJzCjzXlw4Lk3x4oVHEGfohYr\n7ILQ3WUwtUt0C0GRPyVvNw==\n-----END ENCRYPTED PRIVATE KEY-----\n",
      "PKCS #8, AES-192": "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIC5TBfBgkqhkiG9w0BBQ0wUjAxBgkqhkiG9w0BBQwwJAQQVsxLHlsqAjzdsD1/\n5+CO3wICCAAwDAYIKoZIhvcNAgkFADAdBglghkgBZQMEARYEEIde51hOhEkH9OSm\nbvuMvAgEggKABQLJZhfkfT56YuOE64koa1n13FwiTmvFh7Ysi4p+qaYmD0OUwzpl\nCv1Z+XhKYUspJyzKLgRQ3dr6aOKUH+GCPC691rN2zNf2yRoINz3JtVrjYqQ6yiMX\nzXyvc5rrdAgdqw5jxeE/KGkcYkt+FSkAsuh4rK3dL3r0c0wa0woMcWzFN1O2y//n\ntN9C5305FuMk9PF+DliyOFOoQ96ZzSVGnd4AVVn0wpXd7eHI088kTUc6HgV+86s1\nGHimi5fziFxB7jVUw+xz93p71zHp/c8nGYNHeaghkoeFcb2d9nK7Y1HKvYKbubGf\n8xUR81mtIOymouHYEE2C9qWvm1cAYMRsMeSe4f9tnlqVw54je9dd9vJw2e/ooFIq\nHX96WoIXl7+Q8Lz33Bw+O69PFLaoTVMIvntbYKfQSzahBnWb4XVSCy+56E3FeuvN\niIgjmfXHTd9tfKafApOMkPoPfBGS8IdlxZ3th14yVw6AwFtHpNP88CZ93dSQjCGX\ne7NeW54Kv4LRMrP0xiAhYNcn2q29RvcZm+Y+6v/8kbAsbpX05RkvrsjXAarlNyuK\nKfBBxz65a7wyskOFIsH/FYZ4bDMg9oBrUkaJoyiSOk3Jbqb/Sa4ICC/ZUaocYZFV\n/i08YYTPBnl+bAtJ4tYf8kdAboqNL8pPo3m/VL9/gyOutd7eI/22wSMT8vPUAqS5\ncrSHhZ/GBn7YacfWtTJGnLZQ0jQJLocynSQwSf57WSWERmK1h0MnFu2cGIFQddak\ngu5UWWZydKd5JmStZx70IHWqR4354PxxIGoHDWUrPHlV47qo69M9BsOJVwVV56Du\nBeNuBMw3CWDm2h/9FrvIgT1dqsuY8lWYMg==\n-----END ENCRYPTED PRIVATE KEY-----\n"
};
    for (const [name, key] of Object.entries(keys)) {
      t.write(name, crypto.createPrivateKey({ key, passphrase: "pw" }).asymmetricKeyType);
      let opened = true;
      try {
        crypto.createPrivateKey({ key, passphrase: "another" });
      } catch {
        opened = false;
      }
      t.write("another passphrase", opened);
    }
    const { privateKey } = crypto.generateKeyPairSync("rsa", { modulusLength: 1024 });
    for (const [type, cipher] of [["pkcs1", "aes-128-cbc"], ["pkcs1", "des-ede3-cbc"], ["pkcs8", "aes-192-cbc"], ["pkcs8", "des-ede3-cbc"]]) {
      const pem = privateKey.export({ type, format: "pem", cipher, passphrase: "pw" });
      t.write(`${type} ${cipher}`, pem.split("\n")[0], pem.split("\n")[1].startsWith("Proc-Type"), crypto.createPrivateKey({ key: pem, passphrase: "pw" }).equals(privateKey));
    }
  }),

  "11.6 keys on P-224": here(async (t) => {
    const { publicKey, privateKey } = crypto.generateKeyPairSync("ec", { namedCurve: "secp224r1" });
    const data = Buffer.from("data");
    const signature = crypto.sign("sha256", data, privateKey);
    t.write("signed", crypto.verify("sha256", data, publicKey, signature), crypto.verify("sha256", Buffer.from("date"), publicKey, signature));
    const [one, other] = [crypto.createECDH("secp224r1"), crypto.createECDH("secp224r1")];
    one.generateKeys();
    other.generateKeys();
    t.write("agreed", one.computeSecret(other.getPublicKey()).equals(other.computeSecret(one.getPublicKey())), one.getPublicKey("hex", "compressed").length);
    t.write("document", crypto.createPublicKey(publicKey.export({ type: "spki", format: "pem" })).equals(publicKey), crypto.getCurves().includes("secp224r1"));
  }),

  "11.6 signed public keys": here(async (t) => {
    const made = "MIG6MGIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARFV+3Uu/V1RYu0srj2rFaeDfRrw7ffOl+Jg/t7oN2iJtio6wa1jgoSfE6/Qu/1uTkvB/GsNs8sa2KZDH8G/or4FgVoZWxsbzAKBggqhkjOPQQDAgNIADBFAiAq35HZOPuJswWVvyWiy3xt/bt7a8hM9Ijkwjmml8OF1gIhANvirbfStaAWFS15S67lMsd5VxLStqBwB/rhDI6tOGvh";
    t.write("verified", crypto.Certificate.verifySpkac(made), crypto.Certificate.verifySpkac(Buffer.from(made)), new crypto.Certificate().verifySpkac(made));
    t.write("changed", crypto.Certificate.verifySpkac(`${made.slice(0, 60)}${made[60] === "A" ? "B" : "A"}${made.slice(61)}`));
    t.write("challenge", crypto.Certificate.exportChallenge(made).toString(), crypto.Certificate.exportPublicKey(made).toString().split("\n")[0]);
    t.write("nothing", crypto.Certificate.verifySpkac("none"), crypto.Certificate.exportChallenge("none").length);
  }),

  "11.6 questions to nobody": here(async (t) => {
    const asked = readline.createInterface({});
    t.write("callback", await new Promise((resolve) => asked.question("?", resolve)), await new Promise((resolve) => asked.question("?", {}, resolve)));
    const promised = questions.createInterface({});
    t.write("promise", await promised.question("?"), promised.getPrompt(), promised.line, promised.terminal, promised.getCursorPos());
    t.write("lines", await Array.fromAsync(asked), asked.pause() === asked, asked.close());
    t.write("cursor", readline.clearLine({}, 1), readline.cursorTo({}, 1, 1), readline.moveCursor({}, 1, 1));
  }),

  "11.6 names of members": here(async (t) => {
    t.write("zlib", zlib.Z_BEST_SPEED, zlib.BROTLI_PARAM_QUALITY, zlib.GZIP, zlib.ZSTD_error_GENERIC);
    t.write("streams", Duplex === stream.Duplex, Readable === stream.Readable);
    t.write("assert", assert.ok === assert);
    t.write("hooks", hooks.createHook({}).enable().constructor.name, hooks.executionAsyncId(), hooks.asyncWrapProviders.PROMISE);
    t.write("modules", Object.keys(moduleOfModules._extensions), moduleOfModules.isBuiltin("node:sqlite"));
    t.write("disposal", typeof readline.Interface.prototype[Symbol.asyncDispose], typeof readline.Interface.prototype[Symbol.dispose]);
  }),
};

export class Subject extends caseObject(cases) {}

export default caseWorker(cases);
