interface Env {
  REMINDERS: DurableObjectNamespace
}

async function sendNotification(message: unknown) {
  console.log(`Reminder: ${message}`)
}

export class Reminder {
  private state: DurableObjectState

  constructor(state: DurableObjectState) {
    this.state = state
  }

  async fetch(request: Request) {
    const { message, delayMs } = await request.json<{ message: string; delayMs: number }>()

    // Store reminder
    await this.state.storage.put('message', message)

    // Schedule alarm
    await this.state.storage.setAlarm(Date.now() + delayMs)

    return new Response('Reminder set')
  }

  async alarm() {
    const message = await this.state.storage.get('message')
    // Send notification
    await sendNotification(message)
  }
}

// Every reminder is an object of its own.
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    return env.REMINDERS.get(env.REMINDERS.newUniqueId()).fetch(request)
  },
}
