import { Hono, type Context } from "hono";
import { page } from "./page";

const app = new Hono<{ Bindings: CloudflareBindings }>();

function getCounter(c: Context) {
    const id = c.env.COUNTER.idFromName(c.req.param("name"));
    const obj = c.env.COUNTER.get(id);
    return obj;
}

// Writes are limited by address; the limiter is a Durable Object too.
app.on("POST", "/:name/*", async (c, next) => {
    const address = c.req.header("CF-Connecting-IP") ?? "unknown";
    const id = c.env.RATE_LIMITER.idFromName(address);
    const waitMs = await c.env.RATE_LIMITER.get(id).check();
    if (waitMs > 0) {
        c.header("Retry-After", String(Math.ceil(waitMs / 1000)));
        return c.json({ error: "Too many requests" }, 429);
    }
    await next();
});

app.get("/", (c) => c.html(page));

app.get("/:name/value", async (c) => {
    const obj = getCounter(c);
    const value = await obj.getCounterValue();
    return c.json({ value });
});

app.post("/:name/increment", async (c) => {
    const obj = getCounter(c);
    const value = await obj.increment();
    return c.json({ value });
});

app.post("/:name/decrement", async (c) => {
    const obj = getCounter(c);
    const value = await obj.decrement();
    return c.json({ value });
});

export default app;

export * from "./counter";
export * from "./rate-limiter";
