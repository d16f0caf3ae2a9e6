// Every kind of decorated element. `expected.json` is what esbuild 0.27.3 (target es2022) makes of it on Node 20.
const log: unknown[] = [];
const note = (label: string) => (value: any, context: any) => {
  log.push([
    "apply",
    label,
    context.kind,
    String(context.name),
    context.static,
    context.private,
    typeof value === "object" && value ? Object.keys(value) : typeof value,
    Object.keys(context.access ?? {}).sort(),
  ]);
  context.addInitializer(function (this: any) {
    log.push(["extra", label, typeof this === "function" ? "class" : "instance"]);
  });
  context.metadata[label] = true;
};
const double = (value: any, context: any) => {
  if (context.kind === "method")
    return function (this: any, ...a: any[]) {
      return 2 * value.apply(this, a);
    };
  if (context.kind === "getter")
    return function (this: any) {
      return 2 * value.call(this);
    };
  if (context.kind === "setter")
    return function (this: any, v: any) {
      value.call(this, v * 2);
    };
  if (context.kind === "field")
    return (v: any) => {
      log.push(["init", String(context.name), v]);
      return (v ?? 1) * 2;
    };
  if (context.kind === "accessor")
    return {
      get() {
        return value.get.call(this) + 1;
      },
      init: (v: any) => v * 2,
    };
};
const bound = (value: any, context: any) => {
  context.addInitializer(function (this: any) {
    this[context.name] = this[context.name].bind(this);
  });
};
const sym = Symbol("sym");
const order = (n: string) => {
  log.push(["key", n]);
  return n;
};
class Base {
  baseField = log.push(["base field"]);
}
@note("class-a")
@note("class-b")
export class A<T> extends Base {
  static before = log.push(["static before"]);
  @note("m1") @note("m2") @double method(x: number): number {
    return x;
  }
  @note("static-m") static sm() {
    return 1;
  }
  @double get g() {
    return 5;
  }
  @double set g(v) {
    log.push(["set", v]);
  }
  @note("f") @double public readonly f: number = 3;
  @note("f2") @double f2!: number;
  @double f3?: number;
  @note("sf") @double static sf = 7;
  @note("pf") @double #pf = 4;
  @note("acc") @double accessor acc: number = 10;
  accessor plain = "plain";
  static accessor splain = "splain";
  @note("sacc") static accessor sacc = 1;
  @note("computed") [order("computedName")]() {
    return 1;
  }
  @double ["field-" + order("x")] = 6;
  @double 42 = 1;
  @note("symbol") [sym]() {}
  @double "quoted name"() {
    return 3;
  }
  @bound boundMethod() {
    return this instanceof A;
  }
  @note("async") async asyncMethod() {
    return 1;
  }
  @note("gen") *gen() {
    yield 1;
  }
  constructor(private extra: string) {
    super();
    log.push(["constructor body", extra]);
  }
  readPf() {
    return this.#pf;
  }
}
@((value: any, context: any) =>
  class Replaced extends value {
    replaced = true;
  })
class B {
  static who = "b";
  own = 1;
}
export default
@note("default")
class Named {
  static x = 1;
}
const Expr =
  @note("expr")
  class Inner {
    @double f = 2;
  };
function make() {
  @note("local")
  class L {
    @double f = 8;
  }
  return L;
}
@note("abstract")
abstract class Abs {
  @double m(): number {
    return 1;
  }
  abstract n(): void;
}
class Sub extends A<string> {
  @note("sub") f4 = 1;
}
export const run = async () => {
  const a: any = new A("x"),
    b: any = new B();
  a.g = 3;
  a.acc = 5;
  const s: any = new Sub("sub");
  const l: any = new (make())(),
    e: any = new Expr();
  const metaKey = (Symbol as any).metadata ?? Symbol.for("Symbol.metadata");
  return {
    log,
    values: [
      a.method(2),
      A.sm(),
      a.g,
      a.f,
      a.f2,
      a.f3,
      (A as any).sf,
      a.readPf(),
      a.acc,
      a.plain,
      A.splain,
      A.sacc,
      a.computedName(),
      a["field-x"],
      a[42],
      a["quoted name"](),
      (0, a.boundMethod)(),
      await a.asyncMethod(),
      [...a.gen()],
      a.extra,
      b.replaced,
      b.own,
      (B as any).who,
      B.name,
      s.f4,
      s.f,
      l.f,
      e.f,
      Inner_name(),
      A.name,
      Named.name,
      Object.keys((A as any)[metaKey]),
      (Sub as any)[metaKey].sub,
      Object.getPrototypeOf((Sub as any)[metaKey]) === (A as any)[metaKey],
    ],
    keys: Object.keys(a),
    proto: Object.getOwnPropertyNames(A.prototype).sort(),
  };
};
function Inner_name() {
  return Expr.name;
}
