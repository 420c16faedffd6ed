import { html, render } from 'lit';
import type { InboxId } from '../../server/protocol/ids.ts';
import { limits } from '../../server/protocol/limits.ts';
import type { OfficeView } from '../../server/protocol/offices.ts';
import { locale, t } from '../i18n/translate.ts';
import { showDialog } from '../ui/dialog.ts';
import { field } from '../ui/field.ts';

export interface Transfer {
  readonly inboxId: InboxId;
  readonly officeName: string;
  /** To be sent before; empty for none. */
  readonly note: string;
}

/** Asks to which office a case goes. Null when it stays. */
export async function askTransfer(offices: readonly OfficeView[]): Promise<Transfer | null> {
  const holder = document.createElement('div');
  document.body.append(holder);
  render(
    html`<dialog class="dialog" aria-labelledby="transfer-heading">
      <h2 id="transfer-heading" tabindex="-1">${t('inbox.transferTitle')}</h2>
      <p>${t('inbox.transferText')}</p>
      <form method="dialog">
        <fieldset class="choices">
          <legend>${t('inbox.transferOffice')}</legend>
          ${offices.map(
            ({ inboxId, name }) =>
              html`<label class="choice"><input type="radio" name="office" value=${inboxId} required /> <span>${name[locale()]}</span></label>`,
          )}
        </fieldset>
        ${field(
          { id: 'transfer-note', label: t('inbox.transferNote'), hint: t('inbox.transferNoteHint'), optional: true },
          ({ id, describedBy }) =>
            html`<textarea class="input" id=${id} rows="3" maxlength=${limits.textCharacters} aria-describedby=${describedBy}></textarea>`,
        )}
        <div class="button-row">
          <button class="button" value="confirm">${t('inbox.transferConfirm')}</button>
          <button class="button button-secondary" value="" formnovalidate>${t('ui.cancel')}</button>
        </div>
      </form>
    </dialog>`,
    holder,
  );
  const dialog = holder.querySelector('dialog');
  if (dialog === null) throw new Error('the question was not drawn');
  const answer = await showDialog(dialog);
  const chosen = holder.querySelector<HTMLInputElement>('input[name=office]:checked')?.value;
  const note = holder.querySelector('textarea')?.value.trim() ?? '';
  holder.remove();
  const office = offices.find(({ inboxId }) => inboxId === chosen);
  return answer === 'confirm' && office ? { inboxId: office.inboxId, officeName: office.name[locale()], note } : null;
}
