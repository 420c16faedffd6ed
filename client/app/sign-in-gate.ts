import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { SessionView } from '../../server/protocol/accounts.ts';
import type { Role } from '../../server/protocol/roles.ts';
import '../account/locked-page.ts';
import '../account/no-keys-page.ts';
import '../account/own-device.ts';
import '../account/sign-in-panel.ts';
import type { SignedOutReason } from '../account/session.ts';
import { loadAreas, t } from '../i18n/translate.ts';
import type { Alarm } from '../storage/alarm.ts';
import { GovElement } from '../ui/gov-element.ts';
import { notice } from '../ui/notice.ts';
import { adoptHeading } from '../ui/page-title.ts';
import { WatchAll } from '../ui/watch.ts';
import './account-alerts.ts';
import { alarmText } from './alarm-text.ts';
import type { Core, CoreMessenger, CoreSession } from './core.ts';
import { notFoundPage } from './page-states.ts';

export interface SignedIn {
  readonly core: Core;
  readonly session: SessionView;
  readonly messenger: CoreMessenger;
  /** Whether the person has signed in on this very page, to do what it is for. */
  readonly justSignedIn: boolean;
}

/** Stands before a page for somebody signed in: until then it offers to sign in, and after that the page goes on by itself. */
export class SignInGate extends GovElement {
  static override properties = {
    core: { attribute: false },
    roles: { attribute: false },
    heading: { attribute: false },
    intro: { attribute: false },
    content: { attribute: false },
  };
  declare core: Core;
  declare roles: readonly Role[];
  /** The h1 as long as nobody is signed in. */
  declare heading: string;
  /** What signing in is for. */
  declare intro: string;
  declare content: (signedIn: SignedIn) => TemplateResult;
  #shown: CoreSession['state'] = 'starting';
  #justSignedIn = false;
  #hasWays = false;

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.core.session, this.core.alarms, this.core.ownDevice]));
  }

  protected override willUpdate(): void {
    const { state } = this.core.session.value;
    if (this.#shown === 'signed-out' && state === 'signed-in') this.#justSignedIn = true;
    if (state === 'signed-out') this.#justSignedIn = false;
    if (state === 'no-keys' && !this.#hasWays) void this.#loadWays();
  }

  protected override updated(changed: PropertyValues<this>): void {
    super.updated(changed);
    const { state } = this.core.session.value;
    const before = this.#shown;
    this.#shown = state;
    if (before === 'signed-out' && state !== 'signed-out') void this.#arrive();
  }

  protected override async getUpdateComplete(): Promise<boolean> {
    const done = await super.getUpdateComplete();
    const page = this.lastElementChild;
    if (page instanceof GovElement) await page.updateComplete;
    return done;
  }

  protected override render(): TemplateResult {
    return html`${this.core.alarms.value.length === 0 ? nothing : alarmNotice(this.core.alarms.value)}${this.#ownDevice()}${this.#page()}`;
  }

  #ownDevice(): TemplateResult | typeof nothing {
    const is = this.core.ownDevice.value;
    if (is !== 'unknown' && is !== 'passing') return nothing;
    return html`<gov-own-device
      .isPassing=${is === 'passing'}
      .answer=${async (isOwn: boolean) => await this.core.answerOwnDevice(isOwn)}
    ></gov-own-device>`;
  }

  #page(): TemplateResult {
    const present = this.core.session.value;
    if (present.state === 'starting') return html`<h1>${this.heading}</h1><p class="loading">${t('account.opening')}</p>`;
    if (present.state === 'no-keys') {
      if (!this.#hasWays) return html`<h1>${this.heading}</h1><p class="loading">${t('account.opening')}</p>`;
      return html`<gov-no-keys-page
        .because=${present.because}
        .unlock=${async () => await this.core.signIn()}
        .signOut=${async () => await this.core.signOut()}
      ></gov-no-keys-page>`;
    }
    if (present.state === 'signed-out') {
      if (present.reason === 'locked') return html`<gov-locked-page .unlock=${async () => await this.core.signIn()}></gov-locked-page>`;
      return this.#panel(present.reason);
    }
    const { session, messenger } = present;
    if (!this.roles.includes(session.role)) return notFoundPage();
    return html`<gov-account-alerts .session=${session} .messenger=${messenger} .ownDevice=${this.core.ownDevice}></gov-account-alerts>
      ${this.content({ core: this.core, session, messenger, justSignedIn: this.#justSignedIn })}`;
  }

  #panel(reason: SignedOutReason): TemplateResult {
    const intro = reason === 'expired' ? t('account.reasonExpired') : reason === 'revoked' ? t('account.reasonRevoked') : this.intro;
    return html`<gov-sign-in-panel
      .heading=${this.heading}
      .intro=${intro}
      .signIn=${async () => await this.core.signIn()}
      .register=${async (onceMore: () => void) => await this.core.registerCitizen(onceMore)}
    ></gov-sign-in-panel>`;
  }

  /** Few people ever need these words. */
  async #loadWays(): Promise<void> {
    await loadAreas(['ways']);
    this.#hasWays = true;
    this.requestUpdate();
  }

  /** The page behind the gate has come: its heading is where the person is now. */
  async #arrive(): Promise<void> {
    await this.updateComplete;
    adoptHeading(this)?.focus();
  }
}

function alarmNotice(alarms: readonly Alarm[]): TemplateResult {
  const kinds = new Set(alarms.map(({ kind }) => kind));
  return notice({ kind: 'danger', heading: t('account.alarmTitle'), body: [...kinds].map((kind) => html`<p>${alarmText(kind)}</p>`) });
}

customElements.define('gov-sign-in-gate', SignInGate);
