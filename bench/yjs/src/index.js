// A shared document: every update is applied, stored, and sent to all who have the document open.
import { DurableObject } from "cloudflare:workers"
import * as Y from "yjs"

export class Document extends DurableObject {
  #document = new Y.Doc()
  #sockets = new Set()

  constructor(ctx, env) {
    super(ctx, env)
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS updates (id INTEGER PRIMARY KEY, bytes BLOB)")
    for (const { bytes } of ctx.storage.sql.exec("SELECT bytes FROM updates ORDER BY id")) {
      Y.applyUpdate(this.#document, new Uint8Array(bytes))
    }
  }

  fetch(request) {
    if (request.headers.get("upgrade") !== "websocket") {
      return new Response(String(this.#document.getText("text").length))
    }
    const { 0: client, 1: server } = new WebSocketPair()
    server.binaryType = "arraybuffer"
    server.accept()
    this.#sockets.add(server)
    server.addEventListener("message", ({ data }) => this.#update(data))
    server.addEventListener("close", () => this.#sockets.delete(server))
    return new Response(null, { status: 101, webSocket: client })
  }

  #update(bytes) {
    Y.applyUpdate(this.#document, new Uint8Array(bytes))
    this.ctx.storage.sql.exec("INSERT INTO updates (bytes) VALUES (?)", bytes)
    for (const socket of this.#sockets) socket.send(bytes)
  }
}

/** The updates of a client that types one letter after the other, each with its length before it. */
function updates(client, count) {
  const document = new Y.Doc()
  document.clientID = client
  const typed = []
  document.on("update", (update) => typed.push(update))
  const text = document.getText("text")
  for (let at = 0; at < count; at++) text.insert(at, "x")

  const bytes = new Uint8Array(typed.reduce((sum, update) => sum + 4 + update.length, 0))
  const view = new DataView(bytes.buffer)
  let end = 0
  for (const update of typed) {
    view.setUint32(end, update.length)
    bytes.set(update, end + 4)
    end += 4 + update.length
  }
  return bytes
}

export default {
  fetch(request, env) {
    const url = new URL(request.url)
    const [, what, name] = url.pathname.split("/")
    if (what === "updates") {
      return new Response(updates(Number(name), Number(url.searchParams.get("count"))))
    }
    return env.DOCUMENT.get(env.DOCUMENT.idFromName(name)).fetch(request)
  },
}
