import { Hono } from 'hono';

export interface Env {
  COUNTER: DurableObjectNamespace;
}

const app = new Hono<{ Bindings: Env }>();

app.post('/counters/:id/increment', async (c) => {
  const id = c.env.COUNTER.idFromName(c.req.param('id'));
  const stub = c.env.COUNTER.get(id);
  
  const response = await stub.fetch(
    new Request('http://do/increment', { method: 'POST' })
  );
  
  return response;
});

app.get('/counters/:id', async (c) => {
  const id = c.env.COUNTER.idFromName(c.req.param('id'));
  return c.env.COUNTER.get(id).fetch('http://do/get');
});

app.post('/counters/:id/reset', async (c) => {
  const id = c.env.COUNTER.idFromName(c.req.param('id'));
  return c.env.COUNTER.get(id).fetch('http://do/reset', { method: 'POST' });
});

export { Counter } from './durable-objects/counter';

export default app;
