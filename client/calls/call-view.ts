import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import eye from 'lucide-static/icons/eye.svg?icon';
import eyeOff from 'lucide-static/icons/eye-off.svg?icon';
import pictureInPicture from 'lucide-static/icons/picture-in-picture-2.svg?icon';
import type { CallInvite, CallInviteId } from '../../server/protocol/calls.ts';
import type { AccountId } from '../../server/protocol/ids.ts';
import { t } from '../i18n/translate.ts';
import { announcer } from '../ui/announcer.ts';
import { GovElement } from '../ui/gov-element.ts';
import { notice } from '../ui/notice.ts';
import { WatchAll } from '../ui/watch.ts';
import './call-controls.ts';
import { CallControls, type MoreAction, type PanelName } from './call-controls.ts';
import { onCallKey } from './call-keys.ts';
import './call-tiles.ts';
import { CallTiles } from './call-tiles.ts';
import './call-tiles.css';
import './calls.css';
import { captionLook } from './text/caption-look.ts';
import { captionStrip } from './text/caption-strip.ts';
import type { LaneLine } from './text/lane-line.ts';
import './text/live-text-lane.ts';
import { LiveTextLane } from './text/live-text-lane.ts';
import './people/people-panel.ts';
import { securityLine, type SecurityState } from './people/security-line.ts';
import type { ConsentState } from './text/text-consent.ts';
import { layTiles, type Pins, type TileLayout } from './tile-layout.ts';
import type { OwnTilePerson, TilePerson } from './people/tile-person.ts';

/** What a running call looks like at one moment. */
export interface CallPicture {
  /** In the order in which they are drawn. */
  readonly others: readonly TilePerson[];
  readonly self: OwnTilePerson;
  /** On or off; null where this role sends none. */
  readonly microphone: boolean | null;
  readonly camera: boolean | null;
  readonly speakerId: string;
  /** The connection, hold and the like, in words; only what there is to say. */
  readonly words: readonly string[];
  readonly security: { readonly state: SecurityState; readonly comparedAt: number | null; readonly canCompare: boolean };
  readonly lines: readonly LaneLine[];
  readonly canWrite: boolean;
  readonly consent: ConsentState | null;
  readonly invites: readonly CallInvite[];
  /** Why the last act was refused, in words. */
  readonly failure: string | null;
  readonly leaveText: string;
  readonly more: readonly MoreAction[];
}

/** What may be done in it. Null: not by this person, or not now. */
export interface CallActs {
  readonly microphone: () => void;
  readonly camera: () => void;
  readonly leave: () => void;
  readonly compare: () => void;
  readonly line: (text: string) => void;
  readonly endLine: () => void;
  readonly agree: (agrees: boolean) => void;
  readonly layout: (layout: TileLayout) => void;
  readonly canRemove: (person: TilePerson) => boolean;
  readonly remove: (accountId: AccountId) => void;
  readonly withdraw: (inviteId: CallInviteId) => void;
  readonly invite: (() => void) | null;
  readonly colleague: (() => void) | null;
  readonly transfer: ((accountId: AccountId) => void) | null;
}

/** People, live text, controls and what stands beside a running call, for whoever is in it. */
export class CallView extends GovElement {
  static override properties = {
    picture: { attribute: false },
    acts: { attribute: false },
    bar: { attribute: false },
    notices: { attribute: false },
    conversation: { attribute: false },
    panel: { state: true },
    pins: { state: true },
    showsSelf: { state: true },
    soundBlocked: { state: true },
  };
  declare picture: CallPicture;
  declare acts: CallActs;
  /** Above the pictures: the official's console. */
  declare bar: TemplateResult | typeof nothing;
  declare notices: TemplateResult | typeof nothing;
  /** Draws the conversation beside the call; null for guests, who have none. */
  declare conversation: (() => TemplateResult) | null;
  declare panel: PanelName | null;
  declare pins: Pins;
  declare showsSelf: boolean;
  declare soundBlocked: boolean;
  #shownLayout = '';
  #spoken: ReadonlySet<string> | null = null;

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [captionLook]));
    this.bar = nothing;
    this.notices = nothing;
    this.conversation = null;
    this.panel = null;
    this.pins = new Map();
    this.showsSelf = true;
    this.soundBlocked = false;
    this.addEventListener('gov-sound-blocked', () => (this.soundBlocked = true));
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('keydown', this.#onKey);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('keydown', this.#onKey);
  }

  protected override firstUpdated(): void {
    if (matchMedia('(min-width: 64rem)').matches) this.panel = this.conversation === null ? 'text' : 'conversation';
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has('picture') && this.panel !== 'text') this.#speakLines();
    const layout = layTiles(this.picture.others, this.pins);
    const key = JSON.stringify([layout.large, layout.small].map((tiles) => tiles.map(({ person, shows }) => [person.accountId, shows])));
    if (key === this.#shownLayout) return;
    this.#shownLayout = key;
    this.acts.layout(layout);
  }

  protected override render(): TemplateResult {
    const { picture, acts, panel } = this;
    return html`<div class="call" data-panel=${panel ?? 'none'}>
      <div class="call-words">
        ${this.bar}
        ${securityLine(picture.security.state, picture.security.comparedAt, picture.security.canCompare ? acts.compare : null)}
        ${picture.words.map((words) => html`<p class="call-line">${words}</p>`)}
        ${this.notices} ${this.soundBlocked ? this.#soundNotice() : nothing}
      </div>
      <gov-call-tiles
        .others=${picture.others}
        .self=${picture.self}
        .showsSelf=${this.showsSelf}
        .pins=${this.pins}
        .speakerId=${picture.speakerId}
      ></gov-call-tiles>
      ${panel === 'text' ? nothing : captionStrip(picture.lines)}
      <gov-call-controls
        .microphone=${picture.microphone}
        .camera=${picture.camera}
        .panel=${panel}
        .panels=${this.conversation === null ? ['text', 'people'] : ['text', 'conversation', 'people']}
        .more=${[...picture.more, ...this.#viewActions()]}
        .leaveText=${picture.leaveText}
        .onMicrophone=${acts.microphone}
        .onCamera=${acts.camera}
        .onPanel=${this.#show}
        .onLeave=${acts.leave}
      ></gov-call-controls>
      ${panel === null ? nothing : html`<aside class="call-panel" aria-label=${t('calls.beside')}>${this.#panelContent(panel)}</aside>`}
    </div>`;
  }

  #panelContent(panel: PanelName): TemplateResult {
    const { picture, acts } = this;
    if (panel === 'conversation' && this.conversation !== null) return html`<div class="call-messages">${this.conversation()}</div>`;
    if (panel === 'people')
      return html`<gov-people-panel
        .others=${picture.others}
        .invites=${picture.invites}
        .pins=${this.pins}
        .failure=${picture.failure}
        .canRemove=${acts.canRemove}
        .onPin=${this.#pin}
        .onRemove=${acts.remove}
        .onInvite=${acts.invite}
        .onColleague=${acts.colleague}
        .onTransfer=${acts.transfer}
        .onWithdraw=${acts.withdraw}
      ></gov-people-panel>`;
    return html`<gov-live-text-lane
      .lines=${picture.lines}
      .canWrite=${picture.canWrite}
      .consent=${picture.consent}
      .onLine=${acts.line}
      .onEnd=${acts.endLine}
      .onAgree=${acts.agree}
    ></gov-live-text-lane>`;
  }

  /** What this view alone does: under "More", after what the call offers. */
  #viewActions(): readonly MoreAction[] {
    const canFloat = document.pictureInPictureEnabled && this.picture.others.some(({ camera, screen }) => camera ?? screen);
    return [
      ...(canFloat ? [{ text: t('calls.float'), icon: pictureInPicture, onPress: () => void this.#float() }] : []),
      {
        text: this.showsSelf ? t('calls.hideSelf') : t('calls.showSelf'),
        icon: this.showsSelf ? eyeOff : eye,
        onPress: () => (this.showsSelf = !this.showsSelf),
      },
    ];
  }

  #soundNotice(): TemplateResult {
    return notice({
      kind: 'warning',
      heading: t('calls.playTitle'),
      body: html`<p><button class="button" @click=${this.#playSound}>${t('calls.play')}</button></p>`,
    });
  }

  /** While the lane is closed its finished lines are spoken here, and only once; what was there before this page is history. */
  #speakLines(): void {
    const finished = this.picture.lines.filter(({ isOpen, isOwn, text }) => !isOpen && !isOwn && text.trim() !== '');
    for (const { id, author, text } of finished)
      if (this.#spoken?.has(id) === false) announcer().announce(t('calls.announceLine', { name: author, text }));
    this.#spoken = new Set(finished.map(({ id }) => id));
  }

  async #float(): Promise<void> {
    try {
      await this.querySelector<CallTiles>('gov-call-tiles')?.mainVideo?.requestPictureInPicture();
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      announcer().announce(t('calls.floatFailed'));
    }
  }

  readonly #pin = (accountId: AccountId, pinned: boolean): void => {
    this.pins = new Map(this.pins).set(accountId, pinned);
  };

  readonly #show = async (panel: PanelName | null): Promise<void> => {
    // What the lane has spoken so far is not said again without it.
    this.#spoken = new Set(this.picture.lines.map(({ id }) => id));
    this.panel = panel;
    await this.updateComplete;
    if (panel === 'text') this.querySelector<LiveTextLane>('gov-live-text-lane')?.focusInput();
  };

  readonly #playSound = (): void => {
    this.soundBlocked = false;
    this.querySelector<CallTiles>('gov-call-tiles')?.play();
  };

  readonly #onKey = (event: KeyboardEvent): void =>
    onCallKey(event, {
      microphone: () => this.picture.microphone !== null && this.acts.microphone(),
      camera: () => this.picture.camera !== null && this.acts.camera(),
      controls: () => this.querySelector<CallControls>('gov-call-controls')?.focusFirst(),
    });
}

customElements.define('gov-call-view', CallView);
