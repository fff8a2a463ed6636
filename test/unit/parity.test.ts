// The parity benchmark's arithmetic: spreads over seeds, and the reference against the others' mean.
import { describe, expect, it } from 'vitest';
import { differences, type ScoredRun, spreads } from '../../bench/parity/scores.ts';
import { parityCommand, type ParityOptions } from '../../bench/parity/options.ts';
import type { ProgramName } from '../../bench/parity/settings.ts';

function run(program: ProgramName, seed: number, analogies: number, rho: number): ScoredRun {
  const scores = [
    { measure: 'analogies', value: analogies, found: 100 },
    { measure: 'pairs.tsv', value: rho, found: 10 },
  ];
  return { program, objective: 'skipgram', seed, seconds: 1, words: 10, scores };
}

describe('figures of several seeds', () => {
  const runs = [
    run('word2vec.c', 1, 20, 0.5),
    run('word2vec.c', 2, 24, 0.54),
    run('gensim', 1, 30, 0.6),
    run('reference', 1, 27, 0.55),
    run('reference', 2, 28, 0.57),
  ];

  it('are told as mean and sample standard deviation', () => {
    const found = spreads(runs).map(({ program, measure, mean, sd, runs: n }) => [program, measure, mean, sd, n]);
    expect(found).toEqual([
      ['word2vec.c', 'analogies', 22, Math.sqrt(8), 2],
      ['gensim', 'analogies', 30, null, 1],
      ['reference', 'analogies', 27.5, Math.sqrt(0.5), 2],
      ['word2vec.c', 'pairs.tsv', 0.52, expect.closeTo(Math.sqrt(0.0008), 9), 2],
      ['gensim', 'pairs.tsv', 0.6, null, 1],
      ['reference', 'pairs.tsv', expect.closeTo(0.56, 9), expect.closeTo(Math.sqrt(0.0002), 9), 2],
    ]);
  });

  it("are compared with the mean of the other programs' means, however many seeds each had", () => {
    expect(differences(spreads(runs))).toEqual([
      { objective: 'skipgram', measure: 'analogies', others: 26, difference: 1.5, bar: 1 },
      { objective: 'skipgram', measure: 'pairs.tsv', others: 0.56, difference: expect.closeTo(0, 9), bar: 0.01 },
    ]);
    expect(differences(spreads(runs.filter(({ program }) => program === 'reference')))).toEqual([]);
    expect(differences(spreads(runs.filter(({ program }) => program !== 'reference')))).toEqual([]);
  });
});

describe('the options', () => {
  const read = async (...words: string[]): Promise<ParityOptions> => {
    let options: ParityOptions | undefined;
    const command = parityCommand(async (given) => void (options = given)).exitOverride();
    await command.configureOutput({ writeErr: () => {} }).parseAsync(words, { from: 'user' });
    return options!;
  };

  it('take lists with commas, and several files of pairs', async () => {
    const words = '--corpus c --similarity a b --seeds 1,2,2 --objectives cbow,hs --programs reference';
    const { similarity, seeds, objectives, programs } = await read(...words.split(' '));
    expect(similarity!.map((file) => file.split('/').at(-1))).toEqual(['a', 'b']);
    expect([seeds, objectives, programs]).toEqual([[1, 2], ['cbow', 'hs'], ['reference']]);
  });

  it('refuse names and numbers that are none', async () => {
    await expect(read('--corpus', 'c', '--programs', 'fasttext')).rejects.toThrow('word2vec.c,gensim,reference');
    await expect(read('--corpus', 'c', '--seeds', '1,x')).rejects.toThrow('whole number');
    await expect(read('--corpus', 'c', '--sample', '-1')).rejects.toThrow('0 or more');
    await expect(read()).rejects.toThrow('--corpus');
  });
});
