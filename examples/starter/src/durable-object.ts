interface Env {}

export class MyDurableObject {
    // DO implementation
    async fetch(request: Request, env: Env) {
        return new Response("Hello World");
    }
}
