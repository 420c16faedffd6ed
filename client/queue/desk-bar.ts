import { html, nothing, type TemplateResult } from 'lit';
import listChecks from 'lucide-static/icons/list-checks.svg?icon';
import phone from 'lucide-static/icons/phone.svg?icon';
import userCheck from 'lucide-static/icons/user-check.svg?icon';
import type { CallId, OfficeId } from '../../server/protocol/ids.ts';
import type { Availability, WaitingEntry } from '../../server/protocol/queue.ts';
import { errorText } from '../i18n/error-text.ts';
import { fmt } from '../i18n/fmt.ts';
import type { KnownOffices } from '../i18n/office-names.ts';
import { t } from '../i18n/translate.ts';
import type { Observable } from '../net/observable.ts';
import { announcer } from '../ui/announcer.ts';
import { GovElement } from '../ui/gov-element.ts';
import { href, navigate } from '../ui/navigate.ts';
import { notice } from '../ui/notice.ts';
import { WatchAll } from '../ui/watch.ts';
import { askSkills } from './ask-skills.ts';
import { type Desk, type DeskState, nextPresent, ringing } from './desk.ts';
import './desk.css';
import './seconds-left.ts';

const presences = [
  ['available', 'inbox.stateAvailable', 'inbox.nowAvailable'],
  ['break', 'inbox.stateBreak', 'inbox.nowBreak'],
  ['off', 'inbox.stateOff', 'inbox.nowUnavailable'],
] as const satisfies readonly (readonly [Availability['state'], string, string])[];

/** Whom an official takes, and "Take next", which F8 presses too; whom he is calling; what went wrong in words. */
export class DeskBar extends GovElement {
  static override properties = {
    desk: { attribute: false },
    offices: { attribute: false },
    officeId: { attribute: false },
    callPath: { attribute: false },
  };
  declare desk: Desk;
  declare offices: Observable<KnownOffices>;
  /** The official's own. */
  declare officeId: OfficeId | null;
  /** Where a call is, without the language. */
  declare callPath: (callId: CallId) => string;

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.desk.state, this.offices]));
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener('keydown', this.#onKey);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener('keydown', this.#onKey);
  }

  protected override render(): TemplateResult {
    const state = this.desk.state.value;
    const called = ringing(state);
    return html`<div class="desk-bar">
      ${state.failure === null ? nothing : failureNotice(state.failure)}
      <fieldset class="presence">
        <legend class="visually-hidden">${t('inbox.presenceLegend')}</legend>
        ${presences.map(
          ([value, words]) => html`<label class="presence-choice presence-${value}">
            <input
              type="radio"
              name="presence"
              value=${value}
              .checked=${state.availability.state === value}
              @change=${() => void this.#setPresence(value)}
            /><span>${t(words)}</span>
          </label>`,
        )}
      </fieldset>
      <button class="button button-quiet" @click=${this.#chooseSkills}>${listChecks}<span>${t('inbox.skills')}: ${skillsWords(state.availability)}</span></button>
      ${called ? this.#calling(called, state) : state.call === null ? this.#takeNext(state) : backToCall(this.callPath(state.call.callId))}
    </div>`;
  }

  #takeNext(state: DeskState): TemplateResult {
    const obstacle = obstacleTo(state);
    return html`<div class="take-next">
      <button
        class="button"
        aria-disabled=${obstacle === null && state.accepting === null ? nothing : 'true'}
        aria-keyshortcuts="F8"
        aria-describedby="take-next-hint"
        @click=${this.#take}
      >
        ${userCheck}<span>${t('inbox.takeNext')}${waitingWords(state)}</span>
      </button>
      <span class=${obstacle === null ? 'take-next-hint key-hint meta' : 'take-next-hint meta'} id="take-next-hint">${obstacle ?? t('inbox.takeNextKey')}</span>
    </div>`;
  }

  #calling({ ticketNumber, answerBy }: WaitingEntry, { call, clockAheadMs }: DeskState): TemplateResult {
    return html`<div class="take-next">
      ${call === null ? nothing : html`<a class="button" href=${href(this.callPath(call.callId))}>${phone}${t('inbox.backToCall')}</a>`}
      <span class="take-next-hint">
        ${t('inbox.weCall', { ticket: ticketNumber })}
        ${answerBy === null ? nothing : html`<gov-seconds-left .until=${answerBy} .clockAheadMs=${clockAheadMs}></gov-seconds-left>`}
      </span>
    </div>`;
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.key !== 'F8' || event.repeat || event.ctrlKey || event.altKey || event.shiftKey || event.metaKey) return;
    event.preventDefault();
    void this.#take();
  };

  async #setPresence(value: Availability['state']): Promise<void> {
    const isSet = await this.desk.setAvailability({ ...this.desk.state.value.availability, state: value });
    // What was refused is not shown as chosen.
    for (const input of this.querySelectorAll<HTMLInputElement>('input[name=presence]'))
      input.checked = input.value === this.desk.state.value.availability.state;
    const words = presences.find(([state]) => state === value)?.[2];
    if (isSet && words !== undefined) announcer().announce(t(words));
  }

  readonly #chooseSkills = async (): Promise<void> => {
    const services = this.offices.value.offices?.find(({ officeId }) => officeId === this.officeId)?.services ?? [];
    const { availability } = this.desk.state.value;
    const skills = await askSkills(availability, services);
    if (skills !== null) await this.desk.setAvailability({ ...this.desk.state.value.availability, ...skills });
  };

  readonly #take = async (): Promise<void> => {
    const state = this.desk.state.value;
    const obstacle = obstacleTo(state);
    const next = nextPresent(state.entries);
    if (obstacle !== null || next === null) {
      announcer().announce(obstacle ?? t('inbox.nobodyWaits'));
      return;
    }
    const callId = await this.desk.accept(next.entryId);
    if (callId !== null) navigate(this.callPath(callId));
  };
}

/** Why nobody can be taken now, in words; null when somebody can. */
function obstacleTo({ call, entries, availability }: DeskState): string | null {
  const waiting = entries.filter(({ state }) => state === 'waiting');
  if (call !== null) return t('inbox.inCall');
  if (waiting.length === 0) return t('inbox.nobodyWaits');
  if (availability.state !== 'available') return t('inbox.beAvailable');
  if (waiting.every(({ servable }) => !servable)) return t('inbox.nobodyServable');
  return nextPresent(entries) === null ? t('inbox.nobodyPresent') : null;
}

function waitingWords({ entries }: DeskState): string {
  const waiting = entries.filter(({ state, servable }) => state === 'waiting' && servable);
  if (waiting.length === 0) return '';
  const longestMs = Math.max(0, Date.now() - Math.min(...waiting.map(({ joinedAt }) => joinedAt)));
  return ` (${t('inbox.takeNextWaiting', { count: waiting.length, duration: fmt.duration(longestMs) })})`;
}

function skillsWords({ services, languages }: Availability): string {
  if (services.length === 0 && languages.length === 0) return t('inbox.skillsAll');
  const parts = [
    services.length === 0 ? t('inbox.skillsAllServices') : t('inbox.skillsSomeServices', { count: services.length }),
    languages.length === 0 ? t('inbox.skillsAllLanguages') : t('inbox.skillsSomeLanguages', { count: languages.length }),
  ];
  return parts.join(', ');
}

function backToCall(path: string): TemplateResult {
  return html`<div class="take-next">
    <a class="button" href=${href(path)}>${phone}${t('inbox.backToCall')}</a>
    <span class="take-next-hint meta">${t('inbox.inCall')}</span>
  </div>`;
}

/** Two who accept at once is the usual case, and gets its own words. */
function failureNotice(code: NonNullable<DeskState['failure']>): TemplateResult {
  const text = code === 'conflict' ? t('inbox.quicker') : errorText(code);
  return notice({ kind: 'warning', heading: t('inbox.takeFailed'), body: html`<p>${text}</p>`, outcome: true });
}

customElements.define('gov-desk-bar', DeskBar);
