// The dashboard's wiring: the feed, and one rendering a frame at most.
import '../style/tokens.css';
import '../style/base.css';
import '../style/controls.css';
import '../style/dashboard.css';
import '../style/plots.css';
import { render } from 'preact';
import { Feed } from './feed.ts';
import { DashboardPage } from './page.tsx';

const root = document.getElementById('page');
if (root === null) throw new Error('dashboard.html has no #page');
const page: HTMLElement = root;

let scheduled = false;

const feed = new Feed({
  open: () => new EventSource('api/events'),
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
  render(<DashboardPage state={feed.state} />, page);
}

draw();
feed.open();
