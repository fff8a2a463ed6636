// The public status page's wiring: the feed, what the operator says about the run, the title of the tab.
import '../style/tokens.css';
import '../style/base.css';
import '../style/controls.css';
import '../style/dashboard.css';
import '../style/status.css';
import { render } from 'preact';
import type { About } from '../../protocol/status.ts';
import { Feed } from '../dashboard/feed.ts';
import { lookAtAbout } from '../ui/about.ts';
import { StatusPage, titleOf } from './page.tsx';

const root = document.getElementById('page');
if (root === null) throw new Error('status.html has no #page');
const page: HTMLElement = root;

let about: About | null = null;
let scheduled = false;

const feed = new Feed({
  // Without the operator's session: this page shows the same to everybody.
  open: () => new EventSource('api/events?view=public'),
  onChange: schedule,
  now: () => Date.now(),
  later: (run, ms) => void setTimeout(run, ms),
});

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
  const props = { state: feed.state, about };
  document.title = titleOf(props);
  render(<StatusPage {...props} />, page);
}

draw();
feed.open();
void lookAtAbout().then((told) => {
  about = told;
  draw();
});
