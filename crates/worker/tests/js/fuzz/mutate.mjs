/** Changes bytes at random, and so that a run can be repeated. @module */

/** Bytes that mean something to the decoder. */
const WORTH_TRYING = [...Buffer.from('\0"cSIUNZ_0TF-?^o{a@A$Dyxnzs;:\',RBVt~\\r.')].concat([0x7f, 0x80, 0xff, 0x01, 0x0f, 0x0e, 0x0d, 0xfe]);

/** Marsaglia's xorshift: good enough to choose mutations. */
export class Random {
  #state;

  /** @param {number} seed */
  constructor(seed) {
    this.#state = BigInt(seed) | 1n;
  }

  /** @param {number} count */
  below(count) {
    let state = this.#state;
    state ^= (state << 13n) & 0xffffffffffffffffn;
    state ^= state >> 7n;
    state ^= (state << 17n) & 0xffffffffffffffffn;
    this.#state = state;
    return Number((state >> 16n) & 0xffffffffn) % count;
  }
}

/**
 * @param {Uint8Array} input
 * @param {Uint8Array[]} corpus
 * @param {Random} random
 * @returns {Uint8Array} a changed copy
 */
export function mutate(input, corpus, random) {
  const at = random.below(input.length + 1);
  const before = input.subarray(0, at);
  const after = input.subarray(at);
  const rest = after.subarray(Math.min(after.length, 1));
  switch (random.below(9)) {
    case 0:
      return joined(before, [(after[0] ?? 0) ^ (1 << random.below(8))], rest);
    case 1:
      return joined(before, [WORTH_TRYING[random.below(WORTH_TRYING.length)]], rest);
    case 2:
      return joined(before, [random.below(2) ? random.below(256) : WORTH_TRYING[random.below(WORTH_TRYING.length)]], after);
    case 3:
      return before.slice();
    case 4:
      return joined(before, after.subarray(Math.min(after.length, 1 + random.below(16))));
    case 5:
      return joined(before, after.subarray(0, 1 + random.below(64)), after);
    case 6:
      return joined(before, Array(1 + random.below(40)).fill(after[0] ?? 0x6f), after);
    case 7: {
      const other = corpus[random.below(corpus.length)];
      return joined(before, other.subarray(random.below(other.length + 1)));
    }
    default: {
      // A value in the place of another: without its header.
      const other = corpus[random.below(corpus.length)];
      return joined(before, other.subarray(other[0] === 0xff ? 2 : 0), rest);
    }
  }
}

/** @param {ArrayLike<number>[]} pieces */
function joined(...pieces) {
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
