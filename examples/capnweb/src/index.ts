// Rooms that clients reach with Cap'n Web, over one HTTP request or a WebSocket. Behind it each room is a Durable Object,
// reached by Workers RPC: the object's own RpcTargets pass through to the client.
import { newWorkersRpcResponse } from "capnweb";
import { DurableObject, RpcTarget } from "cloudflare:workers";

interface Env {
  ROOMS: DurableObjectNamespace<Room>;
}

class Member extends RpcTarget {
  constructor(
    private room: Room,
    private name: string,
  ) {
    super();
  }

  say(text: string): number {
    return this.room.add(`${this.name}: ${text}`);
  }
}

export class Room extends DurableObject {
  join(name: string): Member {
    return new Member(this, name);
  }

  add(line: string): number {
    const count = (this.ctx.storage.kv.get<number>("count") ?? 0) + 1;
    this.ctx.storage.kv.put(`line:${String(count).padStart(6, "0")}`, line);
    this.ctx.storage.kv.put("count", count);
    return count;
  }

  lines(): string[] {
    return [...this.ctx.storage.kv.list<string>({ prefix: "line:" })].map(([, line]) => line);
  }
}

/** What a client gets first. */
class Lobby extends RpcTarget {
  constructor(private env: Env) {
    super();
  }

  greet(name: string): string {
    return `Hello, ${name}!`;
  }

  join(room: string, name: string) {
    return this.env.ROOMS.getByName(room).join(name);
  }

  lines(room: string) {
    return this.env.ROOMS.getByName(room).lines();
  }
}

export default {
  fetch(request: Request, env: Env): Promise<Response> | Response {
    if (new URL(request.url).pathname === "/api") return newWorkersRpcResponse(request, new Lobby(env));
    return new Response("Cap'n Web is at /api", { status: 404 });
  },
};
