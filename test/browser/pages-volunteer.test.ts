// The volunteer page in a real browser: every state, what it says without WebGPU, and its session with the worker.
import { h, render } from 'preact';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { engineChoice, knowsSimd, probeCapability } from '../../client/volunteer/capability.ts';
import { mirrorStatus } from '../../client/volunteer/mirror.ts';
import { VolunteerPage, type VolunteerPageProps } from '../../client/volunteer/page.tsx';
import { glanceOf } from '../../client/volunteer/run-glance.ts';
import { IDLE, VolunteerSession, type WorkerHandle } from '../../client/volunteer/session.ts';
import type { WorkerState, WorkerStatus } from '../../client/worker/api.ts';
import { HOSTILE, quietTraffic, runStatus, workerStatus } from './pages-fixture.ts';

let root: HTMLElement;
beforeEach(() => {
  root = document.body.appendChild(document.createElement('div'));
});
afterEach(() => {
  render(null, root);
  root.remove();
});

const PAUSE = { code: 'user', reason: 'paused by you' } as const;
const calls: string[] = [];
const note = (name: string) => (): void => void calls.push(name);
const actions = {
  start: note('start'),
  pause: note('pause'),
  resume: note('resume'),
  finish: note('finish'),
  leave: note('leave'),
};

function show(props: Partial<VolunteerPageProps>): void {
  const all: VolunteerPageProps = {
    status: workerStatus,
    capability: { kind: 'webgpu', device: 'A GPU' },
    glance: { kind: 'asking' },
    about: null,
    controls: null,
    traffic: quietTraffic,
    nickname: { name: '', storage: () => sessionStorage, onName: note('name') },
    actions,
    ...props,
  };
  render(h(VolunteerPage, all), root);
}

const button = (id: string): HTMLButtonElement => {
  const found = root.querySelector<HTMLButtonElement>(`#${id}`);
  if (found === null) throw new Error(`no button #${id}`);
  return found;
};
const runBar = (): string | null | undefined =>
  root.querySelector('[aria-label="Progress of the run"]')?.getAttribute('aria-valuenow');
const shown = (): string[] => ['start', 'pause', 'finish', 'leave'].filter((id) => !button(id).hidden);

describe('volunteer page', () => {
  const expected: Readonly<Record<WorkerState, { word: string; buttons: string[] }>> = {
    idle: { word: 'Ready', buttons: ['start'] },
    connecting: { word: 'Connecting', buttons: ['pause', 'finish', 'leave'] },
    waiting: { word: 'Waiting', buttons: ['pause', 'finish', 'leave'] },
    training: { word: 'Training', buttons: ['pause', 'finish', 'leave'] },
    paused: { word: 'Paused', buttons: ['pause', 'finish', 'leave'] },
    leaving: { word: 'Finishing', buttons: ['leave'] },
    left: { word: 'Left', buttons: ['start'] },
    done: { word: 'Run complete', buttons: ['start'] },
    banned: { word: 'Sent away', buttons: [] },
    error: { word: 'Stopped', buttons: ['start'] },
  };
  for (const [state, { word, buttons }] of Object.entries(expected) as [
    WorkerState,
    (typeof expected)[WorkerState],
  ][]) {
    it(`shows ${state} with its reason and only the buttons that apply`, () => {
      show({ status: { ...workerStatus, state, reason: `Because of ${state}.` } });
      const shownState = root.querySelector('.state');
      expect(shownState?.querySelector('.badge')?.textContent).toBe(word);
      expect(shownState?.textContent).toContain(`Because of ${state}.`);
      expect(root.querySelector('.state-panel [role=status]')?.textContent).toBe(`${word}: Because of ${state}.`);
      expect(shown()).toEqual(buttons);
    });
  }

  it('leaves nothing to press to who was sent away, and says whom to ask', () => {
    const about = { title: '', operator: 'The word lab', purpose: '', link: '', version: '0.1.0' };
    show({ status: { ...workerStatus, state: 'banned' }, about, glance: glanceOf(runStatus) });
    const visible = [...root.querySelectorAll<HTMLElement>('button, input')].filter((each) => !each.hidden);
    expect(visible).toEqual([]);
    expect(root.querySelector('.thanks')?.textContent).toContain('ask the operator, The word lab');
  });

  it('calls what each button says; the pause button resumes when paused', () => {
    calls.length = 0;
    show({});
    for (const id of ['pause', 'finish', 'leave']) button(id).click();
    show({ status: { ...workerStatus, state: 'paused' } });
    expect(button('pause').textContent).toBe('Resume');
    button('pause').click();
    show({ status: IDLE });
    button('start').click();
    expect(calls).toEqual(['pause', 'finish', 'leave', 'resume', 'start']);
  });

  it('shows a device name from the wire as text', () => {
    show({ capability: { kind: 'webgpu', device: HOSTILE } });
    expect(root.querySelector('img')).toBeNull();
    expect(root.querySelector('.engine')?.textContent).toContain(HOSTILE);
  });

  it('shows contribution, share and progress', () => {
    show({});
    const text = root.textContent.replaceAll('\u00a0', ' ');
    for (const part of ['86.4 k', '113 MB', '48.3 MB', '5.00 %', '40.0 %', 'about 6 min 24 s left'])
      expect(text).toContain(part);
    expect(runBar()).toBe('40');
  });

  it('counts down to the next attempt in the same sentence as the reason', () => {
    const reason = 'the coordinator does not answer';
    show({ status: { ...workerStatus, state: 'connecting', reason, reconnectInMs: 11_400 } });
    const said = (): string | undefined => root.querySelector('.state-reason')?.textContent.replaceAll('\u00a0', ' ');
    expect(said()).toBe(`reconnecting in 12 s: ${reason}`);
    show({ status: { ...workerStatus, state: 'paused', reason: 'paused by you', reconnectInMs: 400 } });
    expect(said()).toBe('next attempt in 1 s; paused by you');
  });

  it('claims no share of a run that a killed coordinator began anew', () => {
    // The run's figures come a moment later than the tab's own: that is no loss.
    show({ status: { ...workerStatus, acceptedWords: 2_100_000 } });
    expect(root.textContent).not.toContain('lost when the coordinator');
    show({ status: { ...workerStatus, acceptedWords: 7_000_000 } });
    expect(root.textContent).toContain('some of it lost when the coordinator restarted');
  });

  it('keeps the focus on a button when the one that had it hides', () => {
    show({ status: IDLE });
    button('start').focus();
    show({ status: { ...workerStatus, state: 'connecting' } });
    expect(document.activeElement).toBe(button('pause'));
    button('leave').focus();
    show({ status: { ...workerStatus, state: 'left' } });
    expect(document.activeElement).toBe(button('start'));
  });

  it('leaves the focus alone when it is elsewhere', () => {
    show({ status: IDLE });
    show({ status: { ...workerStatus, state: 'connecting' } });
    expect(document.activeElement).toBe(document.body);
  });

  it('gives no speed to who does not work, and says when the run is finished', () => {
    const speed = (): string => root.querySelector('.figures dd')?.textContent ?? '';
    show({ status: { ...workerStatus, state: 'training', wordsPerSecond: 4321 } });
    expect(speed()).toBe('4,321');
    show({ status: { ...workerStatus, state: 'paused', wordsPerSecond: 4321 } });
    expect(speed()).toBe('0');
    const finished = { ...runStatus, etaSeconds: null, progress: { done: 5, total: 5, unit: 'tokens' as const } };
    show({ status: { ...IDLE }, glance: glanceOf(finished) });
    expect(root.textContent).toContain('finished');
  });

  it('says why the CPU is used, before and after the start', () => {
    show({ status: IDLE, capability: { kind: 'cpu', why: 'No adapter here.', simd: true } });
    expect(root.querySelector('.notice')?.textContent).toContain('No adapter here.');
    show({ status: { ...workerStatus, engine: 'cpu', fallback: 'Lost the device.' } });
    expect(root.querySelector('.notice')?.textContent).toContain('Lost the device.');
  });

  it('knows the run before the start, and says so when the coordinator is away', () => {
    show({ status: IDLE, glance: glanceOf(runStatus) });
    expect(runBar()).toBe('50');
    show({ status: IDLE, glance: { kind: 'unreachable', message: 'Nobody answers.' } });
    expect(root.querySelector('.failure')?.textContent).toBe('Nobody answers.');
    expect(root.querySelector('.notice')?.textContent).toContain('does not answer');
    const counting = glanceOf({ ...runStatus, progress: { done: 1, total: 2, unit: 'bytes' } });
    expect(counting).toMatchObject({ kind: 'known', run: null });
  });
});

describe('capability', () => {
  const none = { requestAdapter: () => Promise.resolve(null) };

  it('takes the engine from the address, and only known ones', () => {
    expect(['?engine=cpu', '?engine=webgpu', '?engine=quantum', ''].map(engineChoice)).toEqual([
      'cpu',
      'webgpu',
      'auto',
      'auto',
    ]);
  });

  it('names each reason for having no WebGPU', async () => {
    const insecure = await probeCapability('auto', { isSecureContext: false, gpu: undefined, simd: true });
    expect(insecure).toMatchObject({ kind: 'cpu', why: expect.stringContaining('https') });
    const without = await probeCapability('auto', { isSecureContext: true, gpu: undefined, simd: true });
    expect(without).toMatchObject({ kind: 'cpu', why: expect.stringContaining('no WebGPU') });
    expect(await probeCapability('auto', { isSecureContext: true, gpu: none, simd: true })).toMatchObject({
      kind: 'cpu',
      why: expect.stringContaining('no graphics adapter'),
    });
    expect(await probeCapability('webgpu', { isSecureContext: true, gpu: none, simd: true })).toMatchObject({
      kind: 'missing',
    });
  });

  it('finds the adapter of this browser', async () => {
    const found = await probeCapability('auto', { isSecureContext, gpu: navigator.gpu, simd: knowsSimd() });
    expect(found).toMatchObject({ kind: 'webgpu', device: expect.stringMatching(/./) });
  });
});

describe('session', () => {
  function sessionWithFake(): {
    session: VolunteerSession;
    asked: string[];
    seen: WorkerStatus[];
    report: (status: WorkerStatus) => void;
    fail: (message: string) => void;
  } {
    const asked: string[] = [];
    const seen: WorkerStatus[] = [];
    const hooks = { report: (_: WorkerStatus): void => undefined, fail: (_: string): void => undefined };
    const spawn = (fail: (message: string) => void): WorkerHandle => {
      hooks.fail = fail;
      const ask = (name: string) => (): Promise<void> => {
        asked.push(name);
        return name === 'hold user' ? Promise.reject(new Error('cannot pause')) : Promise.resolve();
      };
      return {
        worker: {
          start: (options, report) => {
            asked.push(`start ${options.engine} ${options.url}`);
            hooks.report = report;
            return Promise.resolve();
          },
          hold: (hold) => ask(`hold ${hold?.code}`)(),
          setPower: (percent) => ask(`power ${percent}`)(),
          setDataLimit: (bytes) => ask(`limit ${bytes}`)(),
          finish: ask('finish'),
          leave: ask('leave'),
          setHidden: (hidden) => ask(`hidden ${hidden}`)(),
        },
        terminate: ask('terminate'),
      };
    };
    const session = new VolunteerSession({
      url: 'ws://h/volunteer',
      engine: 'cpu',
      browser: 'Chrome 1',
      spawn,
      onStatus: (s) => seen.push(s),
    });
    return { session, asked, seen, report: (s) => hooks.report(s), fail: (m) => hooks.fail(m) };
  }

  it('asks nothing of a worker before the start', () => {
    const { session, asked } = sessionWithFake();
    session.hold(PAUSE);
    session.leave();
    expect(asked).toEqual([]);
    expect(session.status.state).toBe('idle');
  });

  it('starts once, tells a hidden tab, and carries totals over a second start', () => {
    const { session, asked, report } = sessionWithFake();
    session.setHidden(true);
    session.start();
    session.start();
    expect(session.status.state).toBe('connecting');
    report({ ...workerStatus, state: 'left', accepted: 5 });
    session.start();
    report({ ...workerStatus, accepted: 2 });
    expect(session.status.accepted).toBe(7);
    const start = 'start cpu ws://h/volunteer';
    expect(asked).toEqual([start, 'hidden true', 'terminate', start, 'hidden true']);
  });

  it('never starts again once it was sent away', () => {
    const { session, asked, report } = sessionWithFake();
    session.start();
    report({ ...workerStatus, state: 'banned', reason: 'the operator sent this tab away' });
    const before = [...asked];
    session.start();
    expect(asked).toEqual(before);
    expect(session.status.state).toBe('banned');
  });

  it('shows a worker that dies or refuses as an error with its reason, and hears no more of it', async () => {
    const { session, report, fail } = sessionWithFake();
    session.start();
    fail('script not found');
    expect(session.status).toMatchObject({ state: 'error', reason: expect.stringContaining('script not found') });
    report(workerStatus);
    expect(session.status.state).toBe('error');
    session.start();
    report(workerStatus);
    session.hold(PAUSE);
    await expect.poll(() => session.status.reason).toContain('cannot pause');
  });

  it('mirrors the status into one plain object', () => {
    mirrorStatus(window, IDLE);
    const early = window.tributary;
    mirrorStatus(window, { ...workerStatus, state: 'error', reason: 'Why.' });
    expect(early).toBe(window.tributary);
    expect(early).toMatchObject({ state: 'error', error: 'Why.', accepted: 12, bytesUp: 48_300_000 });
    expect(document.documentElement.dataset['state']).toBe('error');
    mirrorStatus(window, workerStatus);
    expect(early?.error).toBeNull();
  });
});
