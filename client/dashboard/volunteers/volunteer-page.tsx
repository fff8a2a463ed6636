// One volunteer with its history: what it is, its speed over time, its last leases and what became of them.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { LeaseEntry, VolunteerHistory } from '../../../protocol/operator.ts';
import { type CallFailure } from '../../ui/coordinator-call.ts';
import { Figure } from '../../ui/figure.tsx';
import { bytes, count, duration, percent, timeOfDay } from '../../ui/format.ts';
import type { Operator } from '../operator/operator.ts';
import { SignIn } from '../operator/sign-in.tsx';
import { Panel } from '../panel.tsx';
import { SpeedLine } from './speed-line.tsx';
import { StandingBar } from './standing-bar.tsx';
import { checksText, StateBadge } from './volunteer-row.tsx';

/** Between two looks, in ms. */
const REFRESH_MS = 3000;

function Leases({ leases }: { leases: readonly LeaseEntry[] }): JSX.Element {
  if (leases.length === 0) return <p class="muted">It has had no lease yet.</p>;
  return (
    <div class="table-frame" tabIndex={0} role="region" aria-label="Its last leases, scrolls">
      <table>
        <thead>
          <tr>
            <th scope="col">Granted</th>
            <th scope="col">Block</th>
            <th scope="col" class="number">
              Words
            </th>
            <th scope="col" class="number">
              Took
            </th>
            <th scope="col">Outcome</th>
          </tr>
        </thead>
        <tbody>
          {[...leases].reverse().map((lease) => (
            <tr key={lease.lease}>
              <td>{timeOfDay(lease.granted)}</td>
              <td>
                episode {lease.episode}, ({lease.i}, {lease.j}) of {lease.parts} × {lease.parts}
              </td>
              <td class="number">{count(lease.words)}</td>
              <td class="number">{lease.ended === null ? '–' : duration((lease.ended - lease.granted) / 1000)}</td>
              <td class={`cell-outcome${lease.outcome === 'rejected' ? ' alarming' : ''}`}>
                {lease.outcome}
                {lease.reason === '' ? null : <span class="muted"> {lease.reason}</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function History({ history, operator }: { history: VolunteerHistory; operator: Operator }): JSX.Element {
  const { volunteer: line, leases, series } = history;
  const end = line.left ?? series.time.at(-1) ?? line.joined;
  return (
    <div class="one-volunteer">
      <Panel id="one-title" title={line.name === '' ? `Volunteer ${line.id}` : `Volunteer ${line.id}: ${line.name}`}>
        <p class="state">
          <StateBadge line={line} />
          <span class="state-reason">{line.reason}</span>
        </p>
        <dl class="figures">
          <Figure
            name="Device"
            value={line.device === '' ? 'unnamed' : line.device}
            note={line.engine === 'webgpu' ? 'GPU' : 'CPU'}
          />
          <Figure
            name="Browser"
            value={line.browser === '' ? '–' : line.browser}
            note={line.local ? 'none: in the coordinator' : line.hidden ? 'tab hidden' : 'tab visible'}
          />
          <Figure name="Words per second" value={count(line.wordsPerSecond)} />
          <Figure
            name="Connected"
            value={duration((end - line.joined) / 1000)}
            note={`since ${timeOfDay(line.joined)}`}
          />
          <Figure
            name="Accepted"
            value={line.acceptedShare === null ? '–' : percent(line.acceptedShare)}
            note={`${count(line.accepted)} leases, ${count(line.acceptedWords)} words`}
          />
          <Figure
            name="Not accepted"
            value={count(line.rejected + line.expired + line.returned)}
            note={`${count(line.rejected)} rejected, ${count(line.expired)} expired, ${count(line.returned)} returned`}
          />
          <Figure name="Checks by replay" value={checksText(line)} />
          <Figure name="Bytes to and from it" value={bytes(line.bytesDown)} note={`${bytes(line.bytesUp)} from it`} />
        </dl>
        <StandingBar operator={operator} ids={[line.id]} onDone={() => undefined} />
      </Panel>
      <Panel id="one-speed-title" title="Words per second over its stay">
        <SpeedLine times={series.time} values={series.wordsPerSecond} />
      </Panel>
      <Panel id="one-leases-title" title="Last leases">
        <Leases leases={leases} />
      </Panel>
    </div>
  );
}

export function VolunteerPage({ id, operator }: { id: string; operator: Operator }): JSX.Element {
  const [history, setHistory] = useState<VolunteerHistory | null>(null);
  const [failure, setFailure] = useState<CallFailure | null>(null);
  const { signedIn } = operator;
  useEffect(() => {
    if (!signedIn) return;
    const stop = new AbortController();
    const look = async (): Promise<void> => {
      try {
        const path = `api/volunteers/${encodeURIComponent(id)}`;
        const result = await operator.call<VolunteerHistory>(path, { method: 'GET', signal: stop.signal });
        if (stop.signal.aborted) return;
        if (result.ok) setHistory(result.body);
        setFailure(result.ok ? null : result.failure);
      } catch (error) {
        // The page was left meanwhile.
        if (!stop.signal.aborted) throw error;
      }
    };
    void look();
    const timer = setInterval(() => void look(), REFRESH_MS);
    return () => {
      clearInterval(timer);
      stop.abort();
    };
  }, [id, operator, signedIn]);

  return (
    <>
      <p>
        <a href="#volunteers">All volunteers</a>
      </p>
      {signedIn ? null : <SignIn operator={operator} purpose="Sign in to see a single volunteer." />}
      {failure === null ? null : (
        <p class="failure" role="alert">
          {failure.message} <code>{failure.code}</code>
        </p>
      )}
      {signedIn && history === null && failure === null ? <p class="muted">Asking the coordinator…</p> : null}
      {history === null ? null : <History history={history} operator={operator} />}
    </>
  );
}
