interface Env {
  COUNTER: DurableObjectNamespace
}

// Define a Durable Object
export class Counter {
  state: DurableObjectState

  constructor(state: DurableObjectState) {
    this.state = state
  }

  async fetch(request: Request) {
    const url = new URL(request.url)

    if (url.pathname === '/increment') {
      const count = (await this.state.storage.get<number>('count')) || 0
      await this.state.storage.put('count', count + 1)
      return new Response(JSON.stringify({ count: count + 1 }))
    }

    if (url.pathname === '/get') {
      const count = (await this.state.storage.get<number>('count')) || 0
      return new Response(JSON.stringify({ count }))
    }

    return new Response('Not found', { status: 404 })
  }
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    // Answered by the Worker itself: no object is involved.
    if (new URL(request.url).pathname === '/') {
      return new Response('Try /increment or /get\n')
    }

    const id = env.COUNTER.idFromName('global-counter')
    const stub = env.COUNTER.get(id)
    return stub.fetch(request)
  },
}
