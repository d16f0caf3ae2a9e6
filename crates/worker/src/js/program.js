/**
 * The program this realm runs: its exports by name and kind, its `env`, and the loop-back bindings made of both.
 *
 * Filled by `Main.init` and `Main.start`; read by whatever runs a handler. It runs none itself.
 *
 * @module
 */

import { DurableObject, WorkerEntrypoint, WorkflowEntrypoint } from "stated:entrypoint-classes";
import { loopBackNamespace } from "stated:namespace";
import { loopBackClass } from "stated:object-class";
import { loopBackStub } from "stated:service";

/** @typedef {"durable-object" | "legacy-class" | "entrypoint" | "object" | "other"} Kind */
/** @typedef {{ name: string, kind: Kind, value: any }} ProgramExport */
/** @typedef {Record<string, { namespace: number, sqlite: boolean }>} ClassTable */

const handlerNames = ["fetch", "connect", "scheduled", "queue", "email", "tail", "tailStream", "trace", "test", "alarm",
  "webSocketMessage", "webSocketClose", "webSocketError"];

/** The bindings, shared by all contexts of the realm. @type {Record<string, any>} */
export const env = {};

/** @type {ClassTable} */
let classes = {};
/** @type {Map<string, ProgramExport>} */
const programExports = new Map();
/** @type {Record<string, any> | undefined} */
let loopBack;

/** @param {ClassTable} table the classes that have a namespace */
export function setClasses(table) {
  classes = table;
}

/**
 * Takes the program's module namespace.
 *
 * @param {Record<string, any>} moduleExports
 * @returns {{ name: string, kind: Kind, handlers: string[] }[]}
 */
export function setExports(moduleExports) {
  programExports.clear();
  loopBack = undefined;
  return Object.keys(moduleExports).map((name) => {
    const value = moduleExports[name];
    const kind = kindOf(value);
    programExports.set(name, { name, kind, value });
    return { name, kind, handlers: handlersOf(value, kind) };
  });
}

/** @param {any} value @returns {Kind} */
function kindOf(value) {
  if (typeof value === "object" && value !== null) return "object";
  // Arrow functions and methods are no classes: they have no prototype for instances.
  if (typeof value !== "function" || typeof value.prototype !== "object" || value.prototype === null) return "other";
  if (value.prototype instanceof DurableObject) return "durable-object";
  if (value.prototype instanceof WorkerEntrypoint) return "entrypoint";
  return value.prototype instanceof WorkflowEntrypoint ? "other" : "legacy-class";
}

/** @param {any} value @param {Kind} kind */
function handlersOf(value, kind) {
  if (kind === "other") return [];
  const holder = kind === "object" ? value : value.prototype;
  return handlerNames.filter((name) => typeof holder[name] === "function");
}

/** @param {string} name @returns {ProgramExport | undefined} */
export function exportNamed(name) {
  return programExports.get(name);
}

/** Whether a class's namespace has SQLite storage; true for a class that is in no table. @param {string} className */
export function isSqlite(className) {
  return Object.hasOwn(classes, className) ? classes[className].sqlite : true;
}

/**
 * `ctx.exports`: a service stub for each stateless entrypoint, and for each object class the class, which is also the namespace
 * if there is one.
 */
export function loopBackBindings() {
  if (loopBack !== undefined) return loopBack;
  loopBack = {};
  for (const { name, kind } of programExports.values()) {
    const make = loopBackBinding(name, kind);
    if (make !== undefined) defineOnce(loopBack, name, make);
  }
  return loopBack;
}

/** @param {string} name @param {Kind} kind @returns {(() => unknown) | undefined} */
function loopBackBinding(name, kind) {
  if (kind === "durable-object" || kind === "legacy-class") {
    if (!Object.hasOwn(classes, name)) return () => loopBackClass(name);
    return () => loopBackNamespace(name, classes[name].namespace);
  }
  if (kind === "entrypoint" || kind === "object") return () => loopBackStub(name);
  return undefined;
}

/** @param {object} target @param {string} name @param {() => unknown} make */
function defineOnce(target, name, make) {
  Object.defineProperty(target, name, {
    configurable: true,
    enumerable: true,
    get() {
      const value = make();
      Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
      return value;
    },
  });
}
