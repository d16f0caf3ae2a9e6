import { DurableObject } from 'cloudflare:workers'
import { $, send } from 'sdk.do'

export class Order extends DurableObject {
  state: DurableObjectState

  constructor(state: DurableObjectState, env: unknown) {
    super(state, env)
    this.state = state
  }

  async create(orderData: any) {
    await this.state.storage.put('order', orderData)
    await this.state.storage.put('status', 'pending')

    // Publish event
    await send($.Order.created, orderData)
  }

  async read() {
    return Object.fromEntries(await this.state.storage.get(['order', 'status']))
  }
}
