import { Hono } from 'hono';

export interface Env {
  ROOM: DurableObjectNamespace;
}

const app = new Hono<{ Bindings: Env }>();

app.get('/rooms/:roomId/websocket', async (c) => {
  const roomId = c.req.param('roomId');
  const user = c.req.query('user') || 'anonymous';
  
  const id = c.env.ROOM.idFromName(roomId);
  const stub = c.env.ROOM.get(id);
  
  return stub.fetch(
    new Request(`http://do/websocket?user=${user}`, {
      headers: c.req.raw.headers,
    })
  );
});

app.get('/rooms/:roomId/history', async (c) => {
  const id = c.env.ROOM.idFromName(c.req.param('roomId'));
  return c.env.ROOM.get(id).fetch('http://do/history');
});

export { ChatRoom } from './durable-objects/chat-room';

export default app;
