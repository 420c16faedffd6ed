// Runs in the page: the elements of client/ui alone, for elements.test.ts.
import { html, render } from 'lit';
import { setLocale } from '../../client/i18n/translate.ts';
import { announcer } from '../../client/ui/announcer.ts';
import { confirmDialog, showDialog } from '../../client/ui/dialog.ts';
import { ErrorSummary } from '../../client/ui/error-summary.ts';
import { field } from '../../client/ui/field.ts';
import { notice } from '../../client/ui/notice.ts';

await setLocale('en');

const ask = async (): Promise<void> => {
  const agreed = await confirmDialog({ heading: 'Leave the queue?', text: 'Your place is lost.', confirm: 'Leave', danger: true });
  announcer().announce(agreed ? 'left' : 'stayed');
};

const open = (): void => {
  const dialog = document.querySelector('dialog');
  if (dialog === null) return;
  void showDialog(dialog);
  announcer().announce('said in the dialog');
};

const submit = (event: Event): void => {
  event.preventDefault();
  const summary = document.querySelector('gov-error-summary');
  if (summary instanceof ErrorSummary) summary.errors = [{ field: 'reason', text: 'Write what it is about' }];
};

render(
  html`<main>
    <gov-error-summary></gov-error-summary>
    <h1>Elements</h1>
    ${notice({ kind: 'info', heading: 'Closed today', body: 'Open tomorrow.' })}
    <form @submit=${submit}>
      ${field(
        { id: 'reason', label: 'What it is about', hint: 'One sentence', error: 'Write what it is about' },
        ({ id, describedBy, invalid }) => html`<input class="input" id=${id} aria-describedby=${describedBy} aria-invalid=${invalid} />`,
      )}
      <button class="button">Continue</button>
    </form>
    <button class="button" id="ask" @click=${ask}>Leave</button>
    <button class="button" id="open" @click=${open}>Open</button>
    <dialog class="dialog" aria-labelledby="heading"><h2 id="heading" tabindex="-1">A dialog</h2><form method="dialog"><button class="button">Close</button></form></dialog>
  </main>`,
  document.body,
);
