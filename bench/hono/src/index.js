// A JSON API as many are written: a router, a header of its own, parameters, a body in and out.
import { Hono } from "hono"

const app = new Hono()

app.use("/api/*", async (c, next) => {
  await next()
  c.header("x-served-by", "hono")
})

app.get("/api/users/:id", (c) => c.json({ id: c.req.param("id"), name: "Ada", tags: ["a", "b", "c"] }))

app.post("/api/orders", async (c) => {
  const order = await c.req.json()
  const total = order.items.reduce((sum, item) => sum + item.price * item.count, 0)
  return c.json({ id: order.id, total }, 201)
})

export default app
