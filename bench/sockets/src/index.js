// WebSockets of both kinds. A message that begins with "*" goes to everybody in the room, any other back to its sender.
import { DurableObject } from "cloudflare:workers"

export class Room extends DurableObject {
  #sockets = new Set()

  fetch(request) {
    const { 0: client, 1: server } = new WebSocketPair()
    if (new URL(request.url).pathname.startsWith("/hibernating/")) {
      this.ctx.acceptWebSocket(server)
    } else {
      server.accept()
      this.#sockets.add(server)
      server.addEventListener("message", ({ data }) => answer(server, data, this.#sockets))
      server.addEventListener("close", () => this.#sockets.delete(server))
    }
    return new Response(null, { status: 101, webSocket: client })
  }

  webSocketMessage(socket, data) {
    answer(socket, data, data[0] === "*" ? this.ctx.getWebSockets() : undefined)
  }

  webSocketClose(socket, code) {
    socket.close(code)
  }
}

function answer(socket, data, everybody) {
  if (data[0] !== "*") return socket.send(data)
  for (const each of everybody) each.send(data)
}

export default {
  fetch(request, env) {
    const [, , name] = new URL(request.url).pathname.split("/")
    return env.ROOM.get(env.ROOM.idFromName(name)).fetch(request)
  },
}
