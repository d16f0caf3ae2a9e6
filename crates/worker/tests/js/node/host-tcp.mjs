/**
 * TCP in the stand-in host, over Node's own. The bodies of a connection have numbers above those of all others.
 *
 * @module
 */

import { connect } from "node:net";
import { defineOps, ops } from "./host.js";
import "./host-web.mjs";

const FIRST = 1_000_000;
let last = FIRST;

/** @type {Map<number, any>} connections that are open, by their incoming body */
export const connections = new Map();
const outgoing = new Map();
const others = { ...ops };

/** @param {string} name @param {Map<number, any>} table @param {(connection: any, ...args: any[]) => any} ours */
const dispatched = (name, table, ours) => (id, ...args) => {
  if (id < FIRST) return others[name](id, ...args);
  const connection = table.get(id);
  return connection === undefined ? undefined : ours(connection, ...args);
};

defineOps({
  tcpConnect: (host, port) => new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true });
    const id = last += 3;
    const connection = { socket, id, chunks: [], ended: false, wake: () => {} };
    const end = () => {
      connection.ended = true;
      connection.wake();
    };
    socket.on("connect", () => {
      connections.set(id + 1, connection);
      outgoing.set(id + 2, connection);
      resolve([id, id + 1, id + 2]);
    });
    socket.on("data", (data) => {
      connection.chunks.push(new Uint8Array(data));
      connection.wake();
    });
    socket.on("end", end);
    socket.on("close", () => {
      connections.delete(id + 1);
      end();
    });
    socket.on("error", () => reject(new Error("proxy request failed, cannot connect to the specified address")));
  }),
  tcpForget: () => {},
  bodyRead: dispatched("bodyRead", connections, async (connection) => {
    while (connection.chunks.length === 0 && !connection.ended) {
      await new Promise((resolve) => {
        connection.wake = resolve;
      });
    }
    return connection.chunks.shift();
  }),
  bodyWrite: dispatched("bodyWrite", outgoing, ({ socket }, bytes) => new Promise((resolve) => { socket.write(bytes, () => resolve(true)); })),
  bodyClose: dispatched("bodyClose", outgoing, ({ socket }) => void socket.end()),
  bodyAbort: dispatched("bodyAbort", outgoing, ({ socket }) => void socket.destroy()),
  bodyCancel: dispatched("bodyCancel", connections, (connection) => {
    connections.delete(connection.id + 1);
    connection.socket.destroy();
  }),
});
