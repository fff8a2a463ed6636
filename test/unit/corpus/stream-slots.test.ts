// Slots for streams: the caps hold, nobody who could go waits, the order is that of asking, and slots come back.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shareOfStreams, StreamSlots } from '../../../coordinator/corpus/webhdfs/stream-slots.ts';

interface Asked {
  readonly id: number;
  readonly node: string | null;
  readonly abort: AbortController;
  state: 'waiting' | 'open' | 'aborted' | 'closed';
  giveBack: () => void;
}

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('take' as const), node: fc.constantFrom('a', 'b', 'c', null) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('release' as const, 'abort' as const), which: fc.nat(50) }),
  },
);

describe('stream slots', () => {
  it('keep both caps, leave nobody waiting who could go, and serve in order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 6 }),
        fc.array(step, { maxLength: 60 }),
        async (perNode, inAll, steps) => {
          const slots = new StreamSlots({ perNode, inAll });
          const asked: Asked[] = [];
          const granted: number[] = [];
          const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
          const inState = (state: Asked['state']): Asked[] => asked.filter((each) => each.state === state);
          for (const each of steps) {
            if (each.kind === 'take') {
              const one: Asked = {
                id: asked.length,
                node: each.node,
                abort: new AbortController(),
                state: 'waiting',
                giveBack: () => undefined,
              };
              asked.push(one);
              slots.take(one.node, one.abort.signal).then(
                (giveBack) => {
                  one.state = 'open';
                  one.giveBack = giveBack;
                  granted.push(one.id);
                },
                () => (one.state = 'aborted'),
              );
            } else if (each.kind === 'release') {
              const open = inState('open');
              const one = open[each.which % Math.max(1, open.length)];
              if (one !== undefined) {
                one.giveBack();
                one.giveBack(); // twice counts once
                one.state = 'closed';
              }
            } else {
              const waiting = inState('waiting');
              waiting[each.which % Math.max(1, waiting.length)]?.abort.abort();
            }
            await settle();
            const open = inState('open');
            const at = (node: string | null): number => open.filter((one) => one.node === node).length;
            expect(open.length).toBeLessThanOrEqual(inAll);
            for (const node of ['a', 'b', 'c']) expect(at(node)).toBeLessThanOrEqual(perNode);
            for (const { node } of inState('waiting'))
              expect(open.length === inAll || (node !== null && at(node) === perNode)).toBe(true);
          }
          // Among those who asked for the same node the order is that of asking.
          for (const node of ['a', 'b', 'c', null]) {
            const order = granted.filter((id) => asked[id]?.node === node);
            expect(order).toEqual(order.toSorted((x, y) => x - y));
          }
          // Everything comes back.
          for (let open = inState('open'); open.length > 0; open = inState('open')) {
            for (const one of open) {
              one.giveBack();
              one.state = 'closed';
            }
            await settle();
          }
          expect(inState('waiting')).toEqual([]);
          expect([slots.open, slots.waiting]).toEqual([0, 0]);
        },
      ),
    );
  });

  it('are refused at once to those who were aborted before', async () => {
    const slots = new StreamSlots({ perNode: 1, inAll: 1 });
    await expect(slots.take('a', AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
    expect(slots.open).toBe(0);
  });

  it('are shared among threads so that all together stay below the caps', () => {
    for (let threads = 1; threads <= 8; threads += 1) {
      const { perNode, inAll } = shareOfStreams({ perNode: 3, inAll: 8 }, threads);
      expect(inAll * threads).toBeLessThanOrEqual(8);
      expect(perNode * threads).toBeLessThanOrEqual(Math.max(3, threads));
    }
    expect(shareOfStreams({ perNode: 3, inAll: 8 }, 64)).toEqual({ perNode: 1, inAll: 1 });
  });
});
