import type { Counter } from "./counter";

interface Env {
  COUNTERS: DurableObjectNamespace<Counter>;
}

export default {
  async fetch(request: Request, env: Env) {
    let url = new URL(request.url);
    let name = url.searchParams.get("name") ?? "default";
    let id = env.COUNTERS.idFromName(name);
    let durableObjectStub = env.COUNTERS.get(id);
    let response = await durableObjectStub.increment();
    return new Response(`Counter incremented to ${response}`);
  }
}

export * from "./counter";
