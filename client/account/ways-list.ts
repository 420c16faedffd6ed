import { html, type TemplateResult } from 'lit';
import { t } from '../i18n/translate.ts';
import { href } from '../ui/navigate.ts';

/** The ways back in that need no passkey, each with what it needs; the one that needs least comes first. */
export function waysList(): TemplateResult {
  return html`${way({ id: 'device', path: '/link', title: t('ways.deviceTitle'), text: t('ways.deviceText'), button: t('ways.deviceButton') })}
  ${way({ id: 'code', path: '/recover', title: t('ways.codeTitle'), text: t('ways.codeText'), button: t('ways.codeButton') })}
  ${way({ id: 'lost', path: '/reset', title: t('ways.lostTitle'), text: t('ways.lostText'), button: t('ways.lostButton') })}`;
}

function way({ id, path, title, text, button }: Record<'id' | 'path' | 'title' | 'text' | 'button', string>): TemplateResult {
  return html`<section class="card" aria-labelledby="way-${id}">
    <h2 id="way-${id}">${title}</h2>
    <p>${text}</p>
    <p class="button-row"><a class="button button-secondary" href=${href(path)}>${button}</a></p>
  </section>`;
}
