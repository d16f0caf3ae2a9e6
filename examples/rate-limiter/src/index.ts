import { Hono } from 'hono';
import { rateLimit } from './middleware/rate-limit';

export interface Env {
  RATE_LIMITER: DurableObjectNamespace;
}

const app = new Hono<{ Bindings: Env }>();

// Usage
app.use('/api/*', rateLimit({ limit: 100, windowMs: 60000 }));

app.get('/api/hello', (c) => c.text('Hello'));

export { RateLimiter } from './durable-objects/rate-limiter';

export default app;
