// The limits: idle only, battery, data, hours, screen. Each says what it does here, or why it cannot be had.
import type { ComponentChildren, JSX } from 'preact';
import { bytes } from '../../ui/format.ts';
import type { ControlsView } from './controller.ts';
import { remaining } from './policy.ts';
import { CAP_RANGE, clockMinutes, clockText, type DataCap, type Hours, isCap, type Settings } from './settings.ts';

type Change = (patch: Partial<Settings>) => void;

/** Where a cap and hours begin when they are switched on. */
const FIRST_CAP: DataCap = { megabytes: 500, per: 'day' };
const FIRST_HOURS: Hours = { from: 22 * 60, to: 7 * 60 };

function Limit(props: {
  id: string;
  name: string;
  checked: boolean;
  disabled?: boolean;
  onChange: (checked: boolean) => void;
  note: ComponentChildren;
  children?: ComponentChildren;
}): JSX.Element {
  const { id, name, checked, disabled = false, onChange, note, children } = props;
  return (
    <div class="limit">
      <label class="check">
        <input
          id={id}
          type="checkbox"
          checked={checked}
          disabled={disabled}
          aria-describedby={`${id}-note`}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
        <span>{name}</span>
      </label>
      {children === undefined ? null : <div class="limit-fields">{children}</div>}
      <p id={`${id}-note`} class="control-note">
        {note}
      </p>
    </div>
  );
}

function batteryNote({ battery }: ControlsView): string {
  if (battery.kind === 'unknown')
    return 'This browser does not tell whether the computer runs on battery (Chrome and Edge do).';
  const level = `${Math.round(battery.level * 100)} %`;
  return battery.charging ? `Plugged in now (${level}).` : `On battery now (${level}).`;
}

function idleNote({ idle, presence, settings }: ControlsView): string {
  if (idle.kind === 'missing') return idle.why;
  if (!settings.idleOnly)
    return 'Trains only after a minute without keyboard and mouse. The browser asks you for a permission first.';
  if (presence === 'unknown') return 'Waiting for the browser to tell.';
  return presence === 'idle' ? 'Nobody uses the computer now.' : 'The computer is in use now.';
}

function awakeNote({ awake, awakeOffered }: ControlsView): string {
  if (!awakeOffered) return 'This browser cannot keep the screen on (it needs an https page), so this is not offered.';
  if (awake.kind === 'refused') return awake.why;
  return awake.kind === 'on'
    ? 'The screen stays on now.'
    : 'Only while the tab is in view and trains; a computer that falls asleep trains nothing.';
}

function capNote({ settings: { dataCap }, used, remembered }: ControlsView): string {
  if (dataCap === null) return `Both ways together, a day or for this visit. Transferred today: ${bytes(used.today)}.`;
  const so = `${bytes(used.today)} today, ${bytes(used.session)} since this page was opened.`;
  const left = `${bytes(Math.max(0, remaining(dataCap, used)))} left of ${dataCap.megabytes} MB. Transferred: ${so}`;
  const counts =
    dataCap.per === 'day' && !remembered ? ' Today counts from the opening of this page, as nothing is stored.' : '';
  return `${left} A piece that might not fit is not fetched.${counts}`;
}

function CapFields({ cap, change }: { cap: DataCap; change: Change }): JSX.Element {
  return (
    <>
      <input
        id="cap-megabytes"
        type="number"
        inputMode="numeric"
        min={CAP_RANGE.min}
        max={CAP_RANGE.max}
        step={1}
        aria-label="Data cap in megabytes"
        value={cap.megabytes}
        onChange={(event) => {
          const megabytes = event.currentTarget.valueAsNumber;
          // A cap that is none leaves the last one in force, and in the field.
          if (isCap(megabytes)) change({ dataCap: { ...cap, megabytes } });
          else event.currentTarget.value = String(cap.megabytes);
        }}
      />
      <select
        id="cap-per"
        aria-label="Data cap for"
        value={cap.per}
        onChange={(event) =>
          change({ dataCap: { ...cap, per: event.currentTarget.value === 'session' ? 'session' : 'day' } })
        }
      >
        <option value="day">MB a day</option>
        <option value="session">MB for this visit</option>
      </select>
    </>
  );
}

function HoursFields({ hours, change }: { hours: Hours; change: Change }): JSX.Element {
  const field = (which: keyof Hours, label: string): JSX.Element => (
    <label class="hour">
      {label}
      <input
        id={`hours-${which}`}
        type="time"
        required
        value={clockText(hours[which])}
        onChange={(event) => {
          const minutes = clockMinutes(event.currentTarget.value);
          if (minutes !== null) change({ hours: { ...hours, [which]: minutes } });
        }}
      />
    </label>
  );
  return (
    <>
      {field('from', 'from')}
      {field('to', 'to')}
    </>
  );
}

function hoursNote(hours: Hours | null): string {
  if (hours === null) return 'By the clock of this computer; over midnight too.';
  if (hours.from === hours.to) return 'Equal times mean the whole day.';
  return hours.to < hours.from ? 'By the clock of this computer, over midnight.' : 'By the clock of this computer.';
}

/** The limits in force, such as "pause on battery, 500 MB a day". */
export function limitsText({ idleOnly, pauseOnBattery, dataCap, hours, keepAwake }: Settings): string {
  const parts = [
    pauseOnBattery ? 'pause on battery' : '',
    idleOnly ? 'only when idle' : '',
    dataCap === null ? '' : `${dataCap.megabytes} MB ${dataCap.per === 'day' ? 'a day' : 'for this visit'}`,
    hours === null ? '' : `${clockText(hours.from)} to ${clockText(hours.to)}`,
    keepAwake ? 'screen stays on' : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'none' : parts.join(', ');
}

/** Folded away with what is in force as its heading: a stranger starts without reading five of them. */
export function Limits({ view, change }: { view: ControlsView; change: Change }): JSX.Element {
  return (
    <details class="limits-folded">
      <summary id="limits">
        Limits: <span class="limits-now">{limitsText(view.settings)}</span>
      </summary>
      <LimitFields view={view} change={change} />
    </details>
  );
}

function LimitFields({ view, change }: { view: ControlsView; change: Change }): JSX.Element {
  const { settings, idle, awakeOffered } = view;
  return (
    <div class="limits">
      <Limit
        id="battery"
        name="Pause on battery"
        checked={settings.pauseOnBattery}
        onChange={(pauseOnBattery) => change({ pauseOnBattery })}
        note={batteryNote(view)}
      />
      <Limit
        id="idle-only"
        name="Only when this computer is idle"
        checked={settings.idleOnly}
        // Whoever has it ticked can always untick it.
        disabled={idle.kind === 'missing' && !settings.idleOnly}
        onChange={(idleOnly) => change({ idleOnly })}
        note={idleNote(view)}
      />
      <Limit
        id="cap"
        name="Limit the data"
        checked={settings.dataCap !== null}
        onChange={(on) => change({ dataCap: on ? FIRST_CAP : null })}
        note={capNote(view)}
      >
        {settings.dataCap === null ? undefined : <CapFields cap={settings.dataCap} change={change} />}
      </Limit>
      <Limit
        id="hours"
        name="Only at certain hours"
        checked={settings.hours !== null}
        onChange={(on) => change({ hours: on ? FIRST_HOURS : null })}
        note={hoursNote(settings.hours)}
      >
        {settings.hours === null ? undefined : <HoursFields hours={settings.hours} change={change} />}
      </Limit>
      <Limit
        id="awake"
        name="Keep the screen on"
        checked={settings.keepAwake}
        disabled={!awakeOffered && !settings.keepAwake}
        onChange={(keepAwake) => change({ keepAwake })}
        note={awakeNote(view)}
      />
    </div>
  );
}
