import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { avatar } from '../ui/avatar.ts';
import { GovElement } from '../ui/gov-element.ts';

/** One person in a call: picture or initials, with name and state as text. Fires `gov-sound-blocked` when the browser plays nothing. */
export class CallTile extends GovElement {
  static override properties = {
    name: { attribute: false },
    subtitle: { attribute: false },
    states: { attribute: false },
    videoTrack: { attribute: false },
    audioTrack: { attribute: false },
    speakerId: { attribute: false },
    speaks: { attribute: false },
    signs: { attribute: false },
    mirrored: { attribute: false },
    whole: { attribute: false },
    action: { attribute: false },
  };
  declare name: string;
  /** What he is in this call; empty where the name says it. */
  declare subtitle: string;
  /** "Camera off", "Speaks": what is to be known besides the name. */
  declare states: readonly string[];
  declare videoTrack: MediaStreamTrack | null;
  /** Null for oneself: nobody wants to hear his own voice. */
  declare audioTrack: MediaStreamTrack | null;
  /** Where it is played; empty: where the system plays things. */
  declare speakerId: string;
  declare speaks: boolean;
  declare signs: boolean;
  /** One's own picture is mirrored, as people know themselves. */
  declare mirrored: boolean;
  /** A screen is shown whole, with its edges; a face fills the tile. */
  declare whole: boolean;
  /** A button in the caption: to pin, to move. */
  declare action: { readonly text: string; readonly label: string; readonly onPress: () => void } | null;
  readonly #stream = new MediaStream();

  constructor() {
    super();
    this.subtitle = '';
    this.states = [];
    this.videoTrack = null;
    this.audioTrack = null;
    this.speakerId = '';
    this.speaks = false;
    this.signs = false;
    this.mirrored = false;
    this.whole = false;
    this.action = null;
  }

  get video(): HTMLVideoElement | null {
    return this.querySelector('video');
  }

  /** Tries again to play, from a click. */
  async play(): Promise<void> {
    const { video } = this;
    if (video === null || this.#stream.getTracks().length === 0) return;
    try {
      await video.play();
    } catch (error) {
      // AbortError: another track came meanwhile and is being played.
      if (error instanceof DOMException && error.name === 'NotAllowedError')
        this.dispatchEvent(new Event('gov-sound-blocked', { bubbles: true }));
    }
  }

  protected override updated(changed: PropertyValues<this>): void {
    const { video } = this;
    if (video === null) return;
    if (changed.has('speakerId') && 'setSinkId' in video) void video.setSinkId(this.speakerId).catch(() => undefined);
    if (!changed.has('videoTrack') && !changed.has('audioTrack')) return;
    const wanted = [this.videoTrack, this.audioTrack].filter((track) => track !== null);
    for (const track of this.#stream.getTracks()) if (!wanted.includes(track)) this.#stream.removeTrack(track);
    for (const track of wanted) this.#stream.addTrack(track);
    if (video.srcObject !== this.#stream) video.srcObject = this.#stream;
    void this.play();
  }

  protected override render(): TemplateResult {
    const isBlank = this.videoTrack === null;
    return html`<figure class="tile" ?data-mirrored=${this.mirrored} ?data-whole=${this.whole} ?data-speaking=${this.speaks} ?data-signing=${this.signs}>
      <video playsinline .muted=${this.mirrored} ?hidden=${isBlank} aria-hidden="true"></video>
      ${isBlank ? html`<div class="tile-blank">${avatar(this.name)}</div>` : nothing}
      <figcaption class="tile-caption">
        <span class="tile-name">${this.name}</span>
        ${this.subtitle === '' ? nothing : html`<span class="tile-title">${this.subtitle}</span>`}
        ${this.states.map((state) => html`<span class="tile-state">${state}</span>`)}
        ${this.action === null ? nothing : html`<button class="tile-action" aria-label=${this.action.label} @click=${this.action.onPress}>${this.action.text}</button>`}
      </figcaption>
    </figure>`;
  }
}

customElements.define('gov-call-tile', CallTile);
