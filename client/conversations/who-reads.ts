import { html, type TemplateResult } from 'lit';
import { t } from '../i18n/translate.ts';

/** The one plain sentence about encryption: who can read this, and who cannot. */
export function whoReads(officeName: string): TemplateResult {
  return html`<section class="card" aria-labelledby="who-reads">
    <h2 id="who-reads">${t('conversations.sealedTitle')}</h2>
    <p>${t('conversations.sealed', { office: officeName })}</p>
  </section>`;
}
