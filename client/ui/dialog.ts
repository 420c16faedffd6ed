import { html, render } from 'lit';
import { t } from '../i18n/translate.ts';
import { announcer } from './announcer.ts';

/**
 * Opens a native `<dialog>` as a modal. Focus goes to its `[autofocus]` element or else to its heading (h2 with
 * tabindex -1), so that somebody who is typing presses no button by accident; afterwards back to where it was.
 * Resolves with the dialog's `returnValue`: the `value` of the pressed button of its `<form method="dialog">`, or ""
 * for Escape.
 */
export async function showDialog(dialog: HTMLDialogElement): Promise<string> {
  const opener = document.activeElement;
  const [polite, assertive] = [region('status'), region('alert')];
  dialog.append(polite, assertive);
  const leave = announcer().enter({ polite, assertive });
  dialog.returnValue = '';
  dialog.showModal();
  if (dialog.querySelector('[autofocus]') === null) dialog.querySelector<HTMLElement>('h2')?.focus();
  await new Promise((resolve) => dialog.addEventListener('close', resolve, { once: true }));
  leave();
  polite.remove();
  assertive.remove();
  if (opener instanceof HTMLElement) opener.focus();
  return dialog.returnValue;
}

/** Asks before something that cannot be taken back. True when the person agreed. */
export async function confirmDialog(question: { heading: string; text: string; confirm: string; danger?: boolean }): Promise<boolean> {
  const holder = document.createElement('div');
  document.body.append(holder);
  render(
    html`<dialog class="dialog" aria-labelledby="confirm-heading" aria-describedby="confirm-text">
      <h2 id="confirm-heading" tabindex="-1">${question.heading}</h2>
      <p id="confirm-text">${question.text}</p>
      <form method="dialog" class="button-row">
        <button class=${question.danger === true ? 'button button-danger' : 'button'} value="confirm">${question.confirm}</button>
        <button class="button button-secondary" value="">${t('ui.cancel')}</button>
      </form>
    </dialog>`,
    holder,
  );
  const dialog = holder.querySelector('dialog');
  if (dialog === null) throw new Error('the question was not drawn');
  const answer = await showDialog(dialog);
  holder.remove();
  return answer === 'confirm';
}

function region(role: 'status' | 'alert'): HTMLElement {
  const element = document.createElement('div');
  element.setAttribute('role', role);
  element.className = 'visually-hidden';
  return element;
}
