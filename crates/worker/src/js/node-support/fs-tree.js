/**
 * The files that a program sees: `/bundle` with its modules, `/tmp`, and a few devices.
 *
 * `/tmp` belongs to the I/O context: what a stateless event writes is gone when it ends, what an object writes when its
 * instance ends. It is kept in memory, and is no storage. Everything else cannot be changed.
 *
 * @module
 */

import { whenContextEnds } from "stated:context";
import { ops } from "stated:host";
import { fsError } from "stated:node-support/fs-errors";

/** Bytes of one file. */
export const FILE_BYTES_MAX = 128 << 20;
/** Bytes of all files of one `/tmp`. */
export const TMP_BYTES_MAX = 128 << 20;
/** Files, folders and links of one `/tmp`. */
export const TMP_NODES_MAX = 10_000;
/** Bytes of a name between two slashes, and of a path: those of Linux. */
export const NAME_BYTES_MAX = 255;
export const PATH_BYTES_MAX = 4096;
/** Links that one path may lead through. */
export const LINKS_MAX = 40;

const S_IFREG = 0o100000;
const S_IFDIR = 0o040000;
const S_IFLNK = 0o120000;
const S_IFCHR = 0o020000;

/** Levels of the log, as in host.d.ts. */
const LOG_OUT = 1;
const LOG_ERROR = 4;

let lastInode = 0;

/** What a name refers to. */
class Entry {
  /** How many names refer to it. */ links = 1;
  /** How many descriptors do. */ opened = 0;
  uid = 0;
  gid = 0;
  inode = ++lastInode;

  /**
   * @param {number} mode type and permissions
   * @param {Tmp | undefined} home what counts it; undefined for what cannot be changed
   */
  constructor(mode, home) {
    this.mode = mode;
    this.home = home;
    const now = home === undefined ? 0 : ops.now();
    this.accessed = now;
    this.modified = now;
    this.changed = now;
    this.born = now;
  }

  get size() {
    return 0;
  }

  touch() {
    this.modified = ops.now();
    this.changed = this.modified;
  }
}

export class FileEntry extends Entry {
  /** @type {Uint8Array} longer than the content when it has grown */ #bytes = new Uint8Array();
  #size = 0;

  /** @param {Tmp | undefined} home @param {number} permissions @param {Uint8Array} [content] */
  constructor(home, permissions, content = undefined) {
    super(S_IFREG | permissions, home);
    if (content !== undefined) {
      this.#bytes = content;
      this.#size = content.length;
    }
  }

  get size() {
    return this.#size;
  }

  /** A view of the content, valid until it changes. */
  content() {
    return this.#bytes.subarray(0, this.#size);
  }

  /**
   * @param {number} size
   * @param {string} syscall
   */
  resize(size, syscall) {
    if (size > FILE_BYTES_MAX) throw fsError("EFBIG", syscall);
    this.home?.use(size - this.#size, syscall);
    if (size > this.#bytes.length) {
      const grown = new Uint8Array(Math.min(FILE_BYTES_MAX, Math.max(size, 2 * this.#bytes.length)));
      grown.set(this.content());
      this.#bytes = grown;
    } else if (size < this.#size) {
      this.#bytes.fill(0, size, this.#size);
    }
    this.#size = size;
    this.touch();
  }

  /** @param {Uint8Array} bytes @param {number} position @param {string} syscall */
  write(bytes, position, syscall) {
    if (position + bytes.length > this.#size) this.resize(position + bytes.length, syscall);
    this.#bytes.set(bytes, position);
    this.touch();
  }
}

export class FolderEntry extends Entry {
  /** @type {Map<string, AnyEntry>} */ entries = new Map();

  /** @param {Tmp | undefined} home @param {number} permissions */
  constructor(home, permissions) {
    super(S_IFDIR | permissions, home);
  }
}

export class LinkEntry extends Entry {
  /** @param {Tmp | undefined} home @param {string} target */
  constructor(home, target) {
    super(S_IFLNK | 0o777, home);
    this.target = target;
  }

  get size() {
    return this.target.length;
  }
}

export class DeviceEntry extends Entry {
  /** @param {"null" | "zero" | "full" | "random" | "stdin" | "stdout" | "stderr"} device */
  constructor(device) {
    super(S_IFCHR | 0o666, undefined);
    this.device = device;
  }

  /** @param {Uint8Array} target @returns {number} bytes that were filled */
  read(target) {
    if (this.device === "null" || this.device === "stdin") return 0;
    if (this.device === "random") ops.randomFill(target);
    else target.fill(0);
    return target.length;
  }

  /** @param {Uint8Array} bytes */
  write(bytes) {
    if (this.device === "full") throw fsError("ENOSPC", "write");
    const level = this.device === "stdout" ? LOG_OUT : this.device === "stderr" ? LOG_ERROR : undefined;
    if (level !== undefined && bytes.length > 0) ops.log(level, ops.textDecode("utf-8", bytes, false, true).replace(/\n$/, ""));
  }
}

/** @typedef {FileEntry | FolderEntry | LinkEntry | DeviceEntry} AnyEntry */

/** One `/tmp` and what it takes. */
class Tmp {
  #bytes = 0;
  #nodes = 0;
  folder = new FolderEntry(this, 0o777);

  /** @param {number} bytes negative when less is used @param {string} syscall */
  use(bytes, syscall) {
    if (this.#bytes + bytes > TMP_BYTES_MAX) throw fsError("ENOSPC", syscall);
    this.#bytes += bytes;
  }

  /** @param {string} syscall @param {string} path */
  addNode(syscall, path) {
    if (this.#nodes === TMP_NODES_MAX) throw fsError("ENOSPC", syscall, path);
    this.#nodes++;
  }

  /** @param {AnyEntry} entry that nothing refers to */
  removeNode(entry) {
    this.#nodes--;
    this.#bytes -= entry instanceof FileEntry ? entry.size : 0;
  }

  get free() {
    return TMP_BYTES_MAX - this.#bytes;
  }
}

/** One per context that has used it. @type {Map<number, Tmp>} */
const temporary = new Map();

/** The `/tmp` of the running code. */
export function currentTmp() {
  const contextId = ops.contextId();
  let tmp = temporary.get(contextId);
  if (tmp === undefined) {
    tmp = new Tmp();
    temporary.set(contextId, tmp);
    ops.contextKept();
  }
  return tmp;
}

whenContextEnds((contextId) => temporary.delete(contextId));

/** How many contexts have a `/tmp`, for tests. */
export const tmpCount = () => temporary.size;

/** @param {Record<string, AnyEntry>} entries */
function fixedFolder(entries) {
  const folder = new FolderEntry(undefined, 0o555);
  for (const [name, entry] of Object.entries(entries)) folder.entries.set(name, entry);
  return folder;
}

const devices = fixedFolder({
  null: new DeviceEntry("null"), zero: new DeviceEntry("zero"), full: new DeviceEntry("full"), random: new DeviceEntry("random"),
});

/** @type {FolderEntry | undefined} */
let bundle;

/** The modules of the program, copied when something first looks at them. */
function bundleFolder() {
  if (bundle === undefined) {
    bundle = fixedFolder({});
    for (const [path, text, base64] of ops.builtInModule("stated:bundle-files").default) {
      const content = text === null ? fromBase64(base64) : ops.utf8Encode(text);
      addFixed(bundle, path.split("/").filter((/** @type {string} */ part) => part !== "" && part !== "." && part !== ".."), content);
    }
  }
  return bundle;
}

/** @param {string} base64 */
function fromBase64(base64) {
  return Uint8Array.from(/** @type {string} */ (ops.base64Decode(base64)), (unit) => unit.charCodeAt(0));
}

/** @param {FolderEntry} folder @param {string[]} parts @param {Uint8Array} content */
function addFixed(folder, parts, content) {
  const name = /** @type {string} */ (parts.pop());
  let inside = folder;
  for (const part of parts) {
    const next = inside.entries.get(part) ?? fixedFolder({});
    if (!(next instanceof FolderEntry)) return;
    inside.entries.set(part, next);
    inside = next;
  }
  inside.entries.set(name, new FileEntry(undefined, 0o444, content));
}

const root = fixedFolder({});

/** The root, whose folders are found when they are asked for. */
export const rootNames = ["bundle", "tmp", "dev"];

/** @param {FolderEntry} folder @param {string} name @returns {AnyEntry | undefined} */
export function childOf(folder, name) {
  if (folder !== root) return folder.entries.get(name);
  if (name === "bundle") return bundleFolder();
  if (name === "dev") return devices;
  return name === "tmp" ? currentTmp().folder : undefined;
}

/** @param {FolderEntry} folder @returns {string[]} */
export function namesOf(folder) {
  return folder === root ? rootNames : [...folder.entries.keys()];
}

/**
 * Where a path leads.
 *
 * @typedef {{ folder: FolderEntry, name: string, entry: AnyEntry | undefined, path: string }} Place
 */

/**
 * Follows an absolute path. The last part may be missing; everything before it must be there.
 *
 * @param {string} path
 * @param {string} syscall for errors
 * @param {"follow" | "keep"} last whether a link at the end is followed
 * @returns {Place}
 */
export function walk(path, syscall, last = "follow") {
  if (path.length > PATH_BYTES_MAX) throw fsError("ENAMETOOLONG", syscall, path);
  /** @type {{ folder: FolderEntry, name: string }[]} */
  let trail = [];
  let parts = partsOf(path);
  let links = 0;
  /** @type {AnyEntry} */
  let at = root;
  const above = () => (trail.length === 0 ? root : /** @type {FolderEntry} */ (childOf(trail[trail.length - 1].folder, trail[trail.length - 1].name)));
  while (parts.length > 0) {
    const part = /** @type {string} */ (parts.shift());
    if (!(at instanceof FolderEntry)) throw fsError("ENOTDIR", syscall, path);
    if (part.length > NAME_BYTES_MAX) throw fsError("ENAMETOOLONG", syscall, path);
    if (part === ".") continue;
    if (part === "..") {
      trail.pop();
      at = above();
      continue;
    }
    const entry = childOf(at, part);
    const final = parts.every((rest) => rest === ".");
    if (entry === undefined) {
      if (!final) throw fsError("ENOENT", syscall, path);
      return { folder: at, name: part, entry, path: pathOf(trail, part) };
    }
    if (entry instanceof LinkEntry && !(parts.length === 0 && last === "keep")) {
      if (++links > LINKS_MAX) throw fsError("ELOOP", syscall, path);
      if (entry.target.startsWith("/")) {
        trail = [];
        at = root;
      }
      parts = [...partsOf(entry.target), ...parts];
      continue;
    }
    if (parts.length === 0 || final && entry instanceof FolderEntry) return { folder: at, name: part, entry, path: pathOf(trail, part) };
    trail.push({ folder: at, name: part });
    at = entry;
  }
  const name = trail.pop()?.name ?? "";
  return { folder: above(), name, entry: at, path: pathOf(trail, name) };
}

/** @param {string} path @returns {string[]} */
function partsOf(path) {
  const parts = path.split("/").filter((part) => part !== "");
  // A slash at the end asks for a folder.
  if (path.endsWith("/") && parts.length > 0) parts.push(".");
  return parts;
}

/** @param {{ name: string }[]} trail @param {string} name */
function pathOf(trail, name) {
  return `/${[...trail.map((step) => step.name), ...name === "" ? [] : [name]].join("/")}`;
}

/**
 * The folder that a new name would be in, if it may be changed.
 *
 * @param {Place} place
 * @param {string} syscall
 * @param {string} path for errors
 * @param {string} [dest]
 * @returns {Tmp}
 */
export function changeable(place, syscall, path, dest = undefined) {
  const { home } = place.folder;
  // `/tmp` itself is a name in the root, which cannot be changed.
  if (home === undefined || place.folder === root) throw fsError("EPERM", syscall, path, dest);
  return home;
}

/** @param {Place} place @param {AnyEntry} entry */
export function addEntry(place, entry) {
  place.folder.entries.set(place.name, entry);
  place.folder.touch();
}

/** @param {Place} place with an entry */
export function removeEntry(place) {
  const entry = /** @type {AnyEntry} */ (place.entry);
  place.folder.entries.delete(place.name);
  place.folder.touch();
  entry.links--;
  entry.changed = ops.now();
  releaseEntry(entry);
}

/** Gives back what an entry takes, once nothing refers to it. @param {AnyEntry} entry */
export function releaseEntry(entry) {
  if (entry.links === 0 && entry.opened === 0) entry.home?.removeNode(entry);
}
