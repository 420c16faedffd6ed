import { html, render } from 'lit';
import { t } from '../i18n/translate.ts';
import { showDialog } from '../ui/dialog.ts';
import { fileLabel } from './file-label.ts';
import { cleanName } from './file-name.ts';

/** Shows a picture that was drawn anew. Resolves with what the person wants: to save the file it is of, or nothing more. */
export async function showPicture(picture: Blob, name: string): Promise<'save' | 'close'> {
  const holder = document.createElement('div');
  document.body.append(holder);
  const url = URL.createObjectURL(picture);
  render(
    html`<dialog class="dialog picture-dialog" aria-labelledby="picture-heading">
      <h2 id="picture-heading" tabindex="-1">${fileLabel(name)}</h2>
      <img src=${url} alt=${cleanName(name)} />
      <form method="dialog" class="button-row">
        <button class="button" value="">${t('conversations.pictureClose')}</button>
        <button class="button button-secondary" value="save">${t('conversations.fileSave')}</button>
      </form>
    </dialog>`,
    holder,
  );
  const dialog = holder.querySelector('dialog');
  if (dialog === null) throw new Error('the picture was not drawn');
  const answer = await showDialog(dialog);
  holder.remove();
  URL.revokeObjectURL(url);
  return answer === 'save' ? 'save' : 'close';
}
