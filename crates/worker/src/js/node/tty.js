/**
 * `node:tty`. A Worker has no terminal: no descriptor is one, and its classes write nothing; as on Workers.
 *
 * @module
 */

import { Socket } from "stated:node/net";

/** @this {any} @param {number} fd */
export function ReadStream(fd) {
  this.fd = fd;
  this.isRaw = false;
  this.isTTY = false;
}
Object.setPrototypeOf(ReadStream, Socket);
Object.setPrototypeOf(ReadStream.prototype, Socket.prototype);

/** @this {any} @param {boolean} flag */
ReadStream.prototype.setRawMode = function setRawMode(flag) {
  this.isRaw = flag;
  return this;
};

/** @this {any} @param {number} fd */
export function WriteStream(fd) {
  this.fd = fd;
  this.columns = 0;
  this.rows = 0;
}
Object.setPrototypeOf(WriteStream, Socket);
Object.setPrototypeOf(WriteStream.prototype, Socket.prototype);

Object.assign(WriteStream.prototype, {
  isTTY: true,
  getColorDepth: () => 8,
  hasColors: () => false,
  _refreshSize() {},
  getWindowSize: () => [0, 0],
  /** @param {number} x @param {any} [y] @param {any} [callback] */
  cursorTo(x, y = undefined, callback = undefined) {
    return done(typeof y === "function" ? y : callback);
  },
  /** @param {number} dx @param {number} dy @param {any} [callback] */
  moveCursor(dx, dy, callback = undefined) {
    return done(callback);
  },
  /** @param {number} direction @param {any} [callback] */
  clearLine(direction, callback = undefined) {
    return done(callback);
  },
  /** @param {any} [callback] */
  clearScreenDown(callback = undefined) {
    return done(callback);
  },
});

/** @param {any} callback */
function done(callback) {
  if (typeof callback === "function") callback();
  return false;
}

/** No file descriptor is a terminal. @param {number} fd */
export function isatty(fd) {
  void fd;
  return false;
}

export default { isatty, ReadStream, WriteStream };
