import { html, type TemplateResult } from 'lit';
import { t } from '../i18n/translate.ts';
import { href } from '../ui/navigate.ts';

export function notFoundPage(): TemplateResult {
  return html`<div class="prose">
    <h1>${t('shell.notFoundTitle')}</h1>
    <p class="lead">${t('shell.notFoundText')}</p>
    <p class="button-row"><a class="button" href=${href('/')}>${t('shell.home')}</a></p>
  </div>`;
}

export function errorPage(onRetry: () => void): TemplateResult {
  return html`<div class="prose">
    <h1>${t('shell.errorTitle')}</h1>
    <p class="lead">${t('shell.errorText')}</p>
    <p class="button-row">
      <button class="button" @click=${onRetry}>${t('shell.retry')}</button>
      <a class="button button-secondary" href=${href('/')}>${t('shell.home')}</a>
    </p>
  </div>`;
}

/** Words, not a spinner; held back by the style sheet for a moment, so that what is quick does not flicker. */
export function loadingText(): TemplateResult {
  return html`<p class="loading">${t('shell.loading')}</p>`;
}
