import { html, type TemplateResult } from 'lit';

/** A state as word, shape and colour: ok is a circle, watch a triangle, act a square, off an empty circle. */
export function badge(state: 'ok' | 'watch' | 'act' | 'off', word: string): TemplateResult {
  return html`<span class="badge badge-${state}">${word}</span>`;
}
