import { assert, assertEquals, assertRejects, test } from "stated:test";
import module from "./add.wasm";

const empty = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

test("an imported module is compiled and can be instantiated", async () => {
  assert(module instanceof WebAssembly.Module);
  assertEquals(WebAssembly.Module.exports(module), [{ name: "add", kind: "function" }]);
  assertEquals(new WebAssembly.Instance(module).exports.add(2, 3), 5);
  const instance = await WebAssembly.instantiate(module, {});
  assert(instance instanceof WebAssembly.Instance);
  assertEquals(instance.exports.add(0x7fff_ffff, 1), -0x8000_0000);
});

test("code cannot be made from bytes in an event", async () => {
  await assertRejects(async () => new WebAssembly.Module(empty), WebAssembly.CompileError);
  await assertRejects(() => WebAssembly.compile(empty), WebAssembly.CompileError);
  await assertRejects(() => WebAssembly.instantiate(empty), WebAssembly.CompileError);
});

test("the error of bytes that may not become code names the function that was called", async () => {
  const told = async (make) => { try { await make(); } catch (error) { return error.message; } };
  assertEquals([
    await told(() => new WebAssembly.Module(empty)), await told(() => WebAssembly.compile(empty)), await told(() => WebAssembly.instantiate(empty)),
  ], ["Module", "compile", "instantiate"].map((name) => `WebAssembly.${name}(): Wasm code generation disallowed by embedder`));
});

test("bytes can be looked at", () => {
  assertEquals([WebAssembly.validate(empty), WebAssembly.validate(new Uint8Array(8))], [true, false]);
});

test("nothing compiles while it streams", () => {
  assertEquals(["compileStreaming" in WebAssembly, "instantiateStreaming" in WebAssembly], [false, false]);
  assertEquals([WebAssembly.compile.length, WebAssembly.instantiate.length], [1, 1]);
});
