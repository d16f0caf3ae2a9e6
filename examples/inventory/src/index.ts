import { DurableObject } from 'cloudflare:workers'

interface Env {
  INVENTORY: DurableObjectNamespace<Inventory>
}

export class Inventory extends DurableObject<Env> {
  state: DurableObjectState

  constructor(state: DurableObjectState, env: Env) {
    super(state, env)
    this.state = state
  }

  async purchase(items: string[]) {
    const transaction = this.state.storage.transaction(async (txn) => {
      // All operations in transaction are atomic
      for (const item of items) {
        const stock = (await txn.get<number>(`stock:${item}`)) || 0
        if (stock < 1) {
          throw new Error(`Out of stock: ${item}`)
        }
        await txn.put(`stock:${item}`, stock - 1)
      }
    })

    await transaction
  }

  async restock(stock: Record<string, number>) {
    await this.state.storage.put(
      Object.fromEntries(Object.entries(stock).map(([item, count]) => [`stock:${item}`, count])),
    )
  }

  async stock() {
    return Object.fromEntries(await this.state.storage.list<number>({ prefix: 'stock:' }))
  }
}

// GET / · POST /restock {"pen": 2} · POST /purchase ["pen", "ink"]
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const inventory = env.INVENTORY.get(env.INVENTORY.idFromName('shop'))

    if (request.method === 'POST') {
      try {
        if (request.url.endsWith('/restock')) await inventory.restock(await request.json())
        else await inventory.purchase(await request.json())
      } catch (error) {
        return Response.json({ error: (error as Error).message }, { status: 409 })
      }
    }

    return Response.json(await inventory.stock())
  },
}
