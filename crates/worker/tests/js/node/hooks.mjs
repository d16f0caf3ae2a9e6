/**
 * Node's loader hooks behind register.mjs.
 *
 * @module
 */

const here = new URL("./", import.meta.url);
const library = new URL("../../../src/js/", here);
// With STATED_NODE_MODULES=node the tests of `node:` modules run against Node's own, which shows that what they expect is so.
const nodesOwn = process.env.STATED_NODE_MODULES === "node";
const standIns = { host: "host.js", test: "runner.js" };

/** @type {import("node:module").ResolveHook} */
export async function resolve(specifier, context, next) {
  if (!specifier.startsWith("stated:")) return next(specifier, context);
  const name = specifier.slice("stated:".length);
  if (nodesOwn && name.startsWith("node/")) return next(`node:${name.slice("node/".length)}`, context);
  const file = Object.hasOwn(standIns, name) ? new URL(standIns[name], here) : new URL(`${name}.js`, library);
  return { url: file.href, format: "module", shortCircuit: true };
}

/** @type {import("node:module").LoadHook} */
export async function load(url, context, next) {
  // The library's files are modules although no package.json says so.
  const ours = url.startsWith(library.href) || url.startsWith(new URL("../", here).href);
  return next(url, ours && url.endsWith(".js") ? { ...context, format: "module" } : context);
}
