/**
 * `node:punycode`.
 *
 * @module
 */

import packaged from "stated:vendor/node/punycode";

export const { decode, encode, toASCII, toUnicode, ucs2, version } = /** @type {any} */ (packaged);
export default { decode, encode, toASCII, toUnicode, ucs2, version };
