import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import userPlus from 'lucide-static/icons/user-plus.svg?icon';
import arrows from 'lucide-static/icons/arrow-right-left.svg?icon';
import type { CallInvite, CallInviteId } from '../../../server/protocol/calls.ts';
import type { AccountId } from '../../../server/protocol/ids.ts';
import { fmt } from '../../i18n/fmt.ts';
import { t } from '../../i18n/translate.ts';
import { avatar } from '../../ui/avatar.ts';
import { confirmDialog } from '../../ui/dialog.ts';
import { GovElement } from '../../ui/gov-element.ts';
import { notice } from '../../ui/notice.ts';
import { isPinned, type Pins } from '../tile-layout.ts';
import { roleText, statesOf, type TilePerson } from './tile-person.ts';

/** Who is in the call and as what, who is expected, and what may be changed about it. */
export class PeoplePanel extends GovElement {
  static override properties = {
    others: { attribute: false },
    invites: { attribute: false },
    pins: { attribute: false },
    failure: { attribute: false },
    canRemove: { attribute: false },
    onPin: { attribute: false },
    onRemove: { attribute: false },
    onInvite: { attribute: false },
    onColleague: { attribute: false },
    onTransfer: { attribute: false },
    onWithdraw: { attribute: false },
  };
  declare others: readonly TilePerson[];
  declare invites: readonly CallInvite[];
  declare pins: Pins;
  /** Why the last act was refused, in words. */
  declare failure: string | null;
  declare canRemove: (person: TilePerson) => boolean;
  declare onPin: (accountId: AccountId, pinned: boolean) => void;
  declare onRemove: (accountId: AccountId) => void;
  /** Null: this role invites nobody. */
  declare onInvite: (() => void) | null;
  declare onColleague: (() => void) | null;
  /** Null: there is nobody to hand over to, or it is not this person's to do. */
  declare onTransfer: ((accountId: AccountId) => void) | null;
  declare onWithdraw: (inviteId: CallInviteId) => void;

  constructor() {
    super();
    this.invites = [];
    this.pins = new Map();
    this.failure = null;
    this.onInvite = null;
    this.onColleague = null;
    this.onTransfer = null;
  }

  protected override render(): TemplateResult {
    const open = this.invites.filter(({ state }) => state === 'open');
    return html`<section class="people" aria-labelledby="people-title">
      <h2 id="people-title" class="panel-title">${t('calls.peopleTitle')}</h2>
      ${this.failure === null ? nothing : notice({ kind: 'danger', body: html`<p>${this.failure}</p>`, outcome: true })}
      <ul class="plain people-list">
        ${repeat(
          this.others,
          ({ accountId }) => accountId,
          (person) => this.#person(person),
        )}
      </ul>
      ${open.length === 0 ? nothing : html`<h3>${t('guests.invitesTitle')}</h3><ul class="plain people-list">${open.map((invite) => this.#invite(invite))}</ul>`}
      ${this.onInvite === null && this.onColleague === null ? nothing : this.#asking()}
    </section>`;
  }

  #asking(): TemplateResult {
    return html`<p class="button-row people-actions">
      ${this.onInvite === null ? nothing : html`<button class="button button-secondary" @click=${this.onInvite}>${userPlus}${t('guests.invite')}</button>`}
      ${this.onColleague === null ? nothing : html`<button class="button button-secondary" @click=${this.onColleague}>${userPlus}${t('guests.askColleague')}</button>`}
    </p>`;
  }

  #person(person: TilePerson): TemplateResult {
    const { accountId, name, title, role } = person;
    const pinned = isPinned(person, this.pins);
    const states = [title, ...statesOf(person)].filter((words) => words !== '');
    return html`<li class="people-row">
      ${avatar(name)}
      <div class="people-words"><strong>${name}</strong><span class="muted">${states.join(' · ')}</span></div>
      <div class="people-buttons">
        ${
          this.others.length < 2 || !person.isHere
            ? nothing
            : html`<button class="button button-quiet" aria-label=${t(pinned ? 'calls.unpinPerson' : 'calls.pinPerson', { name })} @click=${() => this.onPin(accountId, !pinned)}>${t(pinned ? 'calls.unpin' : 'calls.pin')}</button>`
        }
        ${
          this.onTransfer === null || role !== 'colleague' || !person.isHere
            ? nothing
            : html`<button class="button button-quiet" aria-label=${t('guests.transferTo', { name })} @click=${() => void this.#transfer(person)}>${arrows}${t('guests.transfer')}</button>`
        }
        ${this.canRemove(person) ? html`<button class="button button-quiet" aria-label=${t('guests.removePerson', { name })} @click=${() => void this.#remove(person)}>${t('guests.remove')}</button>` : nothing}
      </div>
    </li>`;
  }

  #invite({ inviteId, role, displayName, expiresAt }: CallInvite): TemplateResult {
    return html`<li class="people-row">
      ${avatar(displayName)}
      <div class="people-words">
        <strong>${displayName}</strong>
        <span class="muted">${roleText(role)} · ${t('guests.validUntil', { time: fmt.time(expiresAt) })}</span>
      </div>
      <div class="people-buttons">
        <button class="button button-quiet" aria-label=${t('guests.withdrawPerson', { name: displayName })} @click=${() => this.onWithdraw(inviteId)}>${t('guests.withdraw')}</button>
      </div>
    </li>`;
  }

  async #remove({ accountId, name }: TilePerson): Promise<void> {
    const agreed = await confirmDialog({
      heading: t('guests.removeTitle', { name }),
      text: t('guests.removeText'),
      confirm: t('guests.removeConfirm'),
      danger: true,
    });
    if (agreed) this.onRemove(accountId);
  }

  async #transfer({ accountId, name }: TilePerson): Promise<void> {
    const agreed = await confirmDialog({
      heading: t('guests.transferTitle', { name }),
      text: t('guests.transferText', { name }),
      confirm: t('guests.transfer'),
    });
    if (agreed) this.onTransfer?.(accountId);
  }
}

customElements.define('gov-people-panel', PeoplePanel);
