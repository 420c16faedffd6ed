import { html, type TemplateResult } from 'lit';

/** First letters of the first and last word: "Anne Weber" is "AW". */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const picked = words.length > 1 ? [words[0], words.at(-1)] : words;
  return picked
    .map((word) => String.fromCodePoint(word?.codePointAt(0) ?? 0x20).trim())
    .join('')
    .toLocaleUpperCase();
}

/** A person as initials. Always beside the written name, so hidden from screen readers. */
export function avatar(name: string): TemplateResult {
  return html`<span class="avatar" aria-hidden="true">${initials(name)}</span>`;
}
