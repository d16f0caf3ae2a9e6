import type { Env } from '../index';

interface ChatMessage {
  type: 'message' | 'join' | 'leave';
  user: string;
  content?: string;
  timestamp: number;
}

export class ChatRoom implements DurableObject {
  private state: DurableObjectState;
  private sessions: Map<WebSocket, { user: string }> = new Map();

  constructor(state: DurableObjectState, env: Env) {
    this.state = state;
  }

  async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    
    if (url.pathname === '/websocket') {
      if (request.headers.get('Upgrade') !== 'websocket') {
        return new Response('Expected WebSocket', { status: 426 });
      }
      
      const user = url.searchParams.get('user') || 'anonymous';
      const { 0: client, 1: server } = new WebSocketPair();
      
      await this.handleWebSocket(server, user);
      
      return new Response(null, {
        status: 101,
        webSocket: client,
      });
    }
    
    if (url.pathname === '/history') {
      const history = await this.state.storage.get<ChatMessage[]>('history') || [];
      return Response.json(history.slice(-100)); // Last 100 messages
    }
    
    return new Response('Not found', { status: 404 });
  }

  async handleWebSocket(ws: WebSocket, user: string): Promise<void> {
    // Accept the WebSocket
    this.state.acceptWebSocket(ws);
    this.sessions.set(ws, { user });
    
    // Broadcast join
    await this.broadcast({
      type: 'join',
      user,
      timestamp: Date.now(),
    });
    
    // Send recent history
    const history = await this.state.storage.get<ChatMessage[]>('history') || [];
    ws.send(JSON.stringify({ type: 'history', messages: history.slice(-50) }));
  }

  async webSocketMessage(ws: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const session = this.sessions.get(ws);
    if (!session) return;
    
    try {
      const data = JSON.parse(message as string);
      
      if (data.type === 'message' && data.content) {
        const chatMessage: ChatMessage = {
          type: 'message',
          user: session.user,
          content: data.content,
          timestamp: Date.now(),
        };
        
        // Save to history
        const history = await this.state.storage.get<ChatMessage[]>('history') || [];
        history.push(chatMessage);
        
        // Keep only last 1000 messages
        if (history.length > 1000) {
          history.splice(0, history.length - 1000);
        }
        
        await this.state.storage.put('history', history);
        
        // Broadcast to all
        await this.broadcast(chatMessage);
      }
    } catch (e) {
      console.error('Invalid message:', e);
    }
  }

  async webSocketClose(ws: WebSocket, code: number, reason: string): Promise<void> {
    const session = this.sessions.get(ws);
    if (session) {
      this.sessions.delete(ws);
      await this.broadcast({
        type: 'leave',
        user: session.user,
        timestamp: Date.now(),
      });
    }
  }

  async webSocketError(ws: WebSocket, error: unknown): Promise<void> {
    console.error('WebSocket error:', error);
    ws.close(1011, 'Internal error');
  }

  private async broadcast(message: ChatMessage): Promise<void> {
    const payload = JSON.stringify(message);
    
    for (const ws of this.state.getWebSockets()) {
      try {
        ws.send(payload);
      } catch (e) {
        // WebSocket might be closed
      }
    }
  }
}
