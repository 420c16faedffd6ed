import { html, nothing, type TemplateResult } from 'lit';
import calendarClock from 'lucide-static/icons/calendar-clock.svg?icon';
import chevronsUp from 'lucide-static/icons/chevrons-up.svg?icon';
import hand from 'lucide-static/icons/hand.svg?icon';
import keyboard from 'lucide-static/icons/keyboard.svg?icon';
import languages from 'lucide-static/icons/languages.svg?icon';
import mic from 'lucide-static/icons/mic.svg?icon';
import phoneMissed from 'lucide-static/icons/phone-missed.svg?icon';
import video from 'lucide-static/icons/video.svg?icon';
import type { Need, PriorityReason, Readiness, WaitingEntry } from '../../server/protocol/queue.ts';
import { fmt } from '../i18n/fmt.ts';
import { t } from '../i18n/translate.ts';

const needWords = {
  interpreter: [languages, 'needs.interpreter'],
  'sign-language': [hand, 'needs.sign-language'],
  'text-only': [keyboard, 'needs.text-only'],
} as const satisfies Record<Need, readonly unknown[]>;

const readinessWords = {
  ready: [video, 'needs.ready-all'],
  'sound-only': [mic, 'needs.ready-sound-only'],
  'text-only': [keyboard, 'needs.ready-text-only'],
} as const satisfies Record<Readiness, readonly unknown[]>;

const reasonWords = {
  need: 'inbox.reasonNeed',
  deadline: 'inbox.reasonDeadline',
  mistake: 'inbox.reasonMistake',
  emergency: 'inbox.reasonEmergency',
} as const satisfies Record<PriorityReason, string>;

export function reasonText(reason: PriorityReason): string {
  return t(reasonWords[reason]);
}

/** What a person has said to need, each as icon and words. */
export function needsList(needs: readonly Need[]): TemplateResult | typeof nothing {
  if (needs.length === 0) return nothing;
  return html`<ul class="facts-list" aria-label=${t('needs.label')}>
    ${needs.map((need) => fact(needWords[need][0], t(needWords[need][1])))}
  </ul>`;
}

/** What an official should know of somebody before he calls: why he is first, appointment, needs, camera, missed turns. */
export function entryFacts({ priority, prioritised, appointmentAt, needs, readiness, missedTurns }: WaitingEntry): TemplateResult {
  const nothingSaid = priority === null && appointmentAt === null && needs.length === 0 && readiness === null && missedTurns === 0;
  if (nothingSaid) return html`<span class="meta">${t('inbox.nothingSaid')}</span>`;
  return html`<ul class="facts-list">
    ${priority === null ? nothing : fact(chevronsUp, firstText(priority, prioritised))}
    ${appointmentAt === null ? nothing : fact(calendarClock, t('inbox.appointmentAt', { time: fmt.time(appointmentAt) }))}
    ${needs.map((need) => fact(needWords[need][0], t(needWords[need][1])))}
    ${readiness === null ? nothing : fact(readinessWords[readiness][0], t(readinessWords[readiness][1]))}
    ${missedTurns === 0 ? nothing : fact(phoneMissed, t('inbox.missedTurns', { count: missedTurns }))}
  </ul>`;
}

function firstText(priority: PriorityReason, prioritised: WaitingEntry['prioritised']): string {
  const reason = reasonText(priority);
  if (prioritised === null) return t('inbox.servedFirst', { reason });
  return t('inbox.servedFirstBy', { reason, name: prioritised.by, time: fmt.time(prioritised.at) });
}

function fact(icon: TemplateResult, words: string): TemplateResult {
  return html`<li>${icon}<span>${words}</span></li>`;
}
