// What an operator does to a live run, over HTTP; and a liar among the volunteers, who speaks the protocol to the letter.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { ActionValues } from '../../protocol/actions.ts';
import { CLOSE } from '../../protocol/limits.ts';
import type { RunStatus, VolunteerRow } from '../../protocol/status.ts';
import { type SessionEvent, VolunteerSession } from '../../volunteer/session.ts';
import { CpuEngine } from '../../word2vec/cpu-engine.ts';
import type { Engine } from '../../word2vec/engine.ts';
import { CoordinatorProcess } from './coordinator-process.ts';
import { auditJournal } from './journal-audit.ts';
import { makeFolder, startLongRun } from './train-setup.ts';

const folder = makeFolder();
let coordinator: CoordinatorProcess;
let url: string;
let token: string;

const act = async (
  path: string,
  values: ActionValues = {},
): Promise<{ status: number; body: Record<string, unknown> }> => {
  const answer = await fetch(new URL(`/api/${path}`, url), {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(values),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
};
const codeOf = ({ body }: { body: Record<string, unknown> }): unknown => (body['error'] as { code: string }).code;
const status = (): Promise<RunStatus> => coordinator.status();

async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (const end = Date.now() + 60_000; Date.now() < end;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`waited in vain for ${what}`);
}

/** A volunteer over a socket, with an engine of its own. */
class Guest {
  readonly events: SessionEvent[] = [];
  readonly device: string;
  closed: { code: number; reason: string } | null = null;
  readonly #socket: WebSocket;
  readonly #session: VolunteerSession;

  constructor(device: string, engine: Engine) {
    this.device = device;
    this.#socket = new WebSocket(new URL('volunteer', url.replace('http', 'ws')));
    this.#socket.binaryType = 'arraybuffer';
    const edges = {
      send: (frame: Uint8Array) => this.#socket.readyState === WebSocket.OPEN && this.#socket.send(frame),
      now: () => performance.now(),
      engine: () => Promise.resolve(engine),
      engineFailed: (error: unknown) => {
        throw error;
      },
    };
    this.#session = new VolunteerSession(edges as never, (event) => this.events.push(event));
    this.#socket.on('open', () => this.#session.open({ engine: 'cpu', device, cacheMiB: 64, name: '', browser: '' }));
    this.#socket.on('message', (data: ArrayBuffer) => this.#session.receive(new Uint8Array(data)));
    this.#socket.on('close', (code, reason) => {
      this.closed = { code, reason: String(reason) };
      this.#session.close();
    });
  }

  outcomes(kind: string): number {
    return this.events.filter((event) => event.kind === 'outcome' && event.outcome.outcome === kind).length;
  }

  async row(): Promise<VolunteerRow> {
    return until(`the row of ${this.device}`, async () =>
      (await status()).volunteers.find(({ device }) => device === this.device),
    );
  }

  leave(): void {
    this.#session.close();
    this.#socket.close();
  }
}

/** Trains, and then tells the opposite. */
async function liar(): Promise<Engine> {
  const honest = await CpuEngine.create();
  return {
    kind: 'cpu',
    device: 'a liar',
    dispose: () => honest.dispose(),
    train: async (plan, rows, step) => {
      const [input, output] = [rows.input.slice(), rows.output.slice()];
      const loss = await honest.train(plan, rows, step);
      rows.input.forEach((value, at) => (rows.input[at] = 2 * input[at]! - value));
      rows.output.forEach((value, at) => (rows.output[at] = 2 * output[at]! - value));
      return loss;
    },
  } as Engine;
}

beforeAll(async () => {
  ({ coordinator, url, token } = await startLongRun(folder, 5000, ['--audit-rate', '1']));
});

afterAll(async () => {
  await coordinator.kill();
  folder.remove();
});

describe('settings of a live run', () => {
  it('take a new learning rate, and refuse one out of its range', async () => {
    expect((await status()).config.alpha).toBe(0.06);
    expect(await act('run/alpha', { alpha: 0.04 })).toMatchObject({ status: 200 });
    const after = await status();
    expect(after.config.alpha).toBe(0.04);
    expect(after.alpha).toBeLessThanOrEqual(0.04);
    const refused = await act('run/alpha', { alpha: 2 });
    expect(refused).toMatchObject({ status: 400, body: { error: { code: 'BAD_VALUE' } } });
    expect(JSON.stringify(refused.body)).toContain('alpha must be a number above 0, at most 1, not 2');
    await act('run/checkpoint');
    const name = readFileSync(folder.at('run', 'checkpoint', 'latest'), 'utf8').trim();
    const state = JSON.parse(readFileSync(folder.at('run', 'checkpoint', name, 'state.json'), 'utf8')) as {
      training: { alpha: number };
      steering: { changes: unknown[] };
    };
    expect(state.training.alpha).toBe(0.04);
    expect(state.steering.changes).toMatchObject([{ setting: 'alpha', from: 0.06, to: 0.04 }]);
  });

  it('have no budget on the grid', async () => {
    expect(codeOf(await act('run/budget', { run: 0.1 }))).toBe('NO_BUDGET');
  });
});

describe('volunteers', () => {
  it('who are honest are checked and stay; who lies is held back, and nothing of it counts', async () => {
    const good = new Guest('an honest one', await CpuEngine.create());
    const bad = new Guest('a liar', await liar());
    await until('the liar to be found', async () => (bad.outcomes('rejected') > 0 ? true : undefined));
    await until('honest work', async () => (good.outcomes('applied') > 3 ? true : undefined));
    expect(bad.outcomes('applied')).toBe(0);
    expect(good.outcomes('rejected')).toBe(0);
    const { body } = await act('run/audit', { rate: 0.5 });
    const figures = body['audit'] as { rate: number; passed: number; failed: number };
    expect(figures.rate).toBe(0.5);
    expect(figures.failed).toBe(1);
    expect(figures.passed).toBeGreaterThan(3);
    expect(bad.closed).toBeNull();
    good.leave();
    bad.leave();
  });

  it('are drained, quarantined, released, banned and let in again', async () => {
    const first = new Guest('first', await CpuEngine.create());
    const { id } = await first.row();
    expect((await act(`volunteers/${id}/quarantine`)).status).toBe(200);
    await until('the word of it', async () =>
      first.events.some((event) => event.kind === 'idle' && event.reason.includes('by the operator'))
        ? true
        : undefined,
    );
    const before = first.outcomes('applied');
    expect((await act(`volunteers/${id}/release`)).status).toBe(200);
    await until('work again', async () => (first.outcomes('applied') > before ? true : undefined));
    expect((await act(`volunteers/${id}/drain`, { reason: 'enough for today' })).status).toBe(200);
    const drained = await until('the end', async () => first.closed ?? undefined);
    expect(drained).toEqual({ code: CLOSE.banned, reason: 'enough for today' });
    expect(codeOf(await act(`volunteers/${id}/drain`))).toBe('NO_SUCH_VOLUNTEER');
    const local = (await status()).volunteers.find((one) => one.local)!;
    expect(codeOf(await act(`volunteers/${local.id}/ban`))).toBe('LOCAL_VOLUNTEER');

    const second = new Guest('second', await CpuEngine.create());
    const third = new Guest('third', await CpuEngine.create());
    const [{ id: banned }] = [await second.row(), await third.row()];
    expect(codeOf(await act(`volunteers/${banned}/ban`))).toBe('ADDRESS_SHARED');
    expect((await act(`volunteers/${banned}/ban`, { all: true, reason: 'spam' })).body['dismissed']).toBe(2);
    await until('both to go', async () => (second.closed !== null && third.closed !== null ? true : undefined));
    const fourth = new Guest('fourth', await CpuEngine.create());
    const refused = await until('the refusal', async () => fourth.closed ?? undefined);
    expect(refused).toEqual({ code: CLOSE.banned, reason: 'spam' });
    expect(JSON.parse(readFileSync(folder.at('run', 'bans.json'), 'utf8'))).toMatchObject([{ address: '127.0.0.1' }]);
    expect((await fetch(new URL('/api/bans', url))).status).toBe(401);
    expect((await act(`volunteers/${banned}/release`)).status).toBe(200);
    expect(codeOf(await act('run/unban', { address: '127.0.0.1' }))).toBe('NOT_BANNED');
    const fifth = new Guest('fifth', await CpuEngine.create());
    await until('its work', async () => (fifth.outcomes('applied') > 0 ? true : undefined));
    fifth.leave();
  });
});

it('keeps, over kill -9, what was changed after the last checkpoint, and who is banned', async () => {
  await act('run/checkpoint');
  expect(await act('run/alpha', { alpha: 0.03 })).toMatchObject({ status: 200 });
  const guest = new Guest('the banned', await CpuEngine.create());
  const { id } = await guest.row();
  expect((await act(`volunteers/${id}/ban`, { all: true, reason: 'spam' })).status).toBe(200);
  await coordinator.kill();
  coordinator = new CoordinatorProcess(['--resume', folder.at('run'), '--local', '1', '--exit']);
  url = await coordinator.url();
  await until('training', async () => ((await status()).state === 'training' ? true : undefined));
  token = /operator token: (\S+)/.exec(coordinator.stderr)![1]!;
  expect((await status()).config.alpha).toBe(0.03);
  const again = new Guest('the banned, again', await CpuEngine.create());
  const refused = await until('the refusal', async () => again.closed ?? undefined);
  expect(refused).toEqual({ code: CLOSE.banned, reason: 'spam' });
  expect((await act('run/unban', { address: '127.0.0.1' })).status).toBe(200);
  const third = new Guest('the pardoned', await CpuEngine.create());
  await until('its work', async () => (third.outcomes('applied') > 0 ? true : undefined));
  third.leave();
});

it('leaves a sound journal and a run.json that tells of the changes', async () => {
  expect((await act('run/stop')).status).toBe(200);
  expect(await coordinator.exit()).toBe(0);
  // Stopped in mid-run: only the count of the last episodes may be short.
  const { faults } = auditJournal(folder.at('run', 'journal.jsonl'));
  expect(faults.filter((fault) => !fault.includes('chunks were made'))).toEqual([]);
  expect(JSON.parse(readFileSync(folder.at('run', 'run.json'), 'utf8'))).toMatchObject({
    configuration: { alpha: 0.03 },
    changes: [
      { setting: 'alpha', from: 0.06, to: 0.04 },
      { setting: 'alpha', from: 0.04, to: 0.03 },
    ],
  });
});
