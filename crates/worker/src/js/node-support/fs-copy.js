/**
 * `fs.cp`: copies files, links and, when asked, folders with all that is in them.
 *
 * The copying is written once, as steps that yield what a filter has answered: the synchronous form takes it as it is, the
 * others wait for it.
 *
 * @module
 */

import { checkBoolean, checkFunction, checkInteger, checkObject, nodeError } from "stated:node-support/errors";
import { givenPath, pathText } from "stated:node-support/fs-arguments";
import { fsError, fsSystemError } from "stated:node-support/fs-errors";
import { copyFile, exists, lstat, mkdir, readdir, readlink, realpath, stat, symlink, unlink, utimes } from "stated:node-support/fs-operations";
import { dirname, resolve } from "stated:node/path";

/** @param {any} given */
function optionsOf(given) {
  if (given !== undefined) checkObject("options", given);
  const options = {
    dereference: false, errorOnExist: false, filter: undefined, force: true, mode: 0, preserveTimestamps: false, recursive: false,
    verbatimSymlinks: false, ...given,
  };
  for (const name of ["dereference", "errorOnExist", "force", "preserveTimestamps", "recursive", "verbatimSymlinks"]) {
    checkBoolean(`options.${name}`, options[name]);
  }
  checkInteger("mode", options.mode ?? 0, 0, 7);
  if (options.dereference && options.verbatimSymlinks) {
    throw nodeError(TypeError, "ERR_INCOMPATIBLE_OPTION_PAIR", 'Option "dereference" cannot be used in combination with option "verbatimSymlinks"');
  }
  if (options.filter !== undefined) checkFunction("options.filter", options.filter);
  return options;
}

/** @param {string} path @param {string} why */
function invalid(path, why) {
  return fsSystemError("ERR_FS_CP_EINVAL", "Invalid src or dest", "EINVAL", "cp", path, why);
}

/** What is there, whether links are followed or not; undefined for nothing. @param {string} path @param {any} options */
const entryAt = (path, options) => (options.dereference ? stat : lstat)(path, { throwIfNoEntry: false });

/**
 * @param {string} from
 * @param {string} to
 * @param {any} options
 * @returns {Generator<any, void, any>}
 */
function* copying(from, to, options) {
  if (options.filter !== undefined && !(yield options.filter(from, to))) return;
  const source = (options.dereference ? stat : lstat)(from);
  const target = entryAt(to, options);
  const [fromPath, toPath] = [resolve(pathText(from)), resolve(pathText(to))];
  if (target !== undefined) {
    if (target.ino === source.ino) throw invalid(to, "src and dest cannot be the same");
    if (source.isDirectory() && !target.isDirectory()) {
      throw fsSystemError("ERR_FS_CP_DIR_TO_NON_DIR", "Cannot overwrite non-directory with directory", "EISDIR", "cp", to, `cannot overwrite non-directory ${to} with directory ${from}`);
    }
    if (!source.isDirectory() && target.isDirectory()) {
      throw fsSystemError("ERR_FS_CP_NON_DIR_TO_DIR", "Cannot overwrite directory with non-directory", "ENOTDIR", "cp", to, `cannot overwrite directory ${to} with non-directory ${from}`);
    }
  }
  if (`${toPath}/`.startsWith(`${fromPath}/`)) throw invalid(to, `cannot copy ${from} to a subdirectory of self ${to}`);
  if (!exists(dirname(toPath))) mkdir(dirname(toPath), { recursive: true });
  if (source.isDirectory()) {
    yield* copyFolder(from, to, options);
    return;
  }
  if (source.isSymbolicLink()) {
    if (target !== undefined) unlink(to);
    const leads = readlink(from);
    symlink(options.verbatimSymlinks ? leads : resolve(dirname(fromPath), leads), to);
    return;
  }
  if (!source.isFile() && !source.isCharacterDevice()) throw fsError("EINVAL", "cp", from);
  if (target !== undefined && !options.force) {
    if (!options.errorOnExist) return;
    throw fsSystemError("ERR_FS_CP_EEXIST", "Target already exists", "EEXIST", "cp", to, `${to} already exists`);
  }
  if (target?.isSymbolicLink()) unlink(to);
  copyFile(from, to, options.mode);
  if (options.preserveTimestamps) utimes(to, source.atimeMs / 1000, source.mtimeMs / 1000);
}

/** @param {string} from @param {string} to @param {any} options @returns {Generator<any, void, any>} */
function* copyFolder(from, to, options) {
  if (!options.recursive) {
    throw fsSystemError("ERR_FS_EISDIR", "Recursive option not enabled, cannot copy a directory", "EISDIR", "cp", from, `${from} is a directory (not copied)`);
  }
  if (`${realpath(dirname(resolve(pathText(to))))}/`.startsWith(`${realpath(from)}/`)) {
    throw invalid(to, `cannot copy ${from} to a subdirectory of self ${to}`);
  }
  if (!exists(to)) mkdir(to);
  const between = (/** @type {string} */ path) => (path.endsWith("/") ? path : `${path}/`);
  for (const name of readdir(from)) yield* copying(`${between(from)}${name}`, `${between(to)}${name}`, options);
}

/** @param {any} from @param {any} to @param {any} options */
function start(from, to, options) {
  const checked = optionsOf(options);
  return copying(givenPath(from, "src"), givenPath(to, "dest"), checked);
}

/** @param {any} from @param {any} to @param {any} [options] */
export function cpSync(from, to, options = undefined) {
  const steps = start(from, to, options);
  for (let step = steps.next(); !step.done;) {
    if (typeof step.value?.then === "function") {
      throw nodeError(TypeError, "ERR_INVALID_RETURN_VALUE", 'Expected boolean to be returned from the "filter" function but got an instance of Promise.');
    }
    step = steps.next(step.value);
  }
}

/** A filter may answer later. @param {any} from @param {any} to @param {any} [options] @returns {Promise<void>} */
export function cp(from, to, options = undefined) {
  const steps = start(from, to, options);
  const run = async () => {
    for (let step = steps.next(); !step.done; step = steps.next(await step.value));
  };
  return run();
}
