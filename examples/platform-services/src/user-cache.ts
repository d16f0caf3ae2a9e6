import { DurableObject } from 'cloudflare:workers'
import { $, db } from 'sdk.do'

export class UserCache extends DurableObject {
  state: DurableObjectState

  constructor(state: DurableObjectState, env: unknown) {
    super(state, env)
    this.state = state
  }

  async getUser(userId: string) {
    // Check cache
    let user = await this.state.storage.get(`user:${userId}`)

    if (!user) {
      // Load from database
      user = await db.get($.Person, userId)
      await this.state.storage.put(`user:${userId}`, user)
    }

    return user
  }
}
