import { html, nothing, type TemplateResult } from 'lit';
import { t } from '../../i18n/translate.ts';
import { captionLook } from './caption-look.ts';
import type { LaneLine } from './lane-line.ts';

const shownLines = 2;

/**
 * The newest words right under the faces while the lane is closed, so that nobody writes unseen. Not a live region: finished lines
 * are spoken once, by the announcer. It scrolls when it is long, so the keyboard must reach it.
 */
export function captionStrip(lines: readonly LaneLine[]): TemplateResult | typeof nothing {
  const shown = lines.filter(({ text, isOwn }) => text.trim() !== '' && !isOwn).slice(-shownLines);
  if (shown.length === 0) return nothing;
  const { size, colours } = captionLook.value;
  return html`<section class="caption-strip" tabindex="0" aria-label=${t('calls.captions')} data-size=${size} data-colours=${colours}>
    ${shown.map(({ author, text }) => html`<p><span class="lane-author">${author}</span> <span class="lane-text">${text}</span></p>`)}
  </section>`;
}
