import { html, type TemplateResult } from 'lit';
import { cleanName, splitName } from './file-name.ts';

/**
 * A file's name as it is shown: cleaned, and in two pieces that keep their own direction, so that what a system goes by stands last
 * (U05).
 */
export function fileLabel(name: string): TemplateResult {
  const { stem, extension } = splitName(cleanName(name));
  return html`<span class="file-name" dir="ltr"><bdi>${stem}</bdi><bdi>${extension}</bdi></span>`;
}
