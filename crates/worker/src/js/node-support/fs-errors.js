/**
 * Errors of the file system, as Node.js makes them from what the system says.
 *
 * @module
 */

import { nodeError } from "stated:node-support/errors";

/** Number and words of libuv. @type {Record<string, [number, string]>} */
const known = {
  EACCES: [-13, "permission denied"],
  EBADF: [-9, "bad file descriptor"],
  EEXIST: [-17, "file already exists"],
  EFBIG: [-27, "file too large"],
  EINVAL: [-22, "invalid argument"],
  EISDIR: [-21, "illegal operation on a directory"],
  ELOOP: [-40, "too many symbolic links encountered"],
  EMFILE: [-24, "too many open files"],
  ENAMETOOLONG: [-36, "name too long"],
  ENOENT: [-2, "no such file or directory"],
  ENOSPC: [-28, "no space left on device"],
  ENOTDIR: [-20, "not a directory"],
  ENOTSUP: [-95, "operation not supported on socket"],
  ENOTEMPTY: [-39, "directory not empty"],
  EPERM: [-1, "operation not permitted"],
  EXDEV: [-18, "cross-device link not permitted"],
};

/**
 * @param {string} code
 * @param {string} syscall
 * @param {string | undefined} [path]
 * @param {string | undefined} [dest]
 * @returns {any}
 */
export function fsError(code, syscall, path = undefined, dest = undefined) {
  const [errno, words] = known[code];
  let message = `${code}: ${words}, ${syscall}`;
  if (path !== undefined) message += ` '${path}'`;
  if (dest !== undefined) message += ` -> '${dest}'`;
  const error = /** @type {any} */ (new Error(message));
  error.errno = errno;
  error.code = code;
  error.syscall = syscall;
  if (path !== undefined) error.path = path;
  if (dest !== undefined) error.dest = dest;
  return error;
}

/**
 * What `rm` and `cp` refuse themselves, with the words that Node has for it.
 *
 * @param {string} code
 * @param {string} message
 * @param {string} systemCode
 * @param {string} syscall
 * @param {string} path
 * @param {string} words
 */
export function fsSystemError(code, message, systemCode, syscall, path, words) {
  const [errno, own] = known[systemCode];
  const error = nodeError(Error, code, `${message}: ${syscall} returned ${systemCode} (${words || own}) ${path}`);
  return Object.assign(error, { name: "SystemError", info: { code: systemCode, message: words || own, path, syscall, errno: -errno }, errno: -errno, syscall, path });
}
