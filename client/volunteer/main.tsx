// The volunteer page's wiring: address, compute worker, browser events, rendering.
import '../style/tokens.css';
import '../style/base.css';
import '../style/controls.css';
import '../style/volunteer.css';
import '../style/volunteer-controls.css';
import { proxy, wrap } from 'comlink';
import { render } from 'preact';
import type { VolunteerWorker } from '../worker/api.ts';
import type { About } from '../../protocol/status.ts';
import { lookAtAbout } from '../ui/about.ts';
import { browserName } from './browser-name.ts';
import { type Capability, engineChoice, knowsSimd, probeCapability } from './capability.ts';
import { settingsInAddress } from './controls/address.ts';
import { VolunteerControls } from './controls/controller.ts';
import { ControlsPanel } from './controls/controls-panel.tsx';
import { browserFacts, browserWakeLock } from './controls/this-browser.ts';
import { SettingsStore } from './controls/settings-store.ts';
import { mirrorStatus } from './mirror.ts';
import { keptNickname } from './nickname.tsx';
import { PageTraffic } from './page-traffic.ts';
import { VolunteerPage } from './page.tsx';
import { hasVectors, lookAtRun, type RunGlance } from './run-glance.ts';
import { VolunteerSession, type WorkerHandle } from './session.ts';

const root = document.getElementById('page');
if (root === null) throw new Error('index.html has no #page');
const page: HTMLElement = root;

/** How late hours of the day may begin or end. */
const LOOK_MS = 15_000;

/** Between two looks at a run that is not yet training. */
const GLANCE_MS = 5000;

let capability: Capability = { kind: 'probing' };
let glance: RunGlance = { kind: 'asking' };
let about: About | null = null;
let drawing = false;
const traffic = new PageTraffic({
  affords: (bytes) => controls.affords(bytes),
  counted: () => controls.look(),
});
const storage = (): Storage => localStorage;
let nickname = keptNickname(storage);

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
    controls.look();
  },
});
const controls: VolunteerControls = new VolunteerControls({
  browser: browserFacts(),
  wakeLock: browserWakeLock(),
  store: new SettingsStore(() => localStorage),
  session,
  pageBytes: () => traffic.bytes,
  forced: settingsInAddress(location.search),
  changed: () => drawSoon(),
});

const actions = {
  start: (): void => {
    controls.resume();
    session.start();
  },
  pause: (): void => controls.pause(),
  resume: (): void => controls.resume(),
  finish: (): void => session.finish(),
  leave: (): void => session.leave(),
};

/** Several changes of one moment are drawn once. */
function drawSoon(): void {
  if (drawing) return;
  drawing = true;
  queueMicrotask(() => {
    drawing = false;
    draw();
  });
}

function onName(name: string): void {
  nickname = name;
  session.setName(name);
  draw();
}

function draw(): void {
  const { status } = session;
  const panel = <ControlsPanel view={controls.view} status={status} actions={controls} />;
  render(
    <VolunteerPage
      status={status}
      capability={capability}
      glance={glance}
      about={about}
      actions={actions}
      controls={panel}
      traffic={traffic}
      nickname={{ name: nickname, storage, onName }}
    />,
    page,
  );
}

document.addEventListener('visibilitychange', () => {
  session.setHidden(document.hidden);
  controls.setHidden(document.hidden);
});
// The hours of the day pass without an event.
setInterval(() => controls.look(), LOOK_MS);
// Best effort: if the message is not delivered any more, the closed socket says the same.
addEventListener('pagehide', () => session.leave());
// A frozen worker can neither train nor answer: its lease goes back before, not when it expires.
document.addEventListener('freeze', () => session.setFrozen(true));
document.addEventListener('resume', () => session.setFrozen(false));

session.setHidden(document.hidden);
controls.setHidden(document.hidden);
session.setName(nickname);
mirrorStatus(window, session.status);
draw();
void probeCapability(engine, { isSecureContext, gpu: navigator.gpu, simd: knowsSimd() }).then((found) => {
  capability = found;
  draw();
});
async function lookUntilReady(): Promise<void> {
  glance = await lookAtRun(traffic.text);
  draw();
  // Before the first piece the run soon becomes another; later the coordinator's own words tell how it is.
  const { state } = session.status;
  const early = !hasVectors(glance) && session.status.accepted === 0;
  if (early && (state === 'idle' || state === 'waiting' || state === 'connecting'))
    setTimeout(() => void lookUntilReady(), GLANCE_MS);
}
void lookUntilReady();
void lookAtAbout(traffic.text).then((told) => {
  about = told;
  if (told !== null && told.title !== '') document.title = told.title;
  draw();
});
