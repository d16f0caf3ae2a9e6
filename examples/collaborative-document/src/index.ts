interface Env {
  DOCUMENTS: DurableObjectNamespace
}

export class Document {
  private clients = new Set<WebSocket>()
  private state: DurableObjectState

  constructor(state: DurableObjectState) {
    this.state = state
  }

  async fetch(request: Request) {
    if (request.headers.get('Upgrade') === 'websocket') {
      const pair = new WebSocketPair()
      const [client, server] = Object.values(pair)

      server.accept()
      this.clients.add(server)

      server.addEventListener('message', (event) => {
        // Broadcast changes to all clients
        const update = JSON.parse(event.data as string)
        for (const client of this.clients) {
          client.send(JSON.stringify(update))
        }

        // Persist changes
        this.state.storage.put('content', update.content)
      })

      return new Response(null, { status: 101, webSocket: client })
    }

    // HTTP: Get current content
    const content = await this.state.storage.get('content')
    return new Response(JSON.stringify({ content }))
  }
}

// One document per path.
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const id = env.DOCUMENTS.idFromName(new URL(request.url).pathname)
    return env.DOCUMENTS.get(id).fetch(request)
  },
}
