import { html, nothing, type TemplateResult } from 'lit';
import eye from 'lucide-static/icons/eye.svg?icon';
import eyeOff from 'lucide-static/icons/eye-off.svg?icon';
import { t } from '../../i18n/translate.ts';
import { notice } from '../../ui/notice.ts';
import type { GuestAddress } from './guest-address.ts';
import { joinButtons, type JoinWith } from '../join-form.ts';
import { roleText } from './tile-person.ts';

const seenTexts = { relative: 'guests.seesRelative', interpreter: 'guests.seesInterpreter', captioner: 'guests.seesCaptioner' } as const;

/** Before a guest comes in: who asks him, as what, what he will see and what he will not. */
export function guestWelcome({
  address,
  isEntering,
  takesSession,
  onJoin,
}: {
  readonly address: GuestAddress;
  readonly isEntering: boolean;
  /** Somebody is signed in here, and will not be any more. */
  readonly takesSession: boolean;
  readonly onJoin: (choice: JoinWith) => void;
}): TemplateResult {
  const { inviter, guest, role } = address;
  return html`<h1>${t('guests.welcomeTitle', { name: inviter })}</h1>
    <dl class="facts">
      <dt>${t('guests.yourName')}</dt>
      <dd>${guest}</dd>
      <dt>${t('guests.yourRole')}</dt>
      <dd>${roleText(role)}</dd>
    </dl>
    <ul class="plain guest-sees">
      <li>${eye}<span>${t(seenTexts[role])}</span></li>
      <li>${eyeOff}<span>${t('guests.seesNot')}</span></li>
    </ul>
    <p>${t('guests.once')}</p>
    ${takesSession ? notice({ kind: 'warning', body: html`<p>${t('guests.takesSession')}</p>` }) : nothing}
    ${role === 'captioner' ? nothing : html`<p>${t('calls.joinText')}</p>`}
    ${isEntering ? html`<p class="loading">${t('calls.joining')}</p>` : joinButtons(role !== 'captioner', onJoin)}`;
}
