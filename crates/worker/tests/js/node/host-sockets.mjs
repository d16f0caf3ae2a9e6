/**
 * The WebSockets of the stand-in host: pairs of ends in memory, with events delivered one by one in turns of their own.
 *
 * @module
 */

/**
 * @typedef {object} End
 * @property {number} id
 * @property {End | undefined} peer
 * @property {"idle" | "accepted" | "hibernating"} use
 * @property {any[][]} queue events that wait: [kind, a, b, c]
 * @property {boolean} busy whether a handler of the object runs
 * @property {boolean} closeSent
 * @property {boolean} closeReceived
 * @property {number} object the context an end hibernates in
 * @property {number} listener the context that accepted an end
 * @property {string[]} tags
 * @property {Uint8Array | undefined} attachment
 */

const MESSAGE = 0;
const CLOSE = 1;

export class Sockets {
  /** @type {Map<number, End>} */ ends = new Map();
  /** @type {Map<number, [string, string] | undefined>} */ autoResponses = new Map();
  /** @type {Map<number, number | undefined>} */ timeouts = new Map();
  /** @type {(url: string, protocols: string[]) => Promise<[number, string, string]>} */
  onConnect = () => Promise.reject(new Error("connection refused"));
  lastId = 0;

  /** @param {any} host the calls into the library */
  constructor(host) {
    this.host = host;
  }

  newEnd() {
    /** @type {End} */
    const end = { id: ++this.lastId, peer: undefined, use: "idle", queue: [], busy: false, closeSent: false, closeReceived: false,
      object: 0, listener: 0, tags: [], attachment: undefined };
    this.ends.set(end.id, end);
    return end;
  }

  pair() {
    const a = this.newEnd();
    const b = this.newEnd();
    a.peer = b;
    b.peer = a;
    return [a.id, b.id];
  }

  /** Lets an end's peer send: for tests that are the other side. @param {number} id @param {any[]} event */
  receive(id, event) {
    const end = this.ends.get(id);
    end.queue.push(event);
    setImmediate(() => this.deliver(end));
  }

  /** @param {End} end */
  deliver(end) {
    if (end.use === "idle" || end.busy || end.queue.length === 0) return;
    const [kind, a, b, c] = end.queue.shift();
    if (kind === CLOSE) end.closeReceived = true;
    if (end.use === "accepted") {
      this.host.inContext(end.listener, () => this.host.main.socketEvent(end.id, kind, a, b, c));
      setImmediate(() => this.deliver(end));
      return;
    }
    end.busy = true;
    const done = () => {
      end.busy = false;
      if (kind !== MESSAGE) this.ends.delete(end.id);
      setImmediate(() => this.deliver(end));
    };
    this.host.objectEvent(end.object, (callId, contextId) => this.host.main.socketHandler(callId, contextId, end.id, kind, a, b, c))
      .then(done, (failure) => {
        this.host.failures.push(failure.text);
        done();
      });
  }

  ops() {
    const end = (id) => this.ends.get(id);
    return {
      socketPair: () => this.pair(),
      socketAccept: (id) => {
        end(id).use = "accepted";
        end(id).listener = this.host.contextId();
        setImmediate(() => this.deliver(end(id)));
      },
      socketSend: (id, data) => {
        const from = end(id);
        if (from?.peer !== undefined) this.receive(from.peer.id, [MESSAGE, typeof data === "string" ? data : data.slice()]);
      },
      socketClose: (id, code, reason) => {
        const from = end(id);
        if (from === undefined || from.closeSent) return;
        from.closeSent = true;
        if (from.peer !== undefined) this.receive(from.peer.id, [CLOSE, code === -1 ? 1005 : code, reason, true]);
      },
      socketConnect: (url, protocols) => this.onConnect(url, protocols),
      socketHibernate: (context, id, tags) => {
        Object.assign(end(id), { use: "hibernating", object: this.host.objectOf(context), tags });
        setImmediate(() => this.deliver(end(id)));
      },
      socketList: (context, tag) => {
        const own = [...this.ends.values()].filter(({ use, object, tags }) =>
          use === "hibernating" && object === this.host.objectOf(context) && (tag === undefined || tags.includes(tag)));
        return (tag === undefined ? own.reverse() : own).flatMap(({ id, closeSent }) => [id, closeSent ? 2 : 1]);
      },
      socketCount: (context) =>
        [...this.ends.values()].filter(({ use, object }) => use === "hibernating" && object === this.host.objectOf(context)).length,
      socketTags: (id) => end(id).tags,
      socketReadyState: (id) => (end(id).closeSent ? 2 : 1),
      socketNegotiated: () => ["", ""],
      socketAttachment: (id) => end(id).attachment,
      socketSetAttachment: (id, bytes) => void (end(id).attachment = bytes.slice()),
      socketSetAutoResponse: (context, request, response) =>
        void this.autoResponses.set(context, request === undefined ? undefined : [request, response]),
      socketAutoResponse: (context) => this.autoResponses.get(context),
      socketAutoResponseTime: (id) => (end(id).tags.includes("answered") ? 1234 : undefined),
      socketSetEventTimeout: (context, ms) => void this.timeouts.set(context, ms),
      socketEventTimeout: (context) => this.timeouts.get(context),
    };
  }
}
