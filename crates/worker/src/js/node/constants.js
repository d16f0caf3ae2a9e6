/**
 * `node:constants`: the constants of `node:os` and `node:fs` in one object.
 *
 * @module
 */

import { constants as files } from "stated:node/fs";
import { constants as system } from "stated:node/os";

const constants = { ...system.errno, ...system.priority, ...system.signals, ...files };

export const { F_OK, O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY, R_OK, SIGINT, SIGTERM, W_OK, X_OK } = constants;
export default constants;
