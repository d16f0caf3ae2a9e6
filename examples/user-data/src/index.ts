import { DurableObject } from 'cloudflare:workers'

interface Env {
  USERS: DurableObjectNamespace<UserData>
}

export class UserData extends DurableObject<Env> {
  private cache = new Map()
  state: DurableObjectState

  constructor(state: DurableObjectState, env: Env) {
    super(state, env)
    this.state = state
  }

  async get(key: string) {
    // Check memory cache
    if (this.cache.has(key)) {
      return this.cache.get(key)
    }

    // Check storage
    const value = await this.state.storage.get(key)
    this.cache.set(key, value)
    return value
  }

  async set(key: string, value: unknown) {
    await this.state.storage.put(key, value)
    this.cache.set(key, value)
  }
}

// GET /ann/theme · PUT /ann/theme "dark"
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const [, user, key] = new URL(request.url).pathname.split('/')
    const stub = env.USERS.get(env.USERS.idFromName(`user:${user}`))

    if (request.method === 'PUT') {
      await stub.set(key, await request.json())
    }

    return Response.json({ [key]: (await stub.get(key)) ?? null })
  },
}
