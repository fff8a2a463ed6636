// What the operator does on the dashboard, in a real browser: the token, the questions, the answers.
import { h, render } from 'preact';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ActionDialog } from '../../client/dashboard/operator/action-dialog.tsx';
import { OperatorPanel } from '../../client/dashboard/operator/operator-panel.tsx';
import { OperatorSession } from '../../client/dashboard/operator/operator.ts';
import type { Fetch } from '../../client/ui/coordinator-call.ts';
import type { RunState } from '../../protocol/status.ts';

let root: HTMLElement;
beforeEach(() => {
  root = document.body.appendChild(document.createElement('div'));
});
afterEach(() => {
  render(null, root);
  root.remove();
  sessionStorage.clear();
});

const text = (): string => root.textContent.replaceAll('\u00a0', ' ');

function button(name: string): HTMLButtonElement {
  const found = [...root.querySelectorAll('button')].find((one) => one.textContent === name);
  if (found === undefined) throw new Error(`no button ${name}`);
  return found;
}

function confirm(): void {
  root.querySelector<HTMLButtonElement>('dialog button[type=submit]')?.click();
}

/** Draws the panel, again whenever the session changes. */
function panel(state: RunState, send: Fetch): OperatorSession {
  const session = new OperatorSession(draw, send);
  function draw(): void {
    render(h(OperatorPanel, { state, operator: session }), root);
  }
  draw();
  return session;
}

async function signIn(token: string, keep = false): Promise<void> {
  const field = root.querySelector<HTMLInputElement>('#operator-token');
  if (field === null) throw new Error('no token field');
  field.value = token;
  field.dispatchEvent(new Event('input', { bubbles: true }));
  if (keep) root.querySelector<HTMLInputElement>('input[type=checkbox]')?.click();
  await new Promise((done) => setTimeout(done, 20));
  button('Sign in').click();
  await new Promise((done) => setTimeout(done, 20));
}

const never: Fetch = (url) => Promise.reject(new Error(`${url} must not be asked for`));

describe('operator', () => {
  it('is known again after a reload by the cookie, which no header accompanies, until signing out', async () => {
    const sent: { url: string; headers: Headers }[] = [];
    const session = panel('training', (url, init) => {
      sent.push({ url, headers: new Headers(init?.headers) });
      return Promise.resolve(new Response('{"operator":true}'));
    });
    expect(session.signedIn).toBe(false);
    await session.recall();
    expect(session).toMatchObject({ signedIn: true, byCookie: true });
    await session.call('api/run/pause', { method: 'POST' });
    expect(sent.map(({ url, headers }) => [url, headers.has('authorization')])).toEqual([
      ['api/session', false],
      ['api/run/pause', false],
    ]);
    session.signOut();
    expect(session.signedIn).toBe(false);
  });

  it('stays a stranger where the coordinator knows no session, or does not answer', async () => {
    const stranger = panel('training', () => Promise.resolve(new Response('{"operator":false}')));
    await stranger.recall();
    expect(stranger.signedIn).toBe(false);
    const alone = panel('training', () => Promise.reject(new TypeError('no network')));
    await alone.recall();
    expect(alone.signedIn).toBe(false);
  });

  it('sends the token in a header only, and keeps it only when ticked', async () => {
    const sent: { url: string; init: RequestInit | undefined }[] = [];
    const session = panel('training', (url, init) => {
      sent.push({ url, init });
      return Promise.resolve(new Response('{"state":"training","reason":"x","checkpoint":12}'));
    });
    const field = root.querySelector<HTMLInputElement>('#operator-token');
    expect([field?.type, field?.name]).toEqual(['password', '']);
    await signIn('sesame');
    button('Checkpoint…').click();
    await expect.poll(() => root.querySelector('dialog')?.open).toBe(true);
    confirm();
    await expect.poll(text).toContain('Checkpoint: accepted (checkpoint 12). The log says who and when.');
    expect(sent.map(({ url }) => url)).toEqual(['api/run/checkpoint']);
    expect(sent[0]?.init).toMatchObject({ method: 'POST', headers: { authorization: 'Bearer sesame' } });
    expect(location.href).not.toContain('sesame');
    expect(JSON.stringify({ ...sessionStorage, ...localStorage })).not.toContain('sesame');

    session.signOut();
    await signIn('sesame', true);
    expect(JSON.stringify({ ...sessionStorage })).toContain('sesame');
    expect(JSON.stringify({ ...localStorage })).not.toContain('sesame');
    session.signOut();
    expect(JSON.stringify({ ...sessionStorage })).not.toContain('sesame');
  });

  it('asks before each action, gives the focus back, and takes Escape for no', async () => {
    panel('training', never);
    await signIn('sesame');
    for (const name of ['Pause…', 'Checkpoint…', 'Stop…']) {
      const opener = button(name);
      opener.focus();
      opener.click();
      await expect.poll(() => root.querySelector('dialog')?.open).toBe(true);
      expect(root.querySelector('dialog')?.matches(':modal')).toBe(true);
      expect(document.activeElement?.textContent).toBe('Cancel');
      root.querySelector('dialog')?.dispatchEvent(new Event('cancel', { cancelable: true }));
      await expect.poll(() => root.querySelector('dialog')).toBeNull();
      expect(document.activeElement).toBe(opener);
    }
  });

  it('shows the coded refusal of an action', async () => {
    panel('training', () =>
      Promise.resolve(new Response('{"error":{"code":"WRONG_STATE","message":"Not now."}}', { status: 409 })),
    );
    await signIn('sesame');
    button('Stop…').click();
    await expect.poll(() => root.querySelector('dialog')?.open).toBe(true);
    confirm();
    await expect.poll(text).toContain('Stop failed: Not now. WRONG_STATE');
  });

  it('asks for the token again when it is not accepted', async () => {
    const session = panel('training', () =>
      Promise.resolve(new Response('{"error":{"code":"TOKEN_REQUIRED","message":"Not the token."}}', { status: 401 })),
    );
    await signIn('wrong', true);
    expect(session.signedIn).toBe(true);
    button('Pause…').click();
    await expect.poll(() => root.querySelector('dialog')?.open).toBe(true);
    confirm();
    await expect.poll(text).toContain('Not the token. TOKEN_REQUIRED');
    expect(session.signedIn).toBe(false);
    expect(sessionStorage).toHaveLength(0);
  });

  it('wants a token first', async () => {
    const session = panel('paused', never);
    await signIn('  ');
    await expect.poll(text).toContain('Enter the operator token first.');
    expect(session.signedIn).toBe(false);
  });

  it('says why an action makes no sense now', async () => {
    panel('counting', never);
    await signIn('sesame');
    expect(button('Stop…').disabled).toBe(true);
    expect(button('Stop…').title).toBe(
      'Not now: words are still being counted: there is nothing to keep or change yet.',
    );
    expect(button('Pause…').disabled).toBe(false);
  });

  it('checks what is typed before it is sent, and says the bounds', async () => {
    const field = { kind: 'number', name: 'alpha', label: 'Learning rate', optional: false } as const;
    const action = {
      name: 'alpha',
      title: 'Change the learning rate',
      does: 'It holds from the next lease on.',
      fields: [{ ...field, least: 0, most: 1, above: true }],
    } as const;
    const taken: unknown[] = [];
    const dialog = h(ActionDialog, {
      action,
      dangerous: false,
      onConfirm: (values) => taken.push(values),
      onDecline: () => undefined,
    });
    render(dialog, root);
    expect(text()).toContain('It holds from the next lease on.');
    expect(text()).toContain('Learning rate (above 0 to 1)');
    const input = root.querySelector<HTMLInputElement>('.dialog-field input');
    if (input === null) throw new Error('no field');
    for (const [typed, problem] of [
      ['', 'alpha must be a number above 0, at most 1, not missing.'],
      ['2', 'not 2.'],
      ['fast', 'not "fast".'],
    ] as const) {
      input.value = typed;
      input.dispatchEvent(new Event('input', { bubbles: true }));
      await new Promise((done) => setTimeout(done, 20));
      confirm();
      await expect.poll(() => root.querySelector('[role=alert]')?.textContent).toContain(problem);
    }
    input.value = ' 0.03 ';
    input.dispatchEvent(new Event('input', { bubbles: true }));
    await new Promise((done) => setTimeout(done, 20));
    confirm();
    expect(taken).toEqual([{ alpha: 0.03 }]);
  });
});
