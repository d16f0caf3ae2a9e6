import { DurableObject } from 'cloudflare:workers'

interface Env {
  RATE_LIMITER: DurableObjectNamespace<RateLimiter>
}

export class RateLimiter extends DurableObject<Env> {
  state: DurableObjectState

  constructor(state: DurableObjectState, env: Env) {
    super(state, env)
    this.state = state
  }

  async checkLimit(userId: string, maxPerMinute = 60): Promise<boolean> {
    const key = `requests:${userId}`
    const now = Date.now()
    const minute = 60000

    // Get requests in last minute
    const requests = (await this.state.storage.get<number[]>(key)) || []
    const recent = requests.filter((t) => now - t < minute)

    if (recent.length >= maxPerMinute) {
      return false // Rate limit exceeded
    }

    // Add current request
    recent.push(now)
    await this.state.storage.put(key, recent)

    return true
  }
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const userId = new URL(request.url).searchParams.get('user') ?? 'anonymous'
    const stub = env.RATE_LIMITER.get(env.RATE_LIMITER.idFromName(userId))
    const allowed = await stub.checkLimit(userId, 3)
    return allowed ? new Response('OK') : new Response('Rate limit exceeded', { status: 429 })
  },
}
