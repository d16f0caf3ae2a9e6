import type { Env } from '../index';

interface RateLimitConfig {
  limit: number;
  windowMs: number;
}

export class RateLimiter implements DurableObject {
  private state: DurableObjectState;
  private requests: number[] = [];

  constructor(state: DurableObjectState, env: Env) {
    this.state = state;
  }

  async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const config: RateLimitConfig = {
      limit: parseInt(url.searchParams.get('limit') || '100'),
      windowMs: parseInt(url.searchParams.get('window') || '60000'),
    };
    
    const now = Date.now();
    const windowStart = now - config.windowMs;
    
    // Load requests from storage if not in memory
    if (this.requests.length === 0) {
      this.requests = (await this.state.storage.get<number[]>('requests')) || [];
    }
    
    // Remove old requests
    this.requests = this.requests.filter(ts => ts > windowStart);
    
    if (this.requests.length >= config.limit) {
      const oldestRequest = Math.min(...this.requests);
      const resetAt = oldestRequest + config.windowMs;
      
      return Response.json({
        allowed: false,
        remaining: 0,
        resetAt,
        retryAfter: Math.ceil((resetAt - now) / 1000),
      }, { status: 429 });
    }
    
    // Add new request
    this.requests.push(now);
    await this.state.storage.put('requests', this.requests);
    
    return Response.json({
      allowed: true,
      remaining: config.limit - this.requests.length,
      resetAt: now + config.windowMs,
    });
  }
}
