import { DurableObject } from 'cloudflare:workers'

interface Env {
  LEADERBOARD: DurableObjectNamespace<Leaderboard>
}

export class Leaderboard extends DurableObject<Env> {
  state: DurableObjectState

  constructor(state: DurableObjectState, env: Env) {
    super(state, env)
    this.state = state
  }

  async updateScore(userId: string, score: number) {
    const current = (await this.state.storage.get<number>(`score:${userId}`)) || 0

    if (score > current) {
      await this.state.storage.put(`score:${userId}`, score)
    }
  }

  async getTop(limit = 10) {
    const entries = await this.state.storage.list({ prefix: 'score:' })
    const scores = Array.from(entries.entries())
      .map(([key, score]) => ({
        userId: key.replace('score:', ''),
        score: score as number,
      }))
      .sort((a, b) => b.score - a.score)
      .slice(0, limit)

    return scores
  }
}

// POST / {"userId": "ann", "score": 7} · GET /?limit=3
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const board = env.LEADERBOARD.get(env.LEADERBOARD.idFromName('game'))

    if (request.method === 'POST') {
      const { userId, score } = await request.json<{ userId: string; score: number }>()
      await board.updateScore(userId, score)
    }

    const limit = new URL(request.url).searchParams.get('limit')
    return Response.json(await board.getTop(limit ? Number(limit) : undefined))
  },
}
