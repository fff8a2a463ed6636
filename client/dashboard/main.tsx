// The dashboard's wiring: the feed, the operator, the address, and one rendering a frame at most.
import '../style/tokens.css';
import '../style/base.css';
import '../style/controls.css';
import '../style/dashboard.css';
import '../style/dashboard-operator.css';
import '../style/dashboard-overview.css';
import '../style/dashboard-grid.css';
import '../style/dashboard-leases.css';
import '../style/dashboard-model.css';
import '../style/dashboard-volunteers.css';
import '../style/dashboard-corpus.css';
import '../style/dashboard-log.css';
import '../style/dashboard-wall.css';
import '../style/status.css';
import '../style/plots.css';
import { render } from 'preact';
import { Feed } from './feed.ts';
import { OperatorSession } from './operator/operator.ts';
import { callCoordinator } from '../ui/coordinator-call.ts';
import { DashboardPage } from './page.tsx';
import { type Place, placeOf, sectionStore } from './sections.ts';
import { WallScreen } from './wall/wall-screen.tsx';

const root = document.getElementById('page');
if (root === null) throw new Error('dashboard.html has no #page');
const page: HTMLElement = root;

let scheduled = false;
let place: Place = placeOf(location.hash) ?? { section: sectionStore.read(), path: '' };

const feed = new Feed({
  open: () => new EventSource('api/events'),
  onChange: schedule,
  now: () => Date.now(),
  later: (run, ms) => void setTimeout(run, ms),
});
const operator = new OperatorSession(changed);
let hasSession = false;

/** The live feed cannot send a header: it is told by a cookie, which no script can read, and begins anew with it. */
function changed(): void {
  if (operator.signedIn !== hasSession) {
    hasSession = operator.signedIn;
    const told = operator.byCookie
      ? Promise.resolve()
      : hasSession
        ? operator.call('api/session', { method: 'POST' })
        : callCoordinator('api/session', { method: 'DELETE' });
    void told.then(() => feed.reopen());
  }
  schedule();
}

/** Bursts of events share a frame; a hidden page draws when it is seen again. */
function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => {
    scheduled = false;
    draw();
  });
}

function draw(): void {
  const { state } = feed;
  const wall = location.hash === '#wall';
  render(wall ? <WallScreen state={state} /> : <DashboardPage state={state} operator={operator} place={place} />, page);
}

addEventListener('hashchange', () => {
  const next = placeOf(location.hash);
  if (next === null) {
    draw();
    return;
  }
  if (next.section !== place.section) scrollTo(0, 0);
  place = next;
  sectionStore.keep(place.section);
  draw();
});

feed.open();
changed();
void operator.recall();
