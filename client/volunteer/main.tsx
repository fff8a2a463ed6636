// The volunteer page's wiring: address, compute worker, browser events, rendering.
import '../style/tokens.css';
import '../style/base.css';
import '../style/controls.css';
import '../style/volunteer.css';
import { proxy, wrap } from 'comlink';
import { render } from 'preact';
import type { VolunteerWorker } from '../worker/api.ts';
import type { About } from '../../protocol/status.ts';
import { lookAtAbout } from './about.ts';
import { browserName } from './browser-name.ts';
import { type Capability, engineChoice, knowsSimd, probeCapability } from './capability.ts';
import { mirrorStatus } from './mirror.ts';
import { VolunteerPage } from './page.tsx';
import { lookAtRun, type RunGlance } from './run-glance.ts';
import { VolunteerSession, type WorkerHandle } from './session.ts';

const root = document.getElementById('page');
if (root === null) throw new Error('index.html has no #page');
const page: HTMLElement = root;

let capability: Capability = { kind: 'probing' };
let glance: RunGlance = { kind: 'asking' };
let about: About | null = null;

function spawn(fail: (message: string) => void): WorkerHandle {
  const thread = new Worker(new URL('../worker/volunteer.worker.ts', import.meta.url), { type: 'module' });
  thread.addEventListener('error', (event) =>
    fail(event.message === '' ? 'its script could not be loaded' : event.message),
  );
  thread.addEventListener('messageerror', () => fail('it sent a message that cannot be read'));
  const remote = wrap<VolunteerWorker>(thread);
  const worker: VolunteerWorker = {
    start: (options, report) => remote.start(options, proxy(report)),
    hold: (hold) => remote.hold(hold),
    setPower: (percent) => remote.setPower(percent),
    setDataLimit: (bytes) => remote.setDataLimit(bytes),
    finish: () => remote.finish(),
    leave: () => remote.leave(),
    setHidden: (hidden) => remote.setHidden(hidden),
    hangUp: () => remote.hangUp(),
    callBack: () => remote.callBack(),
  };
  return { worker, terminate: () => thread.terminate() };
}

const socket = new URL('volunteer', document.baseURI);
socket.protocol = socket.protocol === 'https:' ? 'wss:' : 'ws:';
socket.search = '';
socket.hash = '';

const engine = engineChoice(location.search);
const session = new VolunteerSession({
  url: socket.href,
  engine,
  browser: browserName(navigator.userAgent),
  spawn,
  onStatus: (status) => {
    mirrorStatus(window, status);
    draw();
  },
});

const actions = {
  start: (): void => session.start(),
  pause: (): void => session.hold({ code: 'user', reason: 'paused by you' }),
  resume: (): void => session.hold(null),
  finish: (): void => session.finish(),
  leave: (): void => session.leave(),
};

function draw(): void {
  render(
    <VolunteerPage status={session.status} capability={capability} glance={glance} about={about} actions={actions} />,
    page,
  );
}

document.addEventListener('visibilitychange', () => session.setHidden(document.hidden));
// Best effort: if the message is not delivered any more, the closed socket says the same.
addEventListener('pagehide', () => session.leave());
// A frozen worker can neither train nor answer: its lease goes back before, not when it expires.
document.addEventListener('freeze', () => session.setFrozen(true));
document.addEventListener('resume', () => session.setFrozen(false));

session.setHidden(document.hidden);
mirrorStatus(window, session.status);
draw();
void probeCapability(engine, { isSecureContext, gpu: navigator.gpu, simd: knowsSimd() }).then((found) => {
  capability = found;
  draw();
});
void lookAtRun().then((seen) => {
  glance = seen;
  draw();
});
void lookAtAbout().then((told) => {
  about = told;
  if (told !== null && told.title !== '') document.title = told.title;
  draw();
});
