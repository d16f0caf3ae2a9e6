import type { Counter } from "./counter";

interface Env {
  COUNTERS: DurableObjectNamespace<Counter>;
}

export default {
  async fetch(request: Request, env: Env) {
    let url = new URL(request.url);
    let name = url.searchParams.get("name");

    if (!name) {
      return new Response(
        "Select a Durable Object to contact by using" +
          " the `name` URL query string parameter, for example, ?name=A"
      );
    }

    let id = env.COUNTERS.idFromName(name);
    let stub = env.COUNTERS.get(id);

    let count = null;
    switch (url.pathname) {
      case "/increment":
        count = await stub.increment();
        break;
      default:
        return new Response("Not found", { status: 404 });
    }

    return new Response(`Durable Object '${name}' count: ${count}`);
  }
}

export * from "./counter";
