import { html, render, type TemplateResult } from 'lit';
import type { ServiceId } from '../../server/protocol/ids.ts';
import { locales, type Locale } from '../../server/protocol/locale.ts';
import type { ServiceView } from '../../server/protocol/offices.ts';
import type { Availability } from '../../server/protocol/queue.ts';
import { languageNames } from '../i18n/locale.ts';
import { locale, t } from '../i18n/translate.ts';
import { showDialog } from '../ui/dialog.ts';

type Skills = Pick<Availability, 'services' | 'languages'>;

/** Asks which services and languages an official serves: all of them when all are ticked, or none. Null when nothing is to change. */
export async function askSkills({ services, languages }: Skills, offered: readonly ServiceView[]): Promise<Skills | null> {
  const holder = document.createElement('div');
  document.body.append(holder);
  render(
    html`<dialog class="dialog" aria-labelledby="skills-heading" aria-describedby="skills-text">
      <h2 id="skills-heading" tabindex="-1">${t('inbox.skillsTitle')}</h2>
      <p id="skills-text">${t('inbox.skillsText')}</p>
      <form method="dialog">
        <fieldset class="choices">
          <legend>${t('inbox.skillsServices')}</legend>
          ${offered.map(({ serviceId, name }) => box('service', serviceId, services.length === 0 || services.includes(serviceId), html`${name[locale()]}`))}
        </fieldset>
        <fieldset class="choices">
          <legend>${t('inbox.skillsLanguages')}</legend>
            ${locales.map((one) => box('language', one, languages.length === 0 || languages.includes(one), html`<span lang=${one}>${languageNames[one]}</span>`))}
        </fieldset>
        <div class="button-row">
          <button class="button" value="confirm">${t('inbox.skillsConfirm')}</button>
          <button class="button button-secondary" value="">${t('ui.cancel')}</button>
        </div>
      </form>
    </dialog>`,
    holder,
  );
  const dialog = holder.querySelector('dialog');
  if (dialog === null) throw new Error('the question was not drawn');
  const answer = await showDialog(dialog);
  const ticked = new Set([...holder.querySelectorAll<HTMLInputElement>('input:checked')].map(({ value }) => value));
  holder.remove();
  if (answer !== 'confirm') return null;
  const offeredIds = offered.map(({ serviceId }) => serviceId);
  return { services: allOrSome<ServiceId>(offeredIds, ticked), languages: allOrSome<Locale>(locales, ticked) };
}

/** All of them are an empty list: what is offered later is served as well. */
function allOrSome<Value extends string>(offered: readonly Value[], ticked: ReadonlySet<string>): readonly Value[] {
  const some = offered.filter((one) => ticked.has(one));
  return some.length === offered.length ? [] : some;
}

function box(name: string, value: string, isTicked: boolean, words: TemplateResult): TemplateResult {
  return html`<label class="choice"><input type="checkbox" name=${name} value=${value} .checked=${isTicked} /> <span>${words}</span></label>`;
}
