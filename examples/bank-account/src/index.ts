import { DurableObject } from 'cloudflare:workers'

interface Env {
  ACCOUNTS: DurableObjectNamespace<Account>
}

export class Account extends DurableObject<Env> {
  state: DurableObjectState

  constructor(state: DurableObjectState, env: Env) {
    super(state, env)
    this.state = state
  }

  async transfer(amount: number, toAccountId: string) {
    // All operations are serialized - no race conditions!
    const balance = (await this.state.storage.get<number>('balance')) || 0

    if (balance < amount) {
      throw new Error('Insufficient funds')
    }

    await this.state.storage.put('balance', balance - amount)

    // Make RPC call to target account
    const toAccount = this.env.ACCOUNTS.get(this.env.ACCOUNTS.idFromName(toAccountId))
    await toAccount.deposit(amount)
  }

  async deposit(amount: number) {
    const balance = (await this.state.storage.get<number>('balance')) || 0
    await this.state.storage.put('balance', balance + amount)
  }

  async balance() {
    return (await this.state.storage.get<number>('balance')) || 0
  }
}

// GET /alice · POST /alice/deposit {"amount": 10} · POST /alice/transfer {"amount": 10, "to": "bob"}
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const [, name, action] = new URL(request.url).pathname.split('/')
    const account = env.ACCOUNTS.get(env.ACCOUNTS.idFromName(name))

    if (request.method === 'POST') {
      const { amount, to } = await request.json<{ amount: number; to: string }>()
      try {
        if (action === 'deposit') await account.deposit(amount)
        else if (action === 'transfer') await account.transfer(amount, to)
        else return new Response('Not found', { status: 404 })
      } catch (error) {
        return Response.json({ error: (error as Error).message }, { status: 409 })
      }
    }

    return Response.json({ balance: await account.balance() })
  },
}
