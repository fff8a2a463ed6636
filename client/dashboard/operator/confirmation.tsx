// The question before an action: a modal dialog that says what will happen.
import type { ComponentChildren, JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

/**
 * Open as long as it is rendered. The focus stays inside and goes back to what opened it; Escape and
 * the second button decline.
 */
export function Confirmation(props: {
  question: string;
  confirm: string;
  dangerous?: boolean;
  onConfirm(): void;
  onDecline(): void;
  children: ComponentChildren;
}): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const shown = dialog.current;
    const before = document.activeElement;
    shown?.showModal();
    return () => {
      shown?.close();
      // By hand: when the dialog is gone from the page already, the browser gives no focus back.
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="confirmation-title" onCancel={props.onDecline}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          props.onConfirm();
        }}
      >
        <h2 id="confirmation-title">{props.question}</h2>
        {props.children}
        <div class="buttons">
          <button type="submit" class={`button ${props.dangerous === true ? 'button-danger' : 'button-primary'}`}>
            {props.confirm}
          </button>
          <button type="button" class="button" autofocus onClick={props.onDecline}>
            Cancel
          </button>
        </div>
      </form>
    </dialog>
  );
}
