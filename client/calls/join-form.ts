import { html, type TemplateResult } from 'lit';
import type { MediaKind } from 'mediasoup-client/types';
import mic from 'lucide-static/icons/mic.svg?icon';
import messageSquare from 'lucide-static/icons/message-square.svg?icon';
import video from 'lucide-static/icons/video.svg?icon';
import { t } from '../i18n/translate.ts';

/** What somebody sends when he joins: each choice, also none, is a full way to take part. */
export type JoinWith = readonly MediaKind[];

/** As a page's address says it: "audio,video", "audio", "none". Null when it says nothing: then the person is asked. */
export function parseJoinWith(text: string | null): JoinWith | null {
  if (text === null) return null;
  const kinds = text.split(',');
  return (['audio', 'video'] as const).filter((kind) => kinds.includes(kind));
}

export function formatJoinWith(kinds: JoinWith): string {
  return kinds.length === 0 ? 'none' : kinds.join(',');
}

/** Asked before the browser asks: what it will ask for, and the ways to join. */
export function joinForm({ name, onJoin }: { name: string; onJoin: (choice: JoinWith) => void }): TemplateResult {
  return html`<h1>${t('calls.joinTitle')}</h1>
    <p class="lead">${t('calls.title', { name })}</p>
    <p>${t('calls.joinText')}</p>
    <div class="button-row join-choices">
      <button class="button" @click=${() => onJoin(['audio', 'video'])}>${video}${t('calls.joinVideo')}</button>
      <button class="button button-secondary" @click=${() => onJoin(['audio'])}>${mic}${t('calls.joinAudio')}</button>
      <button class="button button-secondary" @click=${() => onJoin([])}>${messageSquare}${t('calls.joinNone')}</button>
    </div>`;
}
