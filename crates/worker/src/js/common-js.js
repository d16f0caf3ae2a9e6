/**
 * CommonJS modules of dynamic workers as ES modules.
 *
 * The modules that one may `require` are those it names in literal calls: an ES module must import before it runs. Its code is
 * in strict mode, as all code of ES modules.
 *
 * @module
 */

const REQUIRE = /\brequire\s*\(\s*(["'])([^"'\\\n]+)\1\s*\)/g;

/**
 * The text of an ES module whose default export is what the CommonJS module exports.
 *
 * @param {string} name
 * @param {string} code
 * @param {ReadonlyMap<string, string>} kinds of all modules, by name
 * @returns {string}
 */
export function commonJsModule(name, code, kinds) {
  const required = [...new Set(Array.from(code.matchAll(REQUIRE), (match) => match[2]))];
  const imports = required.map((specifier, index) => `import * as required${index} from ${JSON.stringify(specifier)};`);
  const table = required.map((specifier, index) => {
    const whole = kinds.get(pathOf(name, specifier)) === "js";
    return `${JSON.stringify(specifier)}: ${whole ? `required${index}` : `required${index}.default`}`;
  });
  // All before the code is one line, so that the lines in stacks are the program's.
  return `${imports.join(" ")} const module = { exports: {} }; const modules = { __proto__: null, ${table.join(", ")} }; `
    + "const require = (name) => { if (name in modules) return modules[name]; throw new Error(`No such module \"${name}\".`); }; "
    + `(function (module, exports, require) {${code}\n}).call(module.exports, module, module.exports, require);\n`
    + "export default module.exports;\n";
}

/** The path of a specifier from the folder of the module that names it. @param {string} from @param {string} specifier */
function pathOf(from, specifier) {
  const path = from.split("/").slice(0, -1);
  for (const step of specifier.split("/")) {
    if (step === "..") path.pop();
    else if (step !== "." && step !== "") path.push(step);
  }
  return path.join("/");
}
