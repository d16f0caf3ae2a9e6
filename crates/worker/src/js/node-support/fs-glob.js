/**
 * `fs.glob`: the files and folders that patterns describe.
 *
 * @module
 */

import { join } from "stated:node/path";
import { checkObject, checkString, invalidArgType } from "stated:node-support/errors";
import { givenPath } from "stated:node-support/fs-arguments";
import { lstat, readdir, stat } from "stated:node-support/fs-operations";
import { Dirent } from "stated:node-support/fs-stats";
import { ANY_DEPTH, matchesGlob, matchesSegment, patternsOf } from "stated:node-support/glob";

/** @typedef {import("stated:node-support/glob").Segment} Segment */

/** @param {any} exclude of the options @param {boolean} withFileTypes @returns {(path: string, entry: any) => boolean} */
function exclusion(exclude, withFileTypes) {
  if (exclude === undefined || exclude === null) return () => false;
  if (typeof exclude === "function") return (_path, entry) => Boolean(exclude(withFileTypes ? entry : entry.name));
  if (Array.isArray(exclude) && exclude.every((pattern) => typeof pattern === "string")) {
    return (path) => exclude.some((pattern) => matchesGlob(path, pattern, false));
  }
  throw invalidArgType("options.exclude", "of type function or string[]", exclude);
}

/** Links that lead nowhere are there, too. @param {string} path */
function exists(path) {
  try {
    return lstat(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

/**
 * Walks the folders that a pattern can lead into.
 *
 * @param {any} patterns one or an array of them
 * @param {any} [options] `cwd`, `exclude`, `withFileTypes`
 * @returns {any[]} paths relative to `cwd`, or Dirents, each once
 */
export function glob(patterns, options = {}) {
  checkObject("options", options);
  const { cwd, exclude, withFileTypes = false } = options;
  if (Array.isArray(patterns)) patterns.forEach((pattern, index) => checkString(`patterns[${index}]`, pattern));
  else checkString("patterns", patterns);
  const folder = cwd === undefined ? "." : givenPath(cwd);
  const excluded = exclusion(exclude, withFileTypes);
  /** @type {Map<string, any>} */
  const found = new Map();

  /** @param {string} path of a pattern */
  const located = (path) => (path.startsWith("/") ? path : join(folder, path));
  /** @param {string} path */
  const isFolder = (path) => exists(located(path)) && stat(located(path), { throwIfNoEntry: false })?.isDirectory() === true;
  /** @param {string} path */
  const entryOf = (path) => {
    const at = path.lastIndexOf("/");
    return new Dirent(path.slice(at + 1), lstat(located(path)).mode, at === -1 ? "." : path.slice(0, Math.max(at, 1)));
  };
  /** @param {string} path */
  const add = (path) => {
    const name = path === "" ? "." : path;
    if (!found.has(name) && exists(located(name))) found.set(name, withFileTypes ? entryOf(name) : name);
  };
  /** @param {string} path @param {string} name */
  const below = (path, name) => (path === "" ? join(name) : join(path, name));

  for (const pattern of Array.isArray(patterns) ? patterns : [patterns]) {
    for (const segments of patternsOf(pattern)) {
      const seen = new Set();
      /** @param {string} path "" is the folder itself @param {number} index of the segment that its entries are to match */
      const visit = (path, index) => {
        const place = `${index} ${path}`;
        if (seen.has(place)) return;
        seen.add(place);
        const segment = segments[index];
        const last = index === segments.length - 1;
        if (segment === "") {
          if (isFolder(path)) add(path);
        } else if (typeof segment === "string") step(below(path, segment), index, last);
        else {
          if (segment === ANY_DEPTH) {
            if (last) add(path);
            else visit(path, index + 1);
          }
          if (!isFolder(path === "" ? "." : path)) return;
          for (const entry of readdir(located(path === "" ? "." : path), { withFileTypes: true })) {
            if (!matchesSegment(segment, entry.name)) continue;
            const child = below(path, entry.name);
            if (segment !== ANY_DEPTH) step(child, index, last);
            else if (!excluded(child, entry)) {
              if (last) add(child);
              // Links are not followed, or there would be no end.
              if (entry.isDirectory()) visit(child, index);
            }
          }
        }
      };
      /** @param {string} path that matches the segment @param {number} index @param {boolean} last */
      const step = (path, index, last) => {
        if (!exists(located(path)) || excluded(path, entryOf(path))) return;
        if (last) add(path);
        else visit(path, index + 1);
      };
      if (segments.length === 1 && (segments[0] === "" || segments[0] === ".")) continue;
      if (segments[0] === "") visit("/", 1);
      else visit("", 0);
    }
  }
  return [...found.values()];
}
