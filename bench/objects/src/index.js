// Objects as programs use them. A path is /WHAT/NAME: what to do, and the name of the object that does it.
import { DurableObject } from "cloudflare:workers"

/** Counts in memory, and in the key-value storage. */
export class Counter extends DurableObject {
  #read = 0

  async increment() {
    const count = ((await this.ctx.storage.get("count")) ?? 0) + 1
    await this.ctx.storage.put("count", count)
    return count
  }

  async fetch(request) {
    switch (new URL(request.url).pathname.split("/")[1]) {
      case "memory":
        return new Response(String(++this.#read))
      case "get":
        return new Response(String((await this.ctx.storage.get("count")) ?? 0))
      case "kv":
        return new Response(String(await this.increment()))
    }
    return new Response("not found", { status: 404 })
  }
}

/** Counts in a table. */
export class SqlCounter extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env)
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS counter (id INTEGER PRIMARY KEY, value INTEGER)")
  }

  fetch(request) {
    const { sql } = this.ctx.storage
    if (new URL(request.url).pathname.startsWith("/sql-get/")) {
      const [row] = sql.exec("SELECT value FROM counter WHERE id = 1")
      return new Response(String(row?.value ?? 0))
    }
    const { value } = sql
      .exec("INSERT INTO counter VALUES (1, 1) ON CONFLICT DO UPDATE SET value = value + 1 RETURNING value")
      .one()
    return new Response(String(value))
  }
}

/** Has many keys. */
export class Shelf extends DurableObject {
  async fetch(request) {
    const { storage } = this.ctx
    switch (new URL(request.url).pathname.split("/")[1]) {
      case "fill": {
        for (let from = 0; from < 1000; from += 100) {
          const entries = {}
          for (let at = from; at < from + 100; at++) entries[`key-${String(at).padStart(4, "0")}`] = { at, text: "x".repeat(50) }
          await storage.put(entries)
        }
        return new Response("filled")
      }
      case "list": {
        let sum = 0
        for (const [, { at }] of await storage.list({ prefix: "key-" })) sum += at
        return new Response(String(sum))
      }
      case "transaction": {
        const total = await storage.transaction(async (transaction) => {
          let total = 0
          for (let at = 0; at < 10; at++) {
            const value = ((await transaction.get(`count-${at}`)) ?? 0) + 1
            await transaction.put(`count-${at}`, value)
            total += value
          }
          return total
        })
        return new Response(String(total))
      }
    }
    return new Response("not found", { status: 404 })
  }
}

/** Asks the next one, until there is none. */
export class Link extends DurableObject {
  async reach(left) {
    if (left === 1) return 1
    const { LINK } = this.env
    return 1 + (await LINK.get(LINK.idFromName(`link-${left - 1}`)).reach(left - 1))
  }
}

/** Notes how late its alarm came. */
export class Reminder extends DurableObject {
  async fetch(request) {
    const url = new URL(request.url)
    if (url.pathname.startsWith("/remind/")) {
      const due = Number(url.searchParams.get("due"))
      await this.ctx.storage.put("due", due)
      await this.ctx.storage.setAlarm(due)
      return new Response("set")
    }
    return new Response(String((await this.ctx.storage.get("late")) ?? -1))
  }

  async alarm() {
    await this.ctx.storage.put("late", Date.now() - (await this.ctx.storage.get("due")))
  }
}

export default {
  async fetch(request, env) {
    const [, what, name] = new URL(request.url).pathname.split("/")
    const stub = (namespace) => namespace.get(namespace.idFromName(name))
    switch (what) {
      case "memory":
      case "get":
      case "kv":
        return stub(env.COUNTER).fetch(request)
      case "rpc":
        return new Response(String(await stub(env.COUNTER).increment()))
      case "sql":
      case "sql-get":
        return stub(env.SQL_COUNTER).fetch(request)
      case "fill":
      case "list":
      case "transaction":
        return stub(env.SHELF).fetch(request)
      case "chain":
        return new Response(String(await stub(env.LINK).reach(5)))
      case "remind":
      case "late":
        return stub(env.REMINDER).fetch(request)
    }
    return new Response("not found", { status: 404 })
  },
}
