interface Env {
  CHAT_ROOMS: DurableObjectNamespace;
}

// Chat room with WebSockets
export class ChatRoom {
  state: DurableObjectState;
  sessions: WebSocket[] = [];

  constructor(state: DurableObjectState) {
    this.state = state;
  }

  async fetch(request: Request): Promise<Response> {
    if (request.headers.get('Upgrade') === 'websocket') {
      const pair = new WebSocketPair();
      const [client, server] = Object.values(pair);
      server.accept();
      this.sessions.push(server);
      server.addEventListener('message', (event) => {
        for (const ws of this.sessions) {
          if (ws !== server) {
            ws.send(event.data as string);
          }
        }
      });
      server.addEventListener('close', () => {
        this.sessions = this.sessions.filter((s) => s !== server);
      });
      return new Response(null, {
        status: 101,
        webSocket: client,
      });
    }
    return new Response('Expected WebSocket', { status: 400 });
  }
}

// One room per path.
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const id = env.CHAT_ROOMS.idFromName(new URL(request.url).pathname);
    return env.CHAT_ROOMS.get(id).fetch(request);
  },
};
