import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';

export const rateLimit = (options: {
  limit: number;
  windowMs: number;
  keyGenerator?: (c: Context) => string;
}) => createMiddleware(async (c, next) => {
  const key = options.keyGenerator?.(c) || c.req.header('cf-connecting-ip') || 'anonymous';
  
  const id = c.env.RATE_LIMITER.idFromName(key);
  const stub = c.env.RATE_LIMITER.get(id);
  
  const response = await stub.fetch(
    new Request(`http://do/check?limit=${options.limit}&window=${options.windowMs}`)
  );
  
  const result = await response.json<{
    allowed: boolean;
    remaining: number;
    resetAt: number;
    retryAfter?: number;
  }>();
  
  c.header('X-RateLimit-Limit', String(options.limit));
  c.header('X-RateLimit-Remaining', String(result.remaining));
  c.header('X-RateLimit-Reset', String(result.resetAt));
  
  if (!result.allowed) {
    c.header('Retry-After', String(result.retryAfter));
    return c.json({ error: 'Rate limit exceeded' }, 429);
  }
  
  await next();
});
