import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { avatar } from '../ui/avatar.ts';
import { GovElement } from '../ui/gov-element.ts';

/** One person in a call: picture or initials, with name and state as text. Fires `gov-sound-blocked` when the browser plays nothing. */
export class CallTile extends GovElement {
  static override properties = {
    name: { attribute: false },
    states: { attribute: false },
    videoTrack: { attribute: false },
    audioTrack: { attribute: false },
    self: { attribute: false },
  };
  declare name: string;
  /** "Camera off", "Microphone off": what is to be known besides the name. */
  declare states: readonly string[];
  declare videoTrack: MediaStreamTrack | null;
  /** Null for oneself: nobody wants to hear his own voice. */
  declare audioTrack: MediaStreamTrack | null;
  /** One's own picture is mirrored, as people know themselves. */
  declare self: boolean;
  readonly #stream = new MediaStream();

  constructor() {
    super();
    this.videoTrack = null;
    this.audioTrack = null;
    this.states = [];
    this.self = false;
  }

  /** Tries again to play, from a click. */
  async play(): Promise<void> {
    const video = this.querySelector('video');
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
    if (!changed.has('videoTrack') && !changed.has('audioTrack')) return;
    const wanted = [this.videoTrack, this.audioTrack].filter((track) => track !== null);
    for (const track of this.#stream.getTracks()) if (!wanted.includes(track)) this.#stream.removeTrack(track);
    for (const track of wanted) this.#stream.addTrack(track);
    const video = this.querySelector('video');
    if (video === null) return;
    if (video.srcObject !== this.#stream) video.srcObject = this.#stream;
    void this.play();
  }

  protected override render(): TemplateResult {
    return html`<figure class="tile" ?data-self=${this.self}>
      <video playsinline .muted=${this.self} ?hidden=${this.videoTrack === null} aria-hidden="true"></video>
      ${this.videoTrack === null ? html`<div class="tile-blank">${avatar(this.name)}</div>` : nothing}
      <figcaption class="tile-caption">
        <span class="tile-name">${this.name}</span>
        ${this.states.map((state) => html`<span class="tile-state">${state}</span>`)}
      </figcaption>
    </figure>`;
  }
}

customElements.define('gov-call-tile', CallTile);
