import { DurableObject } from "cloudflare:workers";

interface Env {}

export class Counter extends DurableObject {
  private value: number;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.value = 0
  }

  async increment(amount = 1) {
    this.value += amount;
    return this.value;
  }
}
