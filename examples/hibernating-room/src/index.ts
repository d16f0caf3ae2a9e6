interface Env {
  ROOM: DurableObjectNamespace;
}

export class HibernatingRoom implements DurableObject {
  private state: DurableObjectState;

  constructor(state: DurableObjectState, env: Env) {
    this.state = state;
  }

  async fetch(request: Request): Promise<Response> {
    if (request.headers.get('Upgrade') === 'websocket') {
      const { 0: client, 1: server } = new WebSocketPair();
      
      // Accept with tags for identification
      this.state.acceptWebSocket(server, ['user-123']);
      
      return new Response(null, { status: 101, webSocket: client });
    }
    
    return new Response('Not found', { status: 404 });
  }

  // Called when message received (wakes from hibernation)
  async webSocketMessage(ws: WebSocket, message: string): Promise<void> {
    // Get tags to identify connection
    const tags = this.state.getTags(ws);
    console.log('Message from:', tags);
    
    // Broadcast to all connected WebSockets
    for (const socket of this.state.getWebSockets()) {
      socket.send(message);
    }
  }

  async webSocketClose(ws: WebSocket): Promise<void> {
    // Cleanup
  }
}

// One room per path.
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const id = env.ROOM.idFromName(new URL(request.url).pathname);
    return env.ROOM.get(id).fetch(request);
  },
};
