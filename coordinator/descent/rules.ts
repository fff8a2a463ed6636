// The rules without memory, each with its formula. c, n and α are those of RowDelta; Δ is the delta, w the row now.
import type { Descent, RowDelta } from './descent.ts';
import { addScaled, saturationOf } from './descent.ts';

/** A rule that scales Δ by one number and remembers nothing. */
abstract class Scaling implements Descent {
  abstract readonly rule: Descent['rule'];
  readonly needsLeased: boolean = false;
  readonly tensors = {};

  abstract scale(change: RowDelta): number;

  merge(now: Float32Array, change: RowDelta): boolean {
    return addScaled(now, change.delta, this.scale(change));
  }
}

/** w += Δ: Downpour SGD (Dean et al. 2012) and DeepDist's plain descent. Diverges with a few volunteers. */
export class Sum extends Scaling {
  override readonly rule = 'sum';

  override scale(): number {
    return 1;
  }
}

/** w += Δ / (1 + c): of all that overlap, the last counts least. Stable, and hardly better than one volunteer. */
export class Average extends Scaling {
  override readonly rule = 'average';

  override scale({ touched }: RowDelta): number {
    return 1 / (1 + touched.merges);
  }
}

/**
 * w += Δ · s(M) / Σ s(nᵢ), at most Δ; s(n) = 1 − exp(−α·n); the sum over this delta and those merged since its lease,
 * M their updates in all. A row updated seldom is summed, since s is linear there; one updated often is averaged,
 * since each delta alone brings it where all pull it. (Measured against the other rules: docs/architecture.md.)
 */
export class Saturation extends Scaling {
  override readonly rule = 'saturation';

  override scale({ alpha, updates, touched }: RowDelta): number {
    const own = saturationOf(alpha, updates);
    if (own < 1e-9) return 1;
    const together = saturationOf(alpha, updates + touched.updates);
    return Math.min(1, together / (own + touched.saturation));
  }
}

/**
 * w += Δ − max(0, ⟨Δ, G⟩ / ⟨G, G⟩) · G, where G = w − leased is what others did meanwhile: the part of Δ along G is
 * done already (model combiner, Maleki et al. 2017, "Parallel Stochastic Gradient Descent with Sound Combiners"). A
 * part against G stays: others overshot.
 */
export class Project implements Descent {
  readonly rule = 'project';
  readonly needsLeased = true;
  readonly tensors = {};

  merge(now: Float32Array, { delta, leased, touched }: RowDelta): boolean {
    if (touched.merges === 0) return addScaled(now, delta, 1);
    let along = 0;
    let square = 0;
    for (let d = 0; d < now.length; d++) {
      const moved = now[d]! - leased[d]!;
      along += delta[d]! * moved;
      square += moved * moved;
    }
    const share = square > 0 ? Math.max(0, along / square) : 0;
    for (let d = 0; d < now.length; d++) now[d]! += delta[d]! - share * (now[d]! - leased[d]!);
    return false;
  }
}
