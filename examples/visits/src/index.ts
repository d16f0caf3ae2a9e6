interface Env {
  SESSIONS: DurableObjectNamespace
}

export class Session {
  private state: DurableObjectState

  constructor(state: DurableObjectState) {
    this.state = state
  }

  async fetch(request: Request) {
    // Data persists between requests
    const visits = (await this.state.storage.get<number>('visits')) || 0
    await this.state.storage.put('visits', visits + 1)

    const user = await this.state.storage.get('user')
    return new Response(JSON.stringify({ visits, user }))
  }
}

// State per address.
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const ip = request.headers.get('CF-Connecting-IP') ?? 'unknown'
    return env.SESSIONS.get(env.SESSIONS.idFromName(ip)).fetch(request)
  },
}
