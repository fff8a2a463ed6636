// Bytes to and from volunteers, by what they are for.

export class Traffic {
  /** Frames to volunteers, whole. */
  down = 0;
  /** Of those: values and scales of rows, and coded pairs. */
  rows = 0;
  pairs = 0;
  /** Frames from volunteers, whole. */
  up = 0;
  /** Of those: values and scales of deltas. */
  deltas = 0;

  add(other: Traffic): void {
    this.down += other.down;
    this.rows += other.rows;
    this.pairs += other.pairs;
    this.up += other.up;
    this.deltas += other.deltas;
  }

  /** Those who have gone and those who are here. */
  static sum(gone: Traffic, volunteers: Iterable<{ readonly traffic: Traffic }>): Traffic {
    const sum = new Traffic();
    sum.add(gone);
    for (const { traffic } of volunteers) sum.add(traffic);
    return sum;
  }

  /** By direction and kind, each divided by `words`; overhead is all that frames hold beside the others. */
  per(words: number): {
    readonly down: { readonly rows: number; readonly pairs: number; readonly overhead: number };
    readonly up: { readonly deltas: number; readonly overhead: number };
  } {
    const { down, rows, pairs, up, deltas } = this;
    return {
      down: { rows: rows / words, pairs: pairs / words, overhead: (down - rows - pairs) / words },
      up: { deltas: deltas / words, overhead: (up - deltas) / words },
    };
  }
}
