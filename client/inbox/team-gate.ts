import { html, type PropertyValues, type TemplateResult } from 'lit';
import { t } from '../i18n/translate.ts';
import type { Observable } from '../net/observable.ts';
import { announcer } from '../ui/announcer.ts';
import { GovElement } from '../ui/gov-element.ts';
import { adoptHeading } from '../ui/page-title.ts';
import { WatchAll } from '../ui/watch.ts';
import './team-gate.css';

/** Whether the inbox's chain lists the account; `waiting` has never been in the team, `removed` was. */
export type TeamMembership = 'unknown' | 'waiting' | 'removed' | 'member';

/** Stands before the pages of the team: who is not in it yet waits here, and the page goes on by itself. */
export class TeamGate extends GovElement {
  static override properties = { membership: { attribute: false }, heading: { attribute: false }, content: { attribute: false } };
  declare membership: Observable<TeamMembership>;
  /** The h1 until the server has answered. */
  declare heading: string;
  declare content: () => TemplateResult;
  #shown: TeamMembership = 'unknown';

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.membership]));
  }

  protected override updated(changed: PropertyValues<this>): void {
    super.updated(changed);
    const before = this.#shown;
    this.#shown = this.membership.value;
    if (before === this.#shown || before === 'unknown') return;
    if (this.#shown === 'member') announcer().announce(t('inbox.teamAdmitted'));
    void this.#arrive();
  }

  protected override async getUpdateComplete(): Promise<boolean> {
    const done = await super.getUpdateComplete();
    const page = this.lastElementChild;
    if (page instanceof GovElement) await page.updateComplete;
    return done;
  }

  protected override render(): TemplateResult {
    const membership = this.membership.value;
    if (membership === 'member') return this.content();
    if (membership === 'unknown')
      return html`<div class="frame team-words"><h1>${this.heading}</h1><p class="loading">${t('inbox.teamChecking')}</p></div>`;
    if (membership === 'removed')
      return html`<div class="frame team-words"><h1>${t('inbox.teamRemovedTitle')}</h1><p class="lead">${t('inbox.teamRemovedText')}</p></div>`;
    return html`<div class="frame team-words">
      <h1>${t('inbox.teamWaitingTitle')}</h1>
      <p class="lead">${t('inbox.teamWaitingText')}</p>
      <p>${t('inbox.teamWaitingHint')}</p>
    </div>`;
  }

  /** Another page has come in this place: its heading is the title, and where the person is now. */
  async #arrive(): Promise<void> {
    await this.updateComplete;
    adoptHeading(this)?.focus();
  }
}

customElements.define('gov-team-gate', TeamGate);
