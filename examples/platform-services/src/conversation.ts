import { DurableObject } from 'cloudflare:workers'
import { ai } from 'sdk.do'

export class Conversation extends DurableObject {
  state: DurableObjectState

  constructor(state: DurableObjectState, env: unknown) {
    super(state, env)
    this.state = state
  }

  async addMessage(message: string) {
    const history = (await this.state.storage.get<string[]>('messages')) || []
    history.push(message)

    // Generate AI response
    const response = await ai.generate(message, {
      context: { history },
    })

    history.push(response)
    await this.state.storage.put('messages', history)

    return response
  }
}
