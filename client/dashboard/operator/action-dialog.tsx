// The question before an action on the run: what will happen, and the values it takes, checked before they are sent.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ActionField, ActionValues, OperatorAction } from '../../../protocol/actions.ts';
import { type Typed, valuesOf } from './actions.ts';
import { Confirmation } from './confirmation.tsx';

export function ActionDialog(props: {
  action: OperatorAction;
  /** Whom it is done to, after the action's name; left out for the run. */
  whom?: string;
  dangerous: boolean;
  onConfirm(values: ActionValues): void;
  onDecline(): void;
}): JSX.Element {
  const { action, onConfirm } = props;
  const name = props.whom === undefined ? action.title : `${action.title} ${props.whom}`;
  const [typed, setTyped] = useState<Typed>({});
  const [problem, setProblem] = useState<string | null>(null);
  return (
    <Confirmation
      question={`${name}?`}
      confirm={name}
      dangerous={props.dangerous}
      onConfirm={() => {
        const values = valuesOf(action, typed);
        if (typeof values === 'string') setProblem(values);
        else onConfirm(values);
      }}
      onDecline={props.onDecline}
    >
      <p>{action.does}</p>
      {action.fields.map((field) => (
        <Field
          key={field.name}
          field={field}
          value={typed[field.name] ?? ''}
          onChange={(value) => setTyped({ ...typed, [field.name]: value })}
        />
      ))}
      <div role="alert">{problem === null ? null : <p class="failure">{problem}.</p>}</div>
    </Confirmation>
  );
}

function Field(props: { field: ActionField; value: string; onChange(value: string): void }): JSX.Element {
  const { field, value, onChange } = props;
  if (field.kind === 'flag') {
    return (
      <label class="check">
        <input
          type="checkbox"
          checked={value === 'true'}
          onChange={(event) => onChange(event.currentTarget.checked ? 'true' : '')}
        />
        {field.label}
      </label>
    );
  }
  const bound = field.kind === 'number' ? ` (${field.above ? 'above' : 'from'} ${field.least} to ${field.most})` : '';
  return (
    <label class="dialog-field">
      {field.label}
      {bound}
      {field.optional ? ', may be left out' : ''}
      <input
        type="text"
        inputMode={field.kind === 'number' ? 'decimal' : 'text'}
        autocomplete="off"
        value={value}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
    </label>
  );
}
