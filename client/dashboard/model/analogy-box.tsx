// a is to b as c is to …: the words nearest to b − a + c.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Neighbour } from '../../../protocol/status.ts';
import { callCoordinator, type Fetch } from '../../ui/coordinator-call.ts';
import { neighbourPath } from '../../ui/neighbour-query.ts';
import { type NeighbourAnswer, NeighbourList } from '../../ui/neighbours.tsx';

const TOP = 5;
const NAMES = ['a', 'b', 'c'] as const;
const BEFORE: Readonly<Record<(typeof NAMES)[number], string>> = { a: '', b: 'is to', c: 'as' };

export function AnalogyBox({ send }: { send?: Fetch }): JSX.Element {
  const [words, setWords] = useState({ a: '', b: '', c: '' });
  const [answer, setAnswer] = useState<NeighbourAnswer>({ kind: 'none' });

  async function ask(): Promise<void> {
    const [a, b, c] = NAMES.map((name) => words[name].trim());
    if (!a || !b || !c) {
      setAnswer({ kind: 'failed', failure: { code: 'NO_WORD', message: 'Type three words.' } });
      return;
    }
    setAnswer({ kind: 'asking' });
    const result = await callCoordinator<readonly Neighbour[]>(
      neighbourPath({ positive: [b, c], negative: [a] }, TOP),
      {},
      send,
    );
    setAnswer(
      result.ok
        ? { kind: 'found', asked: `${b} − ${a} + ${c}`, neighbours: result.body }
        : { kind: 'failed', failure: result.failure },
    );
  }

  return (
    <div class="neighbour-box">
      <form
        class="analogy"
        onSubmit={(event) => {
          event.preventDefault();
          void ask();
        }}
      >
        {NAMES.map((name) => (
          <label key={name} class="analogy-word">
            {BEFORE[name]}
            <input
              type="text"
              aria-label={`Word ${name}`}
              autocomplete="off"
              autocapitalize="off"
              spellcheck={false}
              placeholder={{ a: 'man', b: 'king', c: 'woman' }[name]}
              value={words[name]}
              onInput={({ currentTarget: { value } }) => setWords((before) => ({ ...before, [name]: value }))}
            />
          </label>
        ))}
        <span>is to</span>
        <button type="submit" class="button">
          What?
        </button>
      </form>
      <div aria-live="polite">
        <NeighbourList answer={answer} />
      </div>
    </div>
  );
}
