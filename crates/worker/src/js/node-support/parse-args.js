/**
 * `util.parseArgs`.
 *
 * Source: https://nodejs.org/api/util.html#utilparseargsconfig
 *
 * @module
 */

import { invalidArgType, invalidArgValue, nodeError } from "stated:node-support/errors";

/** @typedef {{ type: "string" | "boolean", short?: string, multiple?: boolean, default?: any }} Option */
/** @typedef {{ kind: string, index: number, name?: string, rawName?: string, value?: any, inlineValue?: boolean }} Token */

/** @param {any} value @param {string} name */
function checkBoolean(value, name) {
  if (typeof value !== "boolean") throw invalidArgType(name, "of type boolean", value);
}

/** @param {any} value @param {string} name */
function checkPlainObject(value, name) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalidArgType(name, "of type object", value);
}

/** @param {any} value @param {string} name @param {"string" | "boolean"} type @param {boolean} multiple */
function checkDefault(value, name, type, multiple) {
  if (!multiple) {
    if (typeof value !== type) throw invalidArgType(name, `of type ${type}`, value);
    return;
  }
  if (!Array.isArray(value)) throw invalidArgType(name, "an instance of Array", value);
  value.forEach((item, index) => {
    if (typeof item !== type) throw invalidArgType(`${name}[${index}]`, `of type ${type}`, item);
  });
}

/** @param {Record<string, any>} options */
function checkOptions(options) {
  checkPlainObject(options, "options");
  for (const [long, option] of Object.entries(options)) {
    const name = `options.${long}`;
    checkPlainObject(option, name);
    if (option.type !== "string" && option.type !== "boolean") {
      throw invalidArgType(`${name}.type`, "('string|boolean')", option.type);
    }
    if (Object.hasOwn(option, "short")) {
      if (typeof option.short !== "string") throw invalidArgType(`${name}.short`, "of type string", option.short);
      if (option.short.length !== 1) throw invalidArgValue(`${name}.short`, option.short, "must be a single character");
    }
    const { multiple = false } = option;
    checkBoolean(multiple, `${name}.multiple`);
    if (option.default !== undefined) checkDefault(option.default, `${name}.default`, option.type, multiple);
  }
}

/** @param {string} short @param {Record<string, Option>} options */
function longOf(short, options) {
  return Object.entries(options).find(([, option]) => option.short === short)?.[0] ?? short;
}

/** @param {string} name @param {Record<string, Option>} options */
const typeOf = (name, options) => (Object.hasOwn(options, name) ? options[name].type : undefined);

/** Whether the argument after an option may be its value: also one with a dash, as POSIX has it. @param {string | undefined} next */
const isValue = (next) => next !== undefined;

/** Whether it is several short options, of which only the last may have a value. @param {string} arg @param {Record<string, Option>} options */
function isGroup(arg, options) {
  return arg.length > 2 && arg[0] === "-" && arg[1] !== "-" && typeOf(longOf(arg[1], options), options) !== "string";
}

/** @param {string[]} args @param {Record<string, Option>} options @returns {Token[]} */
function tokensOf(args, options) {
  /** @type {Token[]} */
  const tokens = [];
  const rest = [...args];
  let index = -1;
  let groupLeft = 0;
  while (rest.length > 0) {
    const arg = /** @type {string} */ (rest.shift());
    const next = rest[0];
    if (groupLeft > 0) groupLeft--;
    else index++;
    if (arg === "--") {
      tokens.push({ kind: "option-terminator", index });
      for (const value of rest) tokens.push({ kind: "positional", index: ++index, value });
      break;
    }
    if (arg.length === 2 && arg[0] === "-" && arg[1] !== "-") {
      const name = longOf(arg[1], options);
      const takes = typeOf(name, options) === "string" && isValue(next);
      tokens.push({ kind: "option", name, rawName: arg, index, value: takes ? next : undefined, inlineValue: takes ? false : undefined });
      if (takes) {
        rest.shift();
        index++;
      }
    } else if (isGroup(arg, options)) {
      /** @type {string[]} */
      const expanded = [];
      for (let at = 1; at < arg.length; at++) {
        const name = longOf(arg[at], options);
        if (typeOf(name, options) !== "string" || at === arg.length - 1) expanded.push(`-${arg[at]}`);
        else {
          expanded.push(`-${arg.slice(at)}`);
          break;
        }
      }
      rest.unshift(...expanded);
      // All of them stand at the place of the group.
      groupLeft = expanded.length;
    } else if (arg.length > 2 && arg[0] === "-" && arg[1] !== "-") {
      const name = longOf(arg[1], options);
      tokens.push({ kind: "option", name, rawName: arg.slice(0, 2), index, value: arg.slice(2), inlineValue: true });
    } else if (arg.length > 2 && arg.startsWith("--") && !arg.includes("=", 3)) {
      const name = arg.slice(2);
      const takes = typeOf(name, options) === "string" && isValue(next);
      tokens.push({ kind: "option", name, rawName: arg, index, value: takes ? next : undefined, inlineValue: takes ? false : undefined });
      if (takes) {
        rest.shift();
        index++;
      }
    } else if (arg.length > 2 && arg.startsWith("--")) {
      const equals = arg.indexOf("=");
      const name = arg.slice(2, equals);
      tokens.push({ kind: "option", name, rawName: `--${name}`, index, value: arg.slice(equals + 1), inlineValue: true });
    } else {
      tokens.push({ kind: "positional", index, value: arg });
    }
  }
  return tokens;
}

/** @param {Token} token @param {any} config */
function checkOption(token, { options, strict, allowPositionals, allowNegative }) {
  const name = /** @type {string} */ (token.name);
  const rawName = /** @type {string} */ (token.rawName);
  const { value, inlineValue } = token;
  if (!strict) return;
  if (!Object.hasOwn(options, name)) {
    if (allowNegative && name.startsWith("no-") && typeOf(name.slice(3), options) === "boolean") return;
    const hint = allowPositionals ? `. To specify a positional argument starting with a '-', place it at the end of the command after '--', as in '-- ${JSON.stringify(rawName).replace(/^"|"$/g, "\"")}` : "";
    throw nodeError(TypeError, "ERR_PARSE_ARGS_UNKNOWN_OPTION", `Unknown option '${rawName}'${hint}`);
  }
  const { short, type } = options[name];
  const shown = `${short ? `-${short}, ` : ""}--${name}`;
  if (type === "string" && typeof value !== "string") {
    throw nodeError(TypeError, "ERR_PARSE_ARGS_INVALID_OPTION_VALUE", `Option '${shown} <value>' argument missing`);
  }
  if (type === "boolean" && value !== undefined && value !== null) {
    throw nodeError(TypeError, "ERR_PARSE_ARGS_INVALID_OPTION_VALUE", `Option '${shown}' does not take an argument`);
  }
  if (type === "string" && inlineValue === false && value.startsWith("-") && value.length > 1) {
    const example = rawName.startsWith("--") ? `'${rawName}=-XYZ'` : `'--${name}=-XYZ' or '${rawName}-XYZ'`;
    throw nodeError(TypeError, "ERR_PARSE_ARGS_INVALID_OPTION_VALUE",
      `Option '${rawName}' argument is ambiguous.\nDid you forget to specify the option argument for '${rawName}'?\nTo specify an option argument starting with a dash use ${example}.`);
  }
}

/** @param {Token} token @param {any} config @param {any} values */
function store(token, { options, allowNegative }, values) {
  let name = /** @type {string} */ (token.name);
  let value = token.value ?? true;
  if (name === "__proto__") return;
  if (allowNegative && token.value === undefined && name.startsWith("no-") && typeOf(name.slice(3), options) === "boolean" && !Object.hasOwn(options, name)) {
    name = name.slice(3);
    value = false;
    token.name = name;
  }
  if (options[name]?.multiple) (values[name] ??= []).push(value);
  else values[name] = value;
}

/** @param {any} [config] */
export function parseArgs(config = {}) {
  checkPlainObject(config, "config");
  const { args = [], options = {}, strict = true, allowPositionals = !strict, tokens: wantsTokens = false, allowNegative = false } = config;
  if (!Array.isArray(args)) throw invalidArgType("args", "an instance of Array", args);
  checkBoolean(strict, "strict");
  checkBoolean(allowPositionals, "allowPositionals");
  checkBoolean(wantsTokens, "tokens");
  checkBoolean(allowNegative, "allowNegative");
  checkOptions(options);
  const settings = { options, strict, allowPositionals, allowNegative };
  const tokens = tokensOf(args, options);
  const values = Object.create(null);
  /** @type {string[]} */
  const positionals = [];
  for (const token of tokens) {
    if (token.kind === "option") {
      checkOption(token, settings);
      store(token, settings, values);
    } else if (token.kind === "positional") {
      if (!allowPositionals) {
        throw nodeError(TypeError, "ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL", `Unexpected argument '${token.value}'. This command does not take positional arguments`);
      }
      positionals.push(token.value);
    }
  }
  for (const [name, option] of Object.entries(options)) {
    if (/** @type {any} */ (option).default !== undefined && values[name] === undefined) values[name] = /** @type {any} */ (option).default;
  }
  return wantsTokens ? { values, positionals, tokens } : { values, positionals };
}
