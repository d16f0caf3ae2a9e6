interface Env {
    MY_DURABLE_OBJECT: DurableObjectNamespace;
}

export default {
    async fetch(request: Request, env: Env) {
        let id = env.MY_DURABLE_OBJECT.newUniqueId();
        let obj = env.MY_DURABLE_OBJECT.get(id);
        return obj.fetch(request);
    }
}

export * from "./durable-object";
