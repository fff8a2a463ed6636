// The tab's state and its reason as one function of what is known, so that no state is ever without one.
import type { Hold, WorkerState } from './api.ts';

export interface Facts {
  /** How it ended; null before. */
  readonly ended: { readonly state: 'left' | 'done' | 'banned' | 'error'; readonly reason: string } | null;
  readonly leaving: boolean;
  /** Why it does not ask for work; null while it does. */
  readonly hold: Hold | null;
  /** The way to the coordinator; `lost` until the next attempt. */
  readonly link: 'opening' | 'open' | 'lost';
  /** Why the connection was lost; '' before. */
  readonly lostReason: string;
  /** Pairs of words of the piece in training; null between pieces. */
  readonly training: number | null;
  /** Why there is no piece, in the coordinator's words; '' before it said any. */
  readonly idleReason: string;
  readonly hidden: boolean;
  /** Speed while hidden as a share of that in view; null until both are known. */
  readonly hiddenShare: number | null;
}

/** A hidden tab that keeps so much of its speed is not slower: pieces differ by as much. */
const UNHARMED = 0.85;

/** Ends and leaving come first, then what the volunteer or the page holds back, then the connection, then the work. */
export function stateOf(facts: Facts): { readonly state: WorkerState; readonly reason: string } {
  const { ended, hold, training } = facts;
  if (ended !== null) return ended;
  if (facts.leaving)
    return { state: 'leaving', reason: training === null ? 'leaving' : 'finishing the piece at hand, then leaving' };
  if (hold !== null) {
    const rest = training === null ? '' : '; the piece in training is finished first';
    const lost = facts.link === 'lost' ? `; meanwhile the connection was lost: ${facts.lostReason}` : '';
    return { state: 'paused', reason: `${hold.reason}${rest}${lost}` };
  }
  if (facts.link === 'opening') return { state: 'connecting', reason: 'connecting to the coordinator' };
  if (facts.link === 'lost') return { state: 'connecting', reason: facts.lostReason };
  // The same for every piece: a sentence that changed with each would be read aloud every few seconds.
  if (training !== null) return { state: 'training', reason: `training pairs of words${inTheDark(facts)}` };
  return { state: 'waiting', reason: facts.idleReason === '' ? 'connected; asking for work' : facts.idleReason };
}

/** Said only where it was measured: many browsers leave a hidden tab's worker alone. */
function inTheDark({ hidden, hiddenShare }: Facts): string {
  if (!hidden || hiddenShare === null || hiddenShare >= UNHARMED) return '';
  return `; slower: the tab is hidden (${Math.round(hiddenShare * 100)} % of its speed in view)`;
}
