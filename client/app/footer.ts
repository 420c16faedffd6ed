import { html, type TemplateResult } from 'lit';
import { t } from '../i18n/translate.ts';
import { href } from '../ui/navigate.ts';
import { mark } from './masthead.ts';

export function footer(): TemplateResult {
  return html`<footer class="footer">
    <div class="frame footer-row">
      <div class="footer-brand">${mark}<span>${t('shell.operator')}</span></div>
      <nav aria-label=${t('shell.footer')}>
        <ul class="footer-links">
          <li><a href=${href('/help')}>${t('shell.help')}</a></li>
          <li><a href=${href('/accessibility')}>${t('shell.accessibility')}</a></li>
          <li><a href=${href('/privacy')}>${t('shell.privacy')}</a></li>
        </ul>
      </nav>
    </div>
  </footer>`;
}
