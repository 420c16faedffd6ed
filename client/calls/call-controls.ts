import { html, nothing, type TemplateResult } from 'lit';
import captions from 'lucide-static/icons/captions.svg?icon';
import ellipsis from 'lucide-static/icons/ellipsis.svg?icon';
import messageSquare from 'lucide-static/icons/message-square.svg?icon';
import mic from 'lucide-static/icons/mic.svg?icon';
import micOff from 'lucide-static/icons/mic-off.svg?icon';
import phoneOff from 'lucide-static/icons/phone-off.svg?icon';
import users from 'lucide-static/icons/users.svg?icon';
import videoOff from 'lucide-static/icons/video-off.svg?icon';
import video from 'lucide-static/icons/video.svg?icon';
import { t } from '../i18n/translate.ts';
import { GovElement } from '../ui/gov-element.ts';

/** What stands beside the pictures. */
export type PanelName = 'text' | 'conversation' | 'people';

/** Something that is not needed all the time: under "More". */
export interface MoreAction {
  readonly text: string;
  readonly icon: TemplateResult;
  readonly onPress: () => void;
}

/** The bar of a call: plain buttons, each named for what it does now. */
export class CallControls extends GovElement {
  static override properties = {
    microphone: { attribute: false },
    camera: { attribute: false },
    panel: { attribute: false },
    panels: { attribute: false },
    more: { attribute: false },
    leaveText: { attribute: false },
    onMicrophone: { attribute: false },
    onCamera: { attribute: false },
    onPanel: { attribute: false },
    onLeave: { attribute: false },
    isOpen: { state: true },
  };
  /** Whether it is on; null where this role sends none. */
  declare microphone: boolean | null;
  declare camera: boolean | null;
  declare panel: PanelName | null;
  declare panels: readonly PanelName[];
  declare more: readonly MoreAction[];
  declare leaveText: string;
  declare onMicrophone: () => void;
  declare onCamera: () => void;
  declare onPanel: (panel: PanelName | null) => void;
  declare onLeave: () => void;
  declare isOpen: boolean;

  constructor() {
    super();
    this.panels = ['text', 'conversation', 'people'];
    this.more = [];
    this.isOpen = false;
    this.addEventListener('keydown', this.#onKey);
    this.addEventListener('focusout', this.#onFocusOut);
  }

  /** The keyboard's way to the controls, from anywhere in the call. */
  focusFirst(): void {
    this.querySelector('button')?.focus();
  }

  protected override render(): TemplateResult {
    return html`<section class="call-controls" aria-label=${t('calls.controls')}>
      ${this.microphone === null ? nothing : button({ icon: this.microphone ? mic : micOff, isOff: !this.microphone, text: t(this.microphone ? 'calls.mute' : 'calls.unmute'), onPress: this.onMicrophone })}
      ${this.camera === null ? nothing : button({ icon: this.camera ? video : videoOff, isOff: !this.camera, text: t(this.camera ? 'calls.cameraOff' : 'calls.cameraOn'), onPress: this.onCamera })}
      ${this.panels.map((name) => this.#panelButton(name))}
      ${this.#more()}
      <button class="button button-danger" @click=${this.onLeave}>${phoneOff}<span>${this.leaveText}</span></button>
    </section>`;
  }

  #panelButton(name: PanelName): TemplateResult {
    const isShown = this.panel === name;
    const { icon, show, hide } = panelButtons[name];
    return html`<button class="button button-secondary control-${name}" @click=${() => this.onPanel(isShown ? null : name)}>
      ${icon}<span>${isShown ? t(hide) : t(show)}</span>
    </button>`;
  }

  #more(): TemplateResult {
    return html`<div class="call-more">
      <button class="button button-secondary" aria-expanded=${this.isOpen ? 'true' : 'false'} aria-controls="call-more-list" @click=${this.#toggle}>
        ${ellipsis}<span>${t('calls.more')}</span>
      </button>
      <ul class="call-more-list" id="call-more-list" ?hidden=${!this.isOpen}>
        ${this.panels.includes('people') ? html`<li class="only-phone"><button class="button button-quiet" @click=${() => this.#press(() => this.onPanel('people'))}>${users}<span>${t('calls.showPeople')}</span></button></li>` : nothing}
        ${this.more.map(({ text, icon, onPress }) => html`<li><button class="button button-quiet" @click=${() => this.#press(onPress)}>${icon}<span>${text}</span></button></li>`)}
      </ul>
    </div>`;
  }

  #press(act: () => void): void {
    this.#close();
    act();
  }

  /** The button that is pressed is about to go away: the focus returns to the one that opened the list. */
  #close(): void {
    this.isOpen = false;
    this.querySelector<HTMLElement>('.call-more > button')?.focus();
  }

  readonly #toggle = (): void => {
    this.isOpen = !this.isOpen;
  };

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' || !this.isOpen) return;
    event.preventDefault();
    this.#close();
  };

  readonly #onFocusOut = ({ relatedTarget }: FocusEvent): void => {
    const list = this.querySelector('.call-more');
    if (relatedTarget instanceof Node && list?.contains(relatedTarget) !== true) this.isOpen = false;
  };
}

const panelButtons = {
  text: { icon: captions, show: 'calls.showText', hide: 'calls.hideText' },
  conversation: { icon: messageSquare, show: 'calls.showMessages', hide: 'calls.hideMessages' },
  people: { icon: users, show: 'calls.showPeople', hide: 'calls.hidePeople' },
} as const;

function button({
  icon,
  text,
  isOff,
  onPress,
}: {
  icon: TemplateResult;
  text: string;
  isOff: boolean;
  onPress: () => void;
}): TemplateResult {
  return html`<button class="button button-secondary" ?data-off=${isOff} @click=${onPress}>${icon}<span>${text}</span></button>`;
}

customElements.define('gov-call-controls', CallControls);
