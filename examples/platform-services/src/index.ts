import type { Conversation } from './conversation'
import type { Order } from './order'
import type { UserCache } from './user-cache'

interface Env {
  USER_CACHE: DurableObjectNamespace<UserCache>
  ORDERS: DurableObjectNamespace<Order>
  CONVERSATIONS: DurableObjectNamespace<Conversation>
}

// GET /users/ann · POST /orders/7 {…} · POST /conversations/a (the message)
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const [, service, name] = new URL(request.url).pathname.split('/')

    switch (service) {
      case 'users':
        return Response.json(await env.USER_CACHE.getByName('users').getUser(name))
      case 'orders': {
        const order = env.ORDERS.getByName(name)
        if (request.method === 'POST') await order.create(await request.json())
        return Response.json(await order.read())
      }
      case 'conversations':
        return new Response(await env.CONVERSATIONS.getByName(name).addMessage(await request.text()))
      default:
        return new Response('Not found', { status: 404 })
    }
  },
}

export { Conversation } from './conversation'
export { Order } from './order'
export { UserCache } from './user-cache'
