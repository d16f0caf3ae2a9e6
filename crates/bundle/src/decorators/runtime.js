// What a class with decorators does while it is defined and while its instances are made.
//
// `src/decorators.rs` rewrites the syntax to calls of these methods; the rules are those of the
// TC39 proposal as of November 2023 (https://github.com/tc39/proposal-decorators). One object of
// this class accompanies one evaluation of one class.

const metadataKey = Symbol.metadata ?? Symbol.for("Symbol.metadata");

/** @param {unknown} value @param {string} what */
function requireFunction(value, what) {
  if (typeof value !== "function") throw new TypeError(`${what} must be a function`);
  return value;
}

export class Decorators {
  /** Computed names, by element. */
  keys = [];
  /** By element: what turns the initial value of a field or accessor into the one it gets. */
  initializers = [];
  /** By element: what runs after a field or accessor has been initialized. */
  fieldExtras = [];
  instanceExtras = [];
  staticExtras = [];
  classExtras = [];
  replacement = undefined;

  /** Evaluates a computed name once. */
  key(index, value) {
    return (this.keys[index] = typeof value === "symbol" ? value : String(value));
  }

  /**
   * Applies all decorators of the class `target`.
   *
   * An element is `[kind, isStatic, name, decorators, access]`; `access` is given for private names,
   * whose kind is always "field". `name` is that of a class without one.
   */
  apply(target, elements, classDecorators, name) {
    if (name !== undefined) Object.defineProperty(target, "name", { value: name, configurable: true });
    const metadata = Object.create(Object.getPrototypeOf(target)?.[metadataKey] ?? null);
    for (const fields of [false, true]) {
      for (const isStatic of [true, false]) {
        elements.forEach((element, index) => {
          if (element[1] === isStatic && (element[0] === "field") === fields) {
            this.applyElement(target, element, index, metadata);
          }
        });
      }
    }
    for (const decorator of classDecorators.reverse()) {
      const context = this.context({ kind: "class", name: target.name, metadata }, this.classExtras);
      const result = requireFunction(decorator, "A decorator")(this.replacement ?? target, context.value);
      context.close();
      if (result !== undefined) this.replacement = requireFunction(result, "The result of a class decorator");
    }
    for (const owner of new Set([target, this.replacement ?? target])) {
      Object.defineProperty(owner, metadataKey, { value: metadata, writable: true, configurable: true });
    }
    for (const extra of this.staticExtras) extra.call(target);
  }

  applyElement(target, [kind, isStatic, name, decorators, access], index, metadata) {
    const home = isStatic ? target : target.prototype;
    const descriptor = kind === "field" ? undefined : Object.getOwnPropertyDescriptor(home, name);
    const ownExtras = kind === "field" || kind === "accessor";
    const extras = ownExtras ? (this.fieldExtras[index] = []) : isStatic ? this.staticExtras : this.instanceExtras;
    const initializers = (this.initializers[index] = []);
    const slot = { method: "value", getter: "get", setter: "set" }[kind];
    for (const decorator of decorators.reverse()) {
      const context = this.context(
        {
          kind,
          name,
          static: isStatic,
          private: access !== undefined,
          access: access ?? accessTo(kind, name),
          metadata,
        },
        extras,
      );
      const value = kind === "field" ? undefined
        : kind === "accessor" ? { get: descriptor.get, set: descriptor.set } : descriptor[slot];
      const result = requireFunction(decorator, "A decorator")(value, context.value);
      context.close();
      if (result === undefined) continue;
      if (kind === "field") {
        initializers.unshift(requireFunction(result, "The result of a field decorator"));
      } else if (kind === "accessor") {
        if (typeof result !== "object" || result === null) {
          throw new TypeError("The result of an accessor decorator must be an object");
        }
        if (result.get !== undefined) descriptor.get = requireFunction(result.get, "`get`");
        if (result.set !== undefined) descriptor.set = requireFunction(result.set, "`set`");
        if (result.init !== undefined) initializers.unshift(requireFunction(result.init, "`init`"));
      } else {
        descriptor[slot] = requireFunction(result, `The result of a ${kind} decorator`);
      }
    }
    if (descriptor) Object.defineProperty(home, name, descriptor);
  }

  /** A decorator's second argument; `addInitializer` works until `close`. */
  context(value, extras) {
    let open = true;
    value.addInitializer = (extra) => {
      if (!open) throw new TypeError("addInitializer was called after the decorator had finished");
      extras.push(requireFunction(extra, "An initializer"));
    };
    return { value, close: () => void (open = false) };
  }

  /** Starts an instance: what the decorators of its methods asked for. */
  instance(self) {
    for (const extra of this.instanceExtras) extra.call(self);
  }

  /** The value that the field or accessor `index` of `self` gets. */
  field(index, self, value) {
    for (const initializer of this.initializers[index]) value = initializer.call(self, value);
    return value;
  }

  /** Ends the initialization of the field or accessor `index` of `self`. */
  after(index, self) {
    for (const extra of this.fieldExtras[index]) extra.call(self);
  }

  /** The class that the name of `target` stands for from now on. */
  finish(target) {
    const result = this.replacement ?? target;
    for (const extra of this.classExtras) extra.call(result);
    return result;
  }
}

function accessTo(kind, name) {
  const access = { has: (object) => name in object };
  if (kind !== "setter") access.get = (object) => object[name];
  if (kind !== "method" && kind !== "getter") {
    access.set = (object, value) => {
      object[name] = value;
    };
  }
  return access;
}
