/**
 * What `req.socket` is where there is no socket: messages of `node:http` travel by fetch.
 *
 * @module
 */

import { EventEmitter } from "stated:node/events";

export class MessageSocket extends /** @type {any} */ (EventEmitter) {
  remoteFamily = "IPv4";
  localAddress = "127.0.0.1";
  readable = true;
  writable = true;
  destroyed = false;
  connecting = false;
  timeout = 0;
  bytesRead = 0;
  bytesWritten = 0;

  /** @param {{ encrypted: boolean, remoteAddress: string, remotePort: number, localPort: number, owner: any }} of */
  constructor({ encrypted, remoteAddress, remotePort, localPort, owner }) {
    super();
    this.encrypted = encrypted;
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
    this.localPort = localPort;
    /** The message, which is destroyed with it. */
    Object.defineProperty(this, "owner", { value: owner });
  }

  /** @param {any} [error] */
  destroy(error = undefined) {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.readable = false;
    this.writable = false;
    this.owner.destroy(error);
    this.emit("close", error !== undefined);
    return this;
  }

  destroySoon() {
    this.destroy();
  }

  end() {
    return this;
  }

  address() {
    return { address: this.localAddress, family: "IPv4", port: this.localPort };
  }

  cork() {}
  uncork() {}

  setTimeout() {
    return this;
  }

  setNoDelay() {
    return this;
  }

  setKeepAlive() {
    return this;
  }

  ref() {
    return this;
  }

  unref() {
    return this;
  }

  pause() {
    return this;
  }

  resume() {
    return this;
  }
}
