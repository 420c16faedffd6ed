import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { t } from '../i18n/translate.ts';
import { announcer } from '../ui/announcer.ts';
import { GovElement } from '../ui/gov-element.ts';
import './call-tile.ts';
import { CallTile } from './call-tile.ts';
import { nextCorner, rememberedCorner, type Corner } from './self-corner.ts';
import { layTiles, type Pins, type Tile } from './tile-layout.ts';
import { statesOf, type OwnTilePerson, type TilePerson } from './people/tile-person.ts';

const cornerTexts = {
  'top-end': 'calls.cornerTopEnd',
  'bottom-end': 'calls.cornerBottomEnd',
  'bottom-start': 'calls.cornerBottomStart',
  'top-start': 'calls.cornerTopStart',
} as const satisfies Record<Corner, string>;

/** Everybody in the call: large, small, and oneself in a corner. */
export class CallTiles extends GovElement {
  static override properties = {
    others: { attribute: false },
    self: { attribute: false },
    showsSelf: { attribute: false },
    pins: { attribute: false },
    speakerId: { attribute: false },
    corner: { state: true },
  };
  declare others: readonly TilePerson[];
  declare self: OwnTilePerson;
  declare showsSelf: boolean;
  declare pins: Pins;
  declare speakerId: string;
  declare corner: Corner;

  constructor() {
    super();
    this.speakerId = '';
    this.showsSelf = true;
    this.pins = new Map();
    this.corner = rememberedCorner();
  }

  /** Tries again to play everybody's sound, from a click. */
  play(): void {
    for (const tile of this.querySelectorAll('gov-call-tile')) if (tile instanceof CallTile) void tile.play();
  }

  /** The picture that matters most, to be taken out of the page. */
  get mainVideo(): HTMLVideoElement | null {
    return [...this.querySelectorAll<HTMLVideoElement>('.tiles-large video')].find((video) => !video.hidden) ?? null;
  }

  protected override render(): TemplateResult {
    const { large, small } = layTiles(this.others, this.pins);
    const hasRow = small.length > 0 || (large.length > 1 && this.showsSelf);
    const tile = (shown: Tile): TemplateResult => this.#tile(shown);
    return html`<section class="tiles" aria-label=${t('calls.people')}>
      <div class="tiles-large" data-count=${large.length} ?data-screen=${large[0]?.shows === 'screen'}>${repeat(large, keyOf, tile)}</div>
      ${hasRow ? html`<div class="tiles-small">${repeat(small, keyOf, tile)}${this.showsSelf ? this.#own(null) : nothing}</div>` : nothing}
      ${this.showsSelf && !hasRow ? this.#own(this.corner) : nothing}
    </section>`;
  }

  #tile({ person, shows }: Tile): TemplateResult {
    const isScreen = shows === 'screen';
    return html`<gov-call-tile
      class=${isScreen ? 'tile-screen' : 'tile-other'}
      .name=${isScreen ? t('calls.screenOf', { name: person.name }) : person.name}
      .subtitle=${isScreen ? '' : person.title}
      .states=${isScreen ? [] : statesOf(person)}
      .videoTrack=${isScreen ? person.screen : person.camera}
      .audioTrack=${isScreen ? null : person.voice}
      .speakerId=${this.speakerId}
      .speaks=${!isScreen && person.isSpeaking && !person.isMuted}
      .signs=${!isScreen && person.isSigning}
      .whole=${isScreen}
    ></gov-call-tile>`;
  }

  /** Over the other one, in a corner of one's choice; of several nobody is covered, least of all an interpreter's hands. */
  #own(corner: Corner | null): TemplateResult {
    const { self } = this;
    return html`<gov-call-tile
      class=${corner === null ? 'tile-self' : 'tile-own'}
      data-corner=${corner ?? nothing}
      .name=${t('calls.you')}
      .states=${statesOf(self)}
      .videoTrack=${self.camera}
      .speaks=${self.isSpeaking && !self.isMuted}
      .signs=${self.isSigning}
      .mirrored=${true}
      .action=${corner === null ? null : { text: t('calls.moveSelf'), label: t('calls.moveSelfLabel'), onPress: this.#move }}
    ></gov-call-tile>`;
  }

  readonly #move = (): void => {
    this.corner = nextCorner(this.corner);
    announcer().announce(t(cornerTexts[this.corner]));
  };
}

function keyOf({ person, shows }: Tile): string {
  return `${person.accountId} ${shows}`;
}

customElements.define('gov-call-tiles', CallTiles);
