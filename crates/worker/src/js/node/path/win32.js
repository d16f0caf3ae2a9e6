/**
 * `node:path/win32`.
 *
 * @module
 */

import { win32 as paths } from "stated:node/path";

export const { _makeLong, basename, delimiter, dirname, extname, format, isAbsolute, join, matchesGlob, normalize, parse, posix, relative, resolve, sep,
  toNamespacedPath, win32 } = paths;
export default paths;
