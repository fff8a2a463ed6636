// The colour that goes with a run's health.
import type { HealthWord } from '../../protocol/status.ts';
import type { Tone } from './badge.tsx';

export const HEALTH_TONES: Readonly<Record<HealthWord, Tone>> = {
  healthy: 'good',
  degraded: 'warning',
  starved: 'warning',
  diverging: 'bad',
  halted: 'warning',
  done: 'good',
  failed: 'bad',
};
