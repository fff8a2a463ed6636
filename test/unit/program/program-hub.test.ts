// A program from end to end without sockets: least squares on real frames, with volunteers that die, lie and break.
import { describe, expect, it } from 'vitest';
import { DescentRunner } from '../../../coordinator/program/descent-runner.ts';
import { dense, NamedTensors, sparse } from '../../../coordinator/program/named-tensors.ts';
import { PartitionDesk } from '../../../coordinator/program/partition-desk.ts';
import { ProgramHub } from '../../../coordinator/program/program-hub.ts';
import type { FromProgramVolunteer } from '../../../protocol/program-to-coordinator.ts';
import { decodeFromProgramVolunteer, encodeFromProgramVolunteer } from '../../../protocol/program-to-coordinator.ts';
import type { ProgramTask, ToProgramVolunteer } from '../../../protocol/program-to-volunteer.ts';
import { decodeToProgramVolunteer, encodeToProgramVolunteer } from '../../../protocol/program-to-volunteer.ts';

type Names = 'w' | 'bias';
type Reply = Exclude<FromProgramVolunteer, { tag: 'hello' }>;
const PARTITIONS = 6;

/** Lines "x y" of y = 3x - 2; those of partition 5 cannot be read by the gradient. */
function recordsOf(partition: number): Promise<Uint8Array> {
  const lines = Array.from({ length: 10 }, (_, k) => {
    const x = (partition * 10 + k) / 30 - 1;
    return partition === 5 ? 'broken\n' : `${x} ${3 * x - 2}\n`;
  });
  return Promise.resolve(new TextEncoder().encode(lines.join('')));
}

interface World {
  readonly model: NamedTensors<Names>;
  readonly desk: PartitionDesk;
  readonly hub: ProgramHub<Names>;
}

function world(descends = true): World {
  const model = new NamedTensors({ w: dense([1]), bias: sparse(3, 1) }, 1);
  const settings = { partitions: PARTITIONS, epochs: 60, minUpdates: 1, maxUpdates: 3, leaseMs: 1000 };
  const desk = new PartitionDesk(settings);
  const descent = new DescentRunner<Names>(model, async ({ w, bias }, update) => {
    if (!descends) throw new Error('no');
    await new Promise((resolve) => setImmediate(resolve));
    w.add(update.w!, -0.5);
    bias.add(update.bias!, -0.5);
  });
  const hub = new ProgramHub({ model, desk, descent, records: recordsOf, config: '{}', updateBytes: 1000 });
  return { model, desk, hub };
}

/** A volunteer whose gradient is least squares; `spoil` may change or drop what it sends. Resolves at its end. */
function volunteer(hub: ProgramHub<Names>, name: string, spoil: (reply: Reply) => Reply | null): Promise<string[]> {
  const codes: string[] = [];
  let task: ProgramTask | null = null;
  let w = Number.NaN;
  return new Promise((resolve) => {
    const send = (reply: Reply): void => {
      const sent = spoil(reply);
      if (sent === null) {
        hub.disconnect(name, 0);
        resolve(codes);
      } else hub.receive(name, decodeFromProgramVolunteer(encodeFromProgramVolunteer(sent)) as Reply, 0);
    };
    const hear = (message: ToProgramVolunteer): void => {
      if (message.tag === 'finished') resolve(codes);
      if (message.tag === 'outcome') {
        if (message.code !== '') codes.push(message.code);
        send({ tag: 'ready' });
      }
      if (message.tag === 'task') {
        task = message;
        if (message.tensors.length > 0) w = message.tensors[0]!.values[0]!;
        send({ tag: 'rowsWanted', task: message.task, tensors: [{ name: 'bias', rows: Uint32Array.of(2) }] });
      }
      if (message.tag === 'rows') send(gradient(task!, w, message.tensors[0]!.values[0]!));
    };
    const onFrame = (message: ToProgramVolunteer): void => {
      const bytes = encodeToProgramVolunteer(message);
      setImmediate(() => hear(decodeToProgramVolunteer(bytes)));
    };
    hub.connect(name, onFrame);
    send({ tag: 'ready' });
  });
}

function gradient({ task, records }: ProgramTask, w: number, bias: number): Reply {
  const lines = new TextDecoder().decode(records).trimEnd().split('\n');
  if (lines[0] === 'broken') return { tag: 'failure', task, message: 'no number', file: 'g.ts', line: 3, stack: [] };
  const slopes = [0, 0];
  for (const line of lines) {
    const [x, y] = line.split(' ').map(Number) as [number, number];
    const error = w * x + bias - y;
    slopes[0]! += (error * x) / lines.length;
    slopes[1]! += error / lines.length;
  }
  const tensors = [
    { kind: 'dense', name: 'w', values: Float32Array.of(slopes[0]!) },
    { kind: 'rows', name: 'bias', rows: Uint32Array.of(2), columns: 1, values: Float32Array.of(slopes[1]!) },
  ] as const;
  return { tag: 'update', task, records: lines.length, loss: null, tensors };
}

describe('a program', () => {
  it('finds the line though a volunteer dies, one lies once, and a partition breaks on all', async () => {
    const { model, desk, hub } = world();
    let lies = 1;
    let answers = 0;
    const all = [
      volunteer(hub, 'honest', (reply) => reply),
      volunteer(hub, 'dying', (reply) => (reply.tag === 'update' && ++answers > 5 ? null : reply)),
      volunteer(hub, 'lying', (reply) => {
        if (reply.tag !== 'update' || lies-- <= 0) return reply;
        return { ...reply, tensors: [{ kind: 'dense', name: 'w', values: Float32Array.of(Number.NaN) }] };
      }),
    ];
    const codes = await Promise.race([Promise.all(all), hub.failure]);
    expect(codes).toEqual([[], [], ['TENSOR_NOT_FINITE']]);
    expect(desk.finished).toBe(true);
    expect(
      model.version,
      'five partitions, sixty epochs, each applied by itself or with its neighbours',
    ).toBeGreaterThan(60);
    expect(model.tensors.w.data[0]).toBeCloseTo(3, 2);
    expect([...model.tensors.bias.data]).toEqual([0, 0, expect.closeTo(-2, 2)]);
    expect(desk.parked.map(({ partition }) => partition)).toEqual([5]);
    expect(desk.parked[0]!.failures[0]!.message).toBe('g.ts:3: no number');
  });

  it('ends with the fault of its descent', async () => {
    const { hub, model } = world(false);
    void volunteer(hub, 'a', (reply) => reply);
    await expect(hub.failure).rejects.toThrow(expect.objectContaining({ code: 'DESCENT_FAILED' }));
    expect(model.version).toBe(0);
  });

  it('frees a task whose time is over and refuses its update', async () => {
    const { hub, desk } = world();
    const heard: ToProgramVolunteer[] = [];
    hub.connect('a', (message) => heard.push(message));
    hub.receive('a', { tag: 'ready' }, 0);
    await expect.poll(() => heard.length).toBe(1);
    hub.tick(1000);
    hub.receive('a', { tag: 'update', task: 1, records: 0, loss: null, tensors: [] }, 1001);
    expect(heard.slice(1).map((message) => message.tag === 'outcome' && message.code)).toEqual([
      'TASK_OVER',
      'TASK_OVER',
    ]);
    expect(desk.counts.answered + desk.counts.done).toBe(0);
  });

  it('gives rows to the task’s holder alone, and no task to who has left', async () => {
    const { hub, desk } = world();
    const heard: ToProgramVolunteer[] = [];
    const gone: ToProgramVolunteer[] = [];
    hub.connect('gone', (message) => gone.push(message));
    hub.receive('gone', { tag: 'ready' }, 0);
    hub.disconnect('gone', 0);
    hub.connect('b', (message) => heard.push(message));
    hub.receive('b', { tag: 'rowsWanted', task: 1, tensors: [] }, 0);
    await expect.poll(() => heard.length).toBe(1);
    expect(heard).toEqual([expect.objectContaining({ tag: 'outcome', code: 'TASK_OVER' })]);
    hub.receive('b', { tag: 'ready' }, 0);
    await expect.poll(() => heard.length).toBe(2);
    expect(gone).toEqual([]);
    expect(desk.counts.out).toBe(1);
  });
});
