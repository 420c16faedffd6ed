import { html, type TemplateResult } from 'lit';
import mic from 'lucide-static/icons/mic.svg?icon';
import messageSquare from 'lucide-static/icons/message-square.svg?icon';
import video from 'lucide-static/icons/video.svg?icon';
import { t } from '../i18n/translate.ts';

/** Camera and microphone, microphone only, or neither: each is a full way to take part. */
export type JoinWith = 'video' | 'audio' | 'none';

export function isJoinWith(value: string | null): value is JoinWith {
  return value === 'video' || value === 'audio' || value === 'none';
}

/** Asked before the browser asks: what it will ask for, and the ways to join. */
export function joinForm({ name, onJoin }: { name: string; onJoin: (choice: JoinWith) => void }): TemplateResult {
  return html`<h1>${t('calls.joinTitle')}</h1>
    <p class="lead">${t('calls.title', { name })}</p>
    <p>${t('calls.joinText')}</p>
    <div class="button-row join-choices">
      <button class="button" @click=${() => onJoin('video')}>${video}${t('calls.joinVideo')}</button>
      <button class="button button-secondary" @click=${() => onJoin('audio')}>${mic}${t('calls.joinAudio')}</button>
      <button class="button button-secondary" @click=${() => onJoin('none')}>${messageSquare}${t('calls.joinNone')}</button>
    </div>`;
}
