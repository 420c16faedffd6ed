import { html, nothing, type TemplateResult } from 'lit';
import type { MediaKind } from 'mediasoup-client/types';
import mic from 'lucide-static/icons/mic.svg?icon';
import messageSquare from 'lucide-static/icons/message-square.svg?icon';
import video from 'lucide-static/icons/video.svg?icon';
import { t } from '../i18n/translate.ts';
import { href } from '../ui/navigate.ts';

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

/** Asked before the browser asks: what it will ask for, and the ways to join. `checkPath`: where the devices are tried out; null: nowhere. */
export function joinForm({
  name,
  sendsPicture = true,
  checkPath,
  onJoin,
}: {
  name: string;
  sendsPicture?: boolean;
  checkPath: string | null;
  onJoin: (choice: JoinWith) => void;
}): TemplateResult {
  return html`<h1>${t('calls.joinTitle')}</h1>
    <p class="lead">${t('calls.title', { name })}</p>
    ${sendsPicture ? html`<p>${t('calls.joinText')}</p>` : nothing}
    ${joinButtons(sendsPicture, onJoin)}
    ${sendsPicture ? html`<p class="hint join-data">${t('calls.joinData')}</p>` : nothing}
    ${checkPath === null || !sendsPicture ? nothing : html`<p><a href=${href(checkPath)}>${t('calls.joinDevices')}</a></p>`}`;
}

/** The ways to join; a captioner has only one. */
export function joinButtons(sendsPicture: boolean, onJoin: (choice: JoinWith) => void): TemplateResult {
  if (!sendsPicture)
    return html`<p class="button-row"><button class="button" @click=${() => onJoin([])}>${messageSquare}${t('calls.joinCaptioner')}</button></p>`;
  return html`<div class="button-row join-choices">
    <button class="button" @click=${() => onJoin(['audio', 'video'])}>${video}${t('calls.joinVideo')}</button>
    <button class="button button-secondary" @click=${() => onJoin(['audio'])}>${mic}${t('calls.joinAudio')}</button>
    <button class="button button-secondary" @click=${() => onJoin([])}>${messageSquare}${t('calls.joinNone')}</button>
  </div>`;
}
