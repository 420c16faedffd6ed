import { html, nothing, type TemplateResult } from 'lit';
import type { OfficeView } from '../../server/protocol/offices.ts';
import { locale, t } from '../i18n/translate.ts';

/** Telephone and counter of each office: nobody is left without a way. */
export function otherWays(offices: readonly OfficeView[]): TemplateResult | typeof nothing {
  if (offices.length === 0) return nothing;
  return html`<section class="card" aria-labelledby="other-ways">
    <h2 id="other-ways">${t('offices.otherWays')}</h2>
    ${offices.map(
      (office) =>
        html`<h3>${office.name[locale()]}</h3>
          <p>
            ${t('offices.phone')} <a class="nowrap" href="tel:${office.phone.replaceAll(/[^\d+]/g, '')}">${office.phone}</a><br />
            ${t('offices.counter')} ${office.address}
          </p>`,
    )}
  </section>`;
}
