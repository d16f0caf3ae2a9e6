/**
 * What modules know of themselves with the flag `new_module_registry`. Reference: section 11.5.
 */

import { caseObject, caseWorker, inWorker } from "../harness.js";

const here = (body) => inWorker((tools, t) => body(t, tools));

const { meta } = { meta: import.meta };

const cases = {
  "11.5 import.meta": here((t) => {
    t.write("names", Reflect.ownKeys(meta), Object.getPrototypeOf(meta), Object.isExtensible(meta));
    for (const name of ["main", "url", "filename", "dirname"]) t.write(name, Object.getOwnPropertyDescriptor(meta, name));
    const { value: resolve, ...attributes } = Object.getOwnPropertyDescriptor(meta, "resolve");
    t.write("resolve", attributes, resolve.name, resolve.length);
    t.write("the same each time", import.meta === meta);
  }),

  "11.5 import.meta.resolve": here(async (t) => {
    for (const specifier of ["./a.js", "a", "../x", "/y", "", "#f", "?q", "node:fs", "fs", "fs/promises", "node:nothing", "cloudflare:workers", "http://h/x",
      "https://h", "data:text/javascript,1", "file:///z", "./a b", "./\u00e9", "a/../b", "./worker.js", "//h/x", "a%20b", "./%zz", 5, null, undefined]) {
      await t.attempt(`${specifier}`, () => meta.resolve(specifier));
    }
    const { resolve } = meta;
    t.write("by itself, with a second argument", resolve("./q", "http://h/"));
    t.write("of an object", meta.resolve({ toString: () => "./o" }));
    await t.attempt("no URL", () => meta.resolve("http://["));
    await t.attempt("nothing", () => meta.resolve());
  }),

  "11.5 import.meta is the program's": here((t) => {
    meta.own = 1;
    meta.main = "changed";
    t.write("changes", import.meta.own, import.meta.main, delete meta.own);
  }),
};

export default caseWorker(cases);

export const Subject = caseObject(cases);
