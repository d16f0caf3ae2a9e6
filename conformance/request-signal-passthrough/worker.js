/** The same cases where a request that is sent on is cancelled with the one that arrived. */

export { default, Peer, Subject } from "../request-signal/worker.js";
