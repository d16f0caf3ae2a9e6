/**
 * `node:stream/promises`.
 *
 * @module
 */

import { promises } from "stated:node/stream";

export const { finished, pipeline } = promises;
export default promises;
