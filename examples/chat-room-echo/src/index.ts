interface Env {
  CHAT_ROOMS: DurableObjectNamespace
}

export class ChatRoom {
  private sessions: WebSocket[] = []

  async fetch(request: Request) {
    const pair = new WebSocketPair()
    const [client, server] = Object.values(pair)

    server.accept()
    this.sessions.push(server)

    server.addEventListener('message', async (event) => {
      // Broadcast to all connected clients
      const message = event.data
      for (const session of this.sessions) {
        session.send(message)
      }
    })

    return new Response(null, { status: 101, webSocket: client })
  }
}

// One room per path.
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const id = env.CHAT_ROOMS.idFromName(new URL(request.url).pathname)
    return env.CHAT_ROOMS.get(id).fetch(request)
  },
}
