/**
 * The storage of the stand-in host: one object's key-value data, alarm and savepoints in memory. SQL is not interpreted; a
 * test says what a query answers.
 *
 * @module
 */

/** UTF-8 order is the order of code points. @param {string} a @param {string} b */
function compareKeys(a, b) {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** What one object has stored. */
export class MemoryStorage {
  /** @type {Map<string, Uint8Array>} */ entries = new Map();
  /** @type {number | null} */ alarm = null;
  /** @type {{ entries: Map<string, Uint8Array>, alarm: number | null }[]} */ savepoints = [];
  /** What was asked of it, for tests that look at operations and not at results. @type {any[][]} */ log = [];
  /** @type {(query: string, bindings: any[]) => { columns?: string[], rows?: any[][], counters?: [number, number] }} */
  onSql = () => ({});
  /** @type {Map<number, any>} */ cursors = new Map();
  lastId = 0;
  /** @type {{ id: number, entries: [string, Uint8Array][] } | undefined} */ listing = undefined;

  /** @param {string} key @param {Uint8Array} value */
  put(key, value) {
    this.entries.set(key.toWellFormed?.() ?? key, value.slice());
  }

  /** @param {string[]} keys */
  getMany(keys) {
    return [...new Set(keys)].filter((key) => this.entries.has(key)).sort(compareKeys)
      .flatMap((key) => [key, this.entries.get(key)]);
  }

  /** @returns {[string, Uint8Array][]} */
  list(start, startAfter, end, prefix, reverse, limit) {
    const keys = [...this.entries.keys()].sort(compareKeys).filter((key) =>
      (start === undefined || compareKeys(key, start) >= 0) && (startAfter === undefined || compareKeys(key, startAfter) > 0)
      && (end === undefined || compareKeys(key, end) < 0) && (prefix === undefined || key.startsWith(prefix)));
    if (reverse) keys.reverse();
    return keys.slice(0, limit).map((key) => [key, this.entries.get(key)]);
  }

  /** @param {boolean} commit */
  endSavepoint(commit) {
    const saved = this.savepoints.pop();
    if (saved === undefined) throw new Error("no savepoint is open");
    if (commit) return;
    this.entries = saved.entries;
    this.alarm = saved.alarm;
  }

  /** @param {string} query @param {any[]} bindings */
  exec(query, bindings) {
    this.log.push(["sql", query, bindings]);
    const { columns = [], rows = [], counters = [0, 0] } = this.onSql(query, bindings);
    this.cursors.set(++this.lastId, { columns, rows, counters, next: 0 });
    return this.lastId;
  }
}

/**
 * The operations over the storage that `storageOf` finds for a context.
 *
 * @param {(contextId: number) => MemoryStorage} storageOf
 */
export function storageOps(storageOf) {
  return {
    kvGet: (context, key) => storageOf(context).entries.get(key)?.slice(),
    kvGetMany: (context, keys) => storageOf(context).getMany(keys),
    kvPut(context, key, value, unconfirmed) {
      storageOf(context).log.push(["put", key, unconfirmed]);
      storageOf(context).put(key, value);
    },
    kvPutMany(context, entries, unconfirmed) {
      storageOf(context).log.push(["putMany", entries.filter((_, index) => index % 2 === 0), unconfirmed]);
      for (let i = 0; i < entries.length; i += 2) storageOf(context).put(entries[i], entries[i + 1]);
    },
    kvDelete(context, key, unconfirmed) {
      storageOf(context).log.push(["delete", key, unconfirmed]);
      return storageOf(context).entries.delete(key);
    },
    kvDeleteMany(context, keys, unconfirmed) {
      storageOf(context).log.push(["deleteMany", keys, unconfirmed]);
      return keys.filter((key) => storageOf(context).entries.delete(key)).length;
    },
    kvList(context, ...bounds) {
      storageOf(context).listing = undefined;
      storageOf(context).log.push(["list", ...bounds]);
      return storageOf(context).list(...bounds).flat();
    },
    kvIterate(context, ...bounds) {
      const storage = storageOf(context);
      storage.listing = { id: ++storage.lastId, entries: storage.list(...bounds) };
      return storage.lastId;
    },
    kvNext(context, id) {
      const { listing } = storageOf(context);
      if (listing?.id !== id) {
        throw new Error("kv.list() iterator was invalidated because a new call to kv.list() was started. Only one kv.list() iterator can exist at a time.");
      }
      return listing.entries.shift();
    },
    deleteAll(context, alsoAlarm) {
      const storage = storageOf(context);
      storage.log.push(["deleteAll", alsoAlarm]);
      storage.entries.clear();
      if (alsoAlarm) storage.alarm = null;
    },
    sync: (context) => new Promise((resolve) => {
      storageOf(context).log.push(["sync"]);
      setImmediate(resolve);
    }),
    savepointBegin(context) {
      const storage = storageOf(context);
      return storage.savepoints.push({ entries: new Map(storage.entries), alarm: storage.alarm });
    },
    savepointEnd: (context, commit) => storageOf(context).endSavepoint(commit),
    sqlExec: (context, query, bindings) => storageOf(context).exec(query, bindings),
    sqlNext(context, id) {
      const cursor = storageOf(context).cursors.get(id);
      return cursor.rows[cursor.next++];
    },
    sqlRest(context, id) {
      const cursor = storageOf(context).cursors.get(id);
      const rest = cursor.rows.slice(cursor.next);
      cursor.next = cursor.rows.length;
      return rest;
    },
    sqlColumns: (context, id) => storageOf(context).cursors.get(id).columns,
    sqlCounters: (context, id) => storageOf(context).cursors.get(id).counters,
    sqlClose: () => {},
    sqlDatabaseSize: () => 8192,
    alarmGet: (context) => storageOf(context).alarm,
    alarmSet(context, at, unconfirmed) {
      storageOf(context).log.push(["setAlarm", at, unconfirmed]);
      storageOf(context).alarm = at;
    },
    alarmDelete(context, unconfirmed) {
      storageOf(context).log.push(["deleteAlarm", unconfirmed]);
      storageOf(context).alarm = null;
    },
    bookmarkForTime(context, ms) {
      storageOf(context).log.push(["bookmarkForTime", ms]);
      return `at ${ms}`;
    },
    bookmarkRestore(context, bookmark) {
      storageOf(context).log.push(["bookmarkRestore", bookmark]);
      return `before ${bookmark}`;
    },
    bookmarkCurrent: () => "00000000-00000000-00000000-00000000000000000000000000000000",
  };
}
