// The word box, calls to the coordinator, and numbers as people read them.
import { h, render } from 'preact';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { callCoordinator } from '../../client/ui/coordinator-call.ts';
import { bytes, count, duration, estimate, percent, share } from '../../client/ui/format.ts';
import { neighbourPath, parseNeighbourQuery } from '../../client/ui/neighbour-query.ts';
import { NeighbourBox } from '../../client/ui/neighbours.tsx';
import { HOSTILE } from './pages-fixture.ts';

let root: HTMLElement;
beforeEach(() => {
  root = document.body.appendChild(document.createElement('div'));
});
afterEach(() => {
  render(null, root);
  root.remove();
});

async function ask(words: string): Promise<void> {
  const field = root.querySelector('input');
  if (field === null) throw new Error('no word field');
  field.value = words;
  field.dispatchEvent(new Event('input', { bubbles: true }));
  await new Promise((done) => setTimeout(done, 20));
  root.querySelector('form')?.requestSubmit();
}

describe('a call to the coordinator', () => {
  const never = (_url: string, init?: RequestInit): Promise<Response> =>
    new Promise((_, refuse) => init?.signal?.addEventListener('abort', () => refuse(new Error('aborted'))));

  it('gives up with words when no answer comes, and says that a change may still be made', async () => {
    const asked = await callCoordinator('api/run', {}, never, 20);
    expect(asked).toMatchObject({ ok: false, failure: { code: 'NO_ANSWER' } });
    const changed = await callCoordinator('api/run/pause', { method: 'POST' }, never, 20);
    expect(changed).toMatchObject({ failure: { message: expect.stringContaining('look at the log') } });
  });

  it('throws only for who asked it to stop', async () => {
    const stop = new AbortController();
    const call = callCoordinator('api/run', { signal: stop.signal }, never, 600_000);
    stop.abort();
    await expect(call).rejects.toThrow('aborted');
  });
});

describe('word box', () => {
  it('reads words and subtracted words, and encodes them', () => {
    const query = parseNeighbourQuery('  king, woman -man a&b ');
    expect(query).toEqual({ positive: ['king', 'woman', 'a&b'], negative: ['man'] });
    expect(neighbourPath(query, 8)).toBe('api/similar?positive=king,woman,a%26b&negative=man&top=8');
    expect(neighbourPath(parseNeighbourQuery('father'), 8)).toBe('api/similar?positive=father&top=8');
  });

  it('lists neighbours as text with bars', async () => {
    const found = [
      { word: 'mother', similarity: 0.87 },
      { word: HOSTILE, similarity: -0.1 },
    ];
    const send = () => Promise.resolve(new Response(JSON.stringify(found)));
    render(h(NeighbourBox, { send }), root);
    await ask('father');
    await expect.poll(() => root.querySelectorAll('li').length).toBe(2);
    const bars = [...root.querySelectorAll<HTMLElement>('.neighbour-bar > span')].map((bar) => bar.style.width);
    expect(bars).toEqual(['87%', '0%']);
    expect(root.querySelectorAll('li')[1]?.textContent).toBe(`${HOSTILE}-0.100`);
    expect(root.querySelector('img')).toBeNull();
  });

  it('shows the coded error, and the newest answer only', async () => {
    const waiting: ((response: Response) => void)[] = [];
    const send = () => new Promise<Response>((done) => waiting.push(done));
    render(h(NeighbourBox, { send }), root);
    await ask('slow');
    await ask('zzz');
    await expect.poll(() => waiting.length).toBe(2);
    waiting[1]?.(new Response('{"error":{"code":"UNKNOWN_WORD","message":"zzz is unknown."}}', { status: 404 }));
    await expect.poll(() => root.textContent).toContain('zzz is unknown. UNKNOWN_WORD');
    waiting[0]?.(new Response('[{"word":"late","similarity":1}]'));
    await new Promise((done) => setTimeout(done, 30));
    expect(root.textContent).not.toContain('late');
  });
});

describe('calls to the coordinator', () => {
  const failure = async (response: () => Promise<Response>): Promise<string> => {
    const result = await callCoordinator('api/run', {}, response);
    return result.ok ? 'ok' : result.failure.code;
  };

  it('give a code whatever goes wrong', async () => {
    expect(await failure(() => Promise.reject(new TypeError('failed to fetch')))).toBe('UNREACHABLE');
    expect(await failure(() => Promise.resolve(new Response('<html>', { status: 502 })))).toBe('HTTP_502');
    expect(await failure(() => Promise.resolve(new Response('<html>', { status: 200 })))).toBe('HTTP_200');
    expect(await failure(() => Promise.resolve(new Response('{"error":{"code":1}}', { status: 400 })))).toBe(
      'HTTP_400',
    );
    expect(await failure(() => Promise.resolve(new Response('')))).toBe('ok');
  });
});

describe('numbers', () => {
  const plain = (value: string): string => value.replaceAll('\u00a0', ' ');

  it('are counted, scaled and timed', () => {
    expect([0, 9999, 10_000, 86_412, 999_949, 999_999, 3.456e6, 2e9].map((n) => plain(count(n)))).toEqual([
      '0',
      '9,999',
      '10.0 k',
      '86.4 k',
      '1.00 M',
      '1.00 M',
      '3.46 M',
      '2.00 G',
    ]);
    expect([0, 48_300, 9.96e6, 48.3e6, 8.12e8, 1.5e9].map((n) => plain(bytes(n)))).toEqual([
      '0.0 MB',
      '0.0 MB',
      '10.0 MB',
      '48.3 MB',
      '812 MB',
      '1.50 GB',
    ]);
    expect([0, 42, 200, 3900, 93_600].map((s) => plain(duration(s)))).toEqual(
      ['0 s', '42 s', '3 min 20 s', '1 h 05 min', '1 d 2 h'].map(plain),
    );
    expect([384, 2070, 3599].map((s) => plain(estimate(s)))).toEqual(
      ['about 6 min 24 s', 'about 35 min', 'about 59 min 59 s'].map(plain),
    );
  });

  it('never round a share to none or to all', () => {
    expect([0, 1e-9, 0.05, 0.472, 0.99999, 1].map((s) => plain(percent(s)))).toEqual([
      '0 %',
      '< 0.01 %',
      '5.00 %',
      '47.2 %',
      '99.9 %',
      '100 %',
    ]);
    expect([share(1, 0), share(3, 2), share(-1, 2)]).toEqual([0, 1, 0]);
  });
});
