// The sweeps by name: each a list of measurements that differ in what the sweep is about.

/** One measurement: its name in the sweep, and the options of `bench -- quality` that make it. */
export interface Variant {
  readonly name: string;
  readonly options: readonly string[];
}

/** Stands for the file of analogy questions that the sweep was given. */
export const QUESTIONS = '{questions}';

const sequential = (...alphas: readonly number[]): Variant[] =>
  alphas.map((alpha) => ({
    name: `sequential α=${alpha}`,
    options: ['--skip-volunteers', '--sequential-alpha', String(alpha)],
  }));

const volunteers = (count: number, name: string, ...options: readonly (string | number)[]): Variant => ({
  name,
  options: ['--skip-reference', '--volunteers', String(count), ...options.map(String)],
});

const RULES = ['saturation', 'sum', 'average', 'project', 'adagrad'] as const;
const NUMBERS = [1, 4, 16, 64] as const;

export const SWEEPS: Readonly<Record<string, readonly Variant[]>> = {
  /** The bars of quality: as good as sequential, whoever many they are. */
  volunteers: [...sequential(0.025, 0.05), ...NUMBERS.map((count) => volunteers(count, `grid N=${count}`))],
  alpha: [
    ...sequential(0.025, 0.035, 0.05, 0.07),
    ...[0.025, 0.04, 0.06, 0.08, 0.1].map((alpha) => volunteers(16, `grid N=16 α=${alpha}`, '--alpha', alpha)),
  ],
  growth: [0.1, 0.25, 0.5, 1, 4].map((growth) => volunteers(16, `φ=${growth}`, '--growth', growth)),
  first: [0.0025, 0.005, 0.01, 0.02, 0.05, 0.25].map((first) => volunteers(16, `E₀=${first}`, '--first', first)),
  parts: [
    ...[1, 2, 4, 8, 16].map((parts) =>
      volunteers(1, `N=1 P=${parts}`, '--least-parts', parts, '--max-parts', parts, '--parts-per-volunteer', 0),
    ),
    ...[1, 1.5, 2, 3, 4].map((slack) => volunteers(16, `N=16 P=${slack}N`, '--parts-per-volunteer', slack)),
  ],
  'block-tokens': [250, 500, 1000, 2000, 5000, 10_000].map((tokens) =>
    volunteers(16, `u=${tokens}`, '--block-tokens', tokens),
  ),
  chunks: [768, 1536, 3072, 6144, 12_288].map((pairs) => volunteers(16, `chunk=${pairs}`, '--chunk-pairs', pairs)),
  batch: [96, 192, 384, 768, 1536, 3072].flatMap((batch) =>
    [0, 0.25, 1, 4].map((damping) => volunteers(16, `B=${batch} h=${damping}`, '--batch', batch, '--damping', damping)),
  ),
  negatives: [16, 64].flatMap((count) =>
    [0, 16, 64].map((parts) => volunteers(count, `N=${count} coupled up to ${parts}`, '--coupled-parts', parts)),
  ),
  slack: ['equal', 'spread', '1-100'].flatMap((speeds) =>
    [1, 1.5, 2, 3].map((slack) =>
      volunteers(16, `speeds ${speeds}, P=${slack}N`, '--speeds', speeds, '--parts-per-volunteer', slack),
    ),
  ),
  formats: [
    ...['f32', 'f16', 'int8', 'int4'].map((up) =>
      volunteers(16, `down f32, up ${up}`, '--rows-down', 'f32', '--rows-up', up),
    ),
    ...['f16', 'int8'].flatMap((down) =>
      ['int8', 'int4'].map((up) => volunteers(16, `down ${down}, up ${up}`, '--rows-down', down, '--rows-up', up)),
    ),
  ],
  downpour: [
    ...sequential(0.05),
    ...[1, 4, 16].flatMap((count) =>
      RULES.map((rule) => volunteers(count, `${rule} N=${count}`, '--schedule', 'downpour', '--descent', rule)),
    ),
  ],
  deaths: [0, 60, 240].map((deaths) => volunteers(16, `${deaths} deaths an hour`, '--deaths', deaths)),
  /** The words of the analogy questions alone, 900 dimensions: DeepDist's own case. */
  seed: [
    ...sequential(0.025, 0.05),
    ...[1, 4, 16].flatMap((count) => [
      volunteers(count, `grid N=${count}`),
      volunteers(count, `saturation N=${count}`, '--schedule', 'downpour', '--descent', 'saturation'),
      volunteers(count, `adagrad N=${count}`, '--schedule', 'downpour', '--descent', 'adagrad'),
    ]),
  ].map(({ name, options }) => ({ name, options: ['--vocab', QUESTIONS, '--dim', '900', ...options] })),
};
