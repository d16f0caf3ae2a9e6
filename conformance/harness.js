/**
 * What every conformance program is made of.
 *
 * A program is a table of cases. A case writes a transcript: lines of a label and values, in the
 * notation of `show`. A case has an object of its own, named after it, so cases cannot disturb
 * each other and an object that is woken by an alarm still knows which case it belongs to.
 *
 * `GET /` lists the names of the cases, `GET /<encoded name>` runs one and answers its transcript. A
 * request for a WebSocket goes to the case's object: so a case can connect to itself over the network.
 */

import { DurableObject } from "cloudflare:workers";

/** Collects the lines of one transcript. */
export class Transcript {
  /** @type {string[]} */
  lines = [];

  /** Writes a label and values. */
  write(label, ...values) {
    this.lines.push([`${label}:`, ...values.map(show)].join(" "));
  }

  /** Writes what `action` gives: its value, its promise's value, or the error. */
  async attempt(label, action) {
    let result;
    try {
      result = action();
    } catch (error) {
      this.write(`${label} throws`, error);
      return;
    }
    try {
      this.write(label, await result);
    } catch (error) {
      this.write(`${label} rejects`, error);
    }
  }
}

/**
 * Writes of an error only its class: for texts that are the engine's own words, which no program
 * should depend on.
 */
export function refuses(transcript, label, action) {
  try {
    transcript.write(label, action());
  } catch (error) {
    transcript.lines.push(`${label} throws a ${error.constructor.name}`);
  }
}

/** A case whose body runs in its object, as `body(object, transcript)`. */
export function inObject(body) {
  return {
    object: {
      async body(object) {
        const transcript = new Transcript();
        await body(object, transcript);
        return transcript.lines;
      },
    },
    async worker({ object }, transcript) {
      transcript.lines.push(...(await object.step("body")));
    },
  };
}

/** A case whose body runs in the Worker, as `body({ env, ctx, stub, object, namespace }, transcript)`. */
export function inWorker(body) {
  return { object: {}, worker: body };
}

/**
 * The class of the objects of `cases`: a case's `object` has the handlers, each called with the
 * object first, and steps of any other name that the Worker side runs by `step(name, ...values)`.
 */
export function caseObject(cases) {
  return class extends DurableObject {
    constructor(ctx, env) {
      super(ctx, env);
      const [name] = ctx.id.name.split("#");
      this.handlers = cases[name].object;
      this.handlers.construct?.(this);
    }

    step(name, ...values) {
      return this.handlers[name](this, ...values);
    }

    fetch(request) {
      return this.handlers.fetch(this, request);
    }

    alarm(info) {
      return this.handlers.alarm?.(this, info);
    }

    webSocketMessage(socket, message) {
      return this.handlers.webSocketMessage?.(this, socket, message);
    }

    webSocketClose(socket, code, reason, wasClean) {
      return this.handlers.webSocketClose?.(this, socket, code, reason, wasClean);
    }

    webSocketError(socket, error) {
      return this.handlers.webSocketError?.(this, socket, error);
    }
  };
}

/** The default export of a program. Its objects are in the namespace bound as `SUBJECT`. */
export function caseWorker(cases) {
  return {
    async fetch(request, env, ctx) {
      const { pathname, host } = new URL(request.url);
      const name = decodeURIComponent(pathname.slice(1));
      if (request.headers.get("Upgrade") === "websocket") {
        return env.SUBJECT.getByName(name).fetch(request);
      }
      if (name === "") {
        return Response.json(Object.keys(cases));
      }
      const transcript = new Transcript();
      try {
        const namespace = env.SUBJECT;
        const open = (suffix = "") => namespace.getByName(name + suffix);
        const address = `${host}/${encodeURIComponent(name)}`;
        await cases[name].worker({ env, ctx, namespace, open, name, address, object: open() }, transcript);
      } catch (error) {
        transcript.write("the case throws", error);
      }
      return new Response(transcript.lines.map((line) => `${line}\n`).join(""));
    },
  };
}

/** Writes a value so that every two values a program could tell apart look different. */
export function show(value) {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "bigint":
      return `${value}n`;
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "function":
      return `[function ${value.name}]`;
    case "object":
      return value === null ? "null" : showObject(value);
    default:
      return String(value);
  }
}

function showObject(value) {
  if (value instanceof Error) {
    return showError(value);
  }
  if (Array.isArray(value)) {
    return `[${Array.from(value, (item, index) => (index in value ? show(item) : "hole")).join(", ")}]`;
  }
  if (value instanceof Map) {
    return `Map{${[...value].map(([key, item]) => `${show(key)} => ${show(item)}`).join(", ")}}`;
  }
  if (value instanceof Set) {
    return `Set{${[...value].map(show).join(", ")}}`;
  }
  if (value instanceof Date) {
    return `Date(${value.getTime()})`;
  }
  if (value instanceof RegExp) {
    return String(value);
  }
  if (value instanceof ArrayBuffer) {
    return `ArrayBuffer[${[...new Uint8Array(value)]}]`;
  }
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return `${value.constructor.name}[${[...bytes]}]`;
  }
  const prototype = Object.getPrototypeOf(value);
  const name = prototype === Object.prototype ? "" : `${prototype?.constructor?.name ?? "null"} `;
  const fields = Object.keys(value).map((key) => `${key}: ${show(value[key])}`);
  return `${name}{${fields.join(", ")}}`;
}

/** The properties that a caller may look at on an error of another object. */
const FLAGS = ["remote", "retryable", "overloaded", "durableObjectReset"];

function showError(error) {
  const type = Object.getPrototypeOf(error)?.constructor?.name;
  const name = error.name === type ? "" : ` ${error.name}`;
  const flags = FLAGS.filter((flag) => error[flag] !== undefined).map((flag) => `${flag}=${error[flag]}`);
  return `${type}${name} ${JSON.stringify(error.message)}${flags.length > 0 ? ` ${flags.join(" ")}` : ""}`;
}
