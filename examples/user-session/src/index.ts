interface Env {
  SESSIONS: DurableObjectNamespace
}

export class UserSession {
  private state: DurableObjectState

  constructor(state: DurableObjectState) {
    this.state = state
  }

  async fetch(request: Request) {
    const url = new URL(request.url)

    if (url.pathname === '/login') {
      const { userId, data } = await request.json<{ userId: string; data: unknown }>()

      await this.state.storage.put('userId', userId)
      await this.state.storage.put('loginTime', Date.now())
      await this.state.storage.put('data', data)

      // Set expiry alarm (1 hour)
      await this.state.storage.setAlarm(Date.now() + 3600000)

      return new Response('Logged in')
    }

    if (url.pathname === '/session') {
      const userId = await this.state.storage.get('userId')
      const data = await this.state.storage.get('data')
      return new Response(JSON.stringify({ userId, data }))
    }

    return new Response('Not found', { status: 404 })
  }

  async alarm() {
    // Session expired
    await this.state.storage.deleteAll()
  }
}

// One object per session: ?id=… names it.
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const session = new URL(request.url).searchParams.get('id') ?? ''
    return env.SESSIONS.get(env.SESSIONS.idFromName(`session:${session}`)).fetch(request)
  },
}
