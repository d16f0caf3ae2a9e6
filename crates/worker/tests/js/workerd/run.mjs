/**
 * Runs the library's tests inside workerd, to see where it answers otherwise than the standards:
 *
 *     (cd conformance && npm ci)
 *     node crates/worker/tests/js/workerd/run.mjs crates/worker/tests/js/standards/*.test.js
 *
 * Only for test files whose imports are globals of a Worker; `stated:<name>` stands for the global scope.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

const here = new URL("./", import.meta.url);
const require = createRequire(new URL("../../../../../conformance/package.json", here));
const { default: workerd, compatibilityDate } = require("workerd");

/** Collects the tests as `stated:test` does inside the engine, and gives each two seconds. */
const RUNNER = `
export * from "assertions";
const tests = [];
export function test(name, body) { tests.push({ name, body }); }
export const worker = { async fetch() {
  const failures = [];
  for (const { name, body } of tests) {
    let timer;
    const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error("does not end")), 2000); });
    try { await Promise.race([body(), late]); } catch (error) { failures.push(name + "\\n    " + (error?.name + ": " + error?.message)); }
    clearTimeout(timer);
  }
  return Response.json({ count: tests.length, failures });
} };`;

/** @param {string} code */
function onGlobals(code) {
  return code.replaceAll(/import \{([^}]*)\} from "stated:(?!test)[^"]*";/g, (_, names) => `const {${names.replaceAll(" as ", ": ")}} = globalThis;`)
    .replace("\"stated:test\"", "\"runner\"");
}

/** @param {string} text */
const capnp = (text) => JSON.stringify(text);

/** @param {string} file */
async function run(file) {
  const folder = mkdtempSync(join(tmpdir(), "stated-workerd-"));
  const modules = {
    main: 'import "./file"; export { worker as default } from "./runner";',
    file: onGlobals(readFileSync(file, "utf8")).replace("\"runner\"", "\"./runner\""),
    runner: RUNNER.replace("\"assertions\"", "\"./assertions\""),
    assertions: readFileSync(new URL("../assertions.js", here), "utf8"),
  };
  const list = Object.entries(modules).map(([name, code]) => {
    writeFileSync(join(folder, name), code);
    return `(name = ${capnp(name)}, esModule = embed ${capnp(name)})`;
  });
  writeFileSync(join(folder, "config.capnp"), `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (modules = [${list.join(", ")}], compatibilityDate = ${capnp(compatibilityDate)},
    compatibilityFlags = [])),
    (name = "internet", network = (allow = ["public", "private"]))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]);`);
  const server = spawn(workerd, ["serve", "--control-fd=1", "config.capnp"], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  try {
    const port = await new Promise((resolve, reject) => {
      let seen = "";
      server.stdout.on("data", (data) => {
        seen += data;
        const found = /"port":(\d+)/.exec(seen);
        if (found) resolve(found[1]);
      });
      server.on("exit", () => reject(new Error("workerd ended")));
    });
    const response = await fetch(`http://127.0.0.1:${port}/`);
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${response.status} ${text}`);
    return JSON.parse(text);
  } finally {
    server.kill();
    rmSync(folder, { recursive: true });
  }
}

let different = 0;
for (const file of process.argv.slice(2)) {
  const { count, failures } = await run(file);
  different += failures.length;
  console.log(`${basename(file)}: ${count - failures.length} of ${count} as in workerd`);
  for (const failure of failures) console.log(`  ${failure}`);
}
process.exitCode = different === 0 ? 0 : 1;
