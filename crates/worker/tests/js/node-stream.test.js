import { Buffer } from "stated:node/buffer";
import stream, { Duplex, finished, PassThrough, pipeline, Readable, Transform, Writable } from "stated:node/stream";
import { arrayBuffer, buffer, json, text } from "stated:node/stream/consumers";
import { pipeline as pipelined } from "stated:node/stream/promises";
import { ReadableStream } from "stated:node/stream/web";
import { assert, assertEquals, assertRejects, assertThrows, test } from "stated:test";

const collected = () => {
  const chunks = [];
  return Object.assign(new Writable({ write(chunk, _encoding, callback) { chunks.push(chunk.toString()); callback(); } }), { chunks });
};

test("a pipeline transforms what it carries", async () => {
  const upper = new Transform({ transform(chunk, _encoding, callback) { callback(null, chunk.toString().toUpperCase()); } });
  const target = collected();
  await pipelined(Readable.from(["a", "b"]), upper, target);
  assertEquals(target.chunks, ["A", "B"]);
});

test("an error destroys the whole pipeline", async () => {
  const source = new PassThrough();
  const failing = new Transform({ transform(_chunk, _encoding, callback) { callback(new Error("broken")); } });
  const done = pipelined(source, failing, collected());
  source.write("x");
  await assertRejects(() => done, Error, "broken");
  assertEquals([source.destroyed, failing.destroyed], [true, true]);
});

test("a readable is iterated, and ended early", async () => {
  const seen = [];
  const source = Readable.from([1, 2, 3, 4]);
  for await (const value of source) {
    seen.push(value);
    if (value === 2) break;
  }
  assertEquals([seen, source.destroyed], [[1, 2], true]);
});

test("helpers of readables", async () => {
  assertEquals([await Readable.from([1, 2, 3]).filter((value) => value > 1).map((value) => value * 2).toArray(), await Readable.from([1, 2]).reduce((a, b) => a + b, 0)],
    [[4, 6], 3]);
});

test("a writer is told when to wait", async () => {
  const slow = new Writable({ highWaterMark: 3, write(_chunk, _encoding, callback) { queueMicrotask(callback); } });
  assertEquals([slow.write("ab"), slow.write("cd"), slow.writableLength], [true, false, 4]);
  await new Promise((resolve) => { slow.once("drain", resolve); });
  assertEquals(slow.writableLength, 0);
});

test("finished calls back at the end and on errors", async () => {
  const ended = new PassThrough();
  const result = new Promise((resolve) => { finished(ended, resolve); });
  ended.end("x");
  ended.resume();
  assertEquals(await result, undefined);
  const broken = new PassThrough();
  const failure = new Promise((resolve) => { finished(broken, resolve); });
  broken.destroy();
  assertEquals((await failure).code, "ERR_STREAM_PREMATURE_CLOSE");
});

test("pipeline with a callback", async () => {
  const target = collected();
  assertEquals([await new Promise((resolve) => { pipeline(Readable.from(["x"]), target, resolve); }), target.chunks], [undefined, ["x"]]);
});

test("streams become the platform's and back", async () => {
  const seen = [];
  for await (const chunk of Readable.toWeb(Readable.from([Buffer.from("a"), Buffer.from("b")]))) seen.push(Buffer.from(chunk).toString());
  assertEquals(seen, ["a", "b"]);
  const web = new ReadableStream({ start(controller) { controller.enqueue("x"); controller.enqueue("y"); controller.close(); } });
  assertEquals(await Readable.fromWeb(web, { objectMode: true }).toArray(), ["x", "y"]);
  const target = collected();
  const writer = Writable.toWeb(target).getWriter();
  await writer.write("p");
  await writer.close();
  assertEquals(target.chunks, ["p"]);
});

test("consumers take all of a stream", async () => {
  const source = () => Readable.from([Buffer.from('{"a":'), Buffer.from('"é"}')]);
  assertEquals([await text(source()), await json(source()), (await buffer(source())).length, (await arrayBuffer(source())).byteLength], ['{"a":"é"}', { a: "é" }, 10, 10]);
});

test("a duplex is made of both sides", async () => {
  const duplex = Duplex.from(async function* (source) { for await (const chunk of source) yield `<${chunk}>`; });
  duplex.end("x");
  assertEquals(String(await duplex.toArray()), "<x>");
});

// Newer than the Node that runs these tests.
if (stream.duplexPair !== undefined) {
  test("what one side of a pair writes the other reads", async () => {
    const [left, right] = stream.duplexPair();
    left.end("hello");
    assertEquals(String(await right.toArray()), "hello");
  });
}

test("errors of streams own their code", async () => {
  const late = new Writable({ write(_chunk, _encoding, done) { done(); } });
  late.end();
  const errors = [];
  late.on("error", (error) => errors.push(error));
  late.write("a");
  await new Promise((resolve) => { setTimeout(resolve, 1); });
  errors.push(assertThrows(() => Readable.from(null), TypeError), assertThrows(() => new Readable({ highWaterMark: -1 }), TypeError), assertThrows(() => late.write({}), TypeError));
  assertEquals(errors.map((error) => [Object.keys(error), error.code, error.message]), [
    [["code"], "ERR_STREAM_WRITE_AFTER_END", "write after end"],
    [["code"], "ERR_INVALID_ARG_TYPE", 'The "iterable" argument must be an instance of Iterable. Received null'],
    [["code"], "ERR_INVALID_ARG_VALUE", "The property 'options.highWaterMark' is invalid. Received -1"],
    [["code"], "ERR_INVALID_ARG_TYPE", errors[3].message],
  ]);
  assert(errors[3].message.startsWith('The "chunk" argument must be of type string or an instance of Buffer') && errors[3].message.endsWith("Received an instance of Object"), errors[3].message);
});

test("what is no stream cannot become one of the platform", () => {
  for (const convert of [() => Readable.toWeb(1), () => Writable.toWeb(undefined), () => Duplex.toWeb({}), () => Duplex.fromWeb({}), () => Readable.fromWeb(null)]) {
    assertEquals(assertThrows(convert, TypeError).code, "ERR_INVALID_ARG_TYPE");
  }
});
