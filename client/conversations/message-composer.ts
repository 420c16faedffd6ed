import { html, nothing, type TemplateResult } from 'lit';
import { ifDefined } from 'lit/directives/if-defined.js';
import sendIcon from 'lucide-static/icons/send.svg?icon';
import '../attachments/file-chooser.ts';
import type { FileChooser } from '../attachments/file-chooser.ts';
import { limits } from '../../server/protocol/limits.ts';
import { t } from '../i18n/translate.ts';
import type { Drafts, Profile } from '../storage/texts.ts';
import { GovElement } from '../ui/gov-element.ts';
import '../ui/log.css';
import './conversations.css';

/** Where a message is written: the draft is kept, Ctrl+Enter sends, the counter speaks up past 80 %. */
export class MessageComposer extends GovElement {
  static override properties = {
    draftKey: { attribute: false },
    drafts: { attribute: false },
    profile: { attribute: false },
    send: { attribute: false },
    enterSends: { attribute: false },
    label: { attribute: false },
    files: { state: true },
    dropping: { state: true },
    text: { state: true },
    error: { state: true },
    sending: { state: true },
  };
  /** A conversation's id, or `service:…` before there is one. */
  declare draftKey: string;
  declare drafts: Drafts;
  /** Given where the person may say once how to be addressed. */
  declare profile: Profile | null;
  /** Resolves when the message is safe; text and files stay when it rejects. The text is empty where only files are sent. */
  declare send: (text: string, files: readonly File[]) => Promise<unknown>;
  /** Officials send with Enter and make a line with Shift+Enter. */
  declare enterSends: boolean;
  declare label: string | null;
  declare files: readonly File[];
  /** Files are being dragged over it. */
  declare dropping: boolean;
  declare text: string;
  declare error: string | null;
  declare sending: boolean;
  #saving: Promise<void> | null = null;
  #savedText = '';

  constructor() {
    super();
    this.profile = null;
    this.enterSends = false;
    this.label = null;
    this.files = [];
    this.dropping = false;
    this.text = '';
    this.error = null;
    this.sending = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('dragover', keepPage);
    document.addEventListener('drop', keepPage);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('dragover', keepPage);
    document.removeEventListener('drop', keepPage);
  }

  protected override firstUpdated(): void {
    void this.#loadDraft();
  }

  protected override render(): TemplateResult {
    const described = [this.error === null ? '' : 'message-error', 'message-hint', this.#count === null ? '' : 'message-count'];
    return html`<form
      class=${this.dropping ? 'composer composer-dropping' : 'composer'}
      @submit=${this.#submit}
      @dragover=${this.#onDragOver}
      @dragleave=${this.#onDragLeave}
      @drop=${this.#onDrop}
      @paste=${this.#onPaste}
    >
      ${this.profile === null ? nothing : nameField()}
      <div class=${this.error === null ? 'field' : 'field field-invalid'}>
        <label class="label" for="message">${this.label ?? t('conversations.composerLabel')}</label>
        ${this.error === null ? nothing : html`<p class="field-error" id="message-error"><span class="visually-hidden">${t('ui.errorPrefix')}: </span>${this.error}</p>`}
        <textarea
          class="input"
          id="message"
          rows="2"
          aria-describedby=${described.filter((id) => id !== '').join(' ')}
          aria-invalid=${ifDefined(this.error === null ? undefined : 'true')}
          .value=${this.text}
          @input=${this.#onInput}
          @keydown=${this.#onKey}
        ></textarea>
      </div>
      ${this.dropping ? html`<p class="hint">${t('conversations.filesDrop')}</p>` : nothing}
      <gov-file-chooser .files=${this.files} .onFiles=${this.#onFiles}></gov-file-chooser>
      <div class="button-row">
        <p class="hint composer-hint" id="message-hint">
          <span class="keyboard-hint">${t(this.enterSends ? 'conversations.composerEnter' : 'conversations.composerKeys')}</span>
          ${t('conversations.composerHint')}
        </p>
        ${this.#count === null ? nothing : html`<p class="hint" id="message-count">${this.#count}</p>`}
        <button class="button" aria-disabled=${this.sending ? 'true' : nothing}>${sendIcon}${t('conversations.send')}</button>
      </div>
    </form>`;
  }

  /** How much room is left, past 80 % only. */
  get #count(): string | null {
    const left = limits.textCharacters - this.text.length;
    if (left > limits.textCharacters / 5) return null;
    return left < 0 ? t('conversations.tooLong', { count: -left }) : t('conversations.charactersLeft', { count: left });
  }

  async #loadDraft(): Promise<void> {
    const draft = await this.drafts.load(this.draftKey);
    this.#savedText = draft;
    // Somebody who was quicker than the disk keeps what he typed.
    if (this.text === '') this.text = draft;
  }

  readonly #onInput = (event: Event): void => {
    if (!(event.target instanceof HTMLTextAreaElement)) return;
    this.text = event.target.value;
    this.error = null;
    void this.#saveDraft();
  };

  /** At each keystroke, one after the other: a page that goes away waits for nothing. Resolves when what is typed now is kept. */
  #saveDraft(): Promise<void> {
    this.#saving ??= this.#saveUntilKept().finally(() => (this.#saving = null));
    return this.#saving;
  }

  async #saveUntilKept(): Promise<void> {
    while (this.#savedText !== this.text) {
      const { text } = this;
      await this.drafts.save(this.draftKey, text);
      this.#savedText = text;
    }
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || event.isComposing) return;
    const sends = event.ctrlKey || event.metaKey || (this.enterSends && !event.shiftKey);
    if (!sends) return;
    event.preventDefault();
    void this.#submit(event);
  };

  readonly #submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (this.sending) return;
    const field = this.querySelector<HTMLTextAreaElement>('#message');
    const text = this.text.trim();
    const { files } = this;
    const isEmpty = text === '' && files.length === 0;
    this.error = isEmpty ? t('conversations.emptyText') : this.text.length > limits.textCharacters ? this.#count : null;
    if (this.error !== null) {
      field?.focus();
      return;
    }
    this.sending = true;
    try {
      await this.#saveName();
      await this.send(text, files);
      this.files = this.files.filter((file) => !files.includes(file));
      // Who has gone on typing meanwhile keeps it.
      if (this.text.trim() === text) this.text = '';
      await this.#saveDraft();
    } finally {
      this.sending = false;
    }
    field?.focus();
  };

  readonly #onFiles = (files: readonly File[]): void => {
    this.files = files;
    if (files.length > 0) this.error = null;
  };

  readonly #onDragOver = (event: DragEvent): void => {
    if (event.dataTransfer?.types.includes('Files') !== true) return;
    event.preventDefault();
    this.dropping = true;
  };

  readonly #onDragLeave = ({ relatedTarget, currentTarget }: DragEvent): void => {
    const isStillInside = relatedTarget instanceof Node && currentTarget instanceof Node && currentTarget.contains(relatedTarget);
    if (!isStillInside) this.dropping = false;
  };

  readonly #onDrop = (event: DragEvent): void => {
    this.dropping = false;
    this.#addFrom(event, event.dataTransfer);
  };

  readonly #onPaste = (event: ClipboardEvent): void => this.#addFrom(event, event.clipboardData);

  /** Text that is dropped or pasted stays text. */
  #addFrom(event: Event, data: DataTransfer | null): void {
    const files = [...(data?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    this.querySelector<FileChooser>('gov-file-chooser')?.add(files);
  }

  async #saveName(): Promise<void> {
    const name = this.querySelector<HTMLInputElement>('#citizen-name')?.value.trim() ?? '';
    if (name !== '') await this.profile?.saveName(name.slice(0, limits.displayNameCharacters));
  }
}

/** A file that is dropped beside the field would replace the page, with all that was written. */
function keepPage(event: DragEvent): void {
  if (event.dataTransfer?.types.includes('Files') === true) event.preventDefault();
}

const nameField = (): TemplateResult => html`<div class="field composer-name">
  <label class="label" for="citizen-name">${t('conversations.nameLabel')} <span class="muted">(${t('ui.optional')})</span></label>
  <p class="hint" id="citizen-name-hint">${t('conversations.nameHint')}</p>
  <input class="input" id="citizen-name" autocomplete="name" maxlength=${limits.displayNameCharacters} aria-describedby="citizen-name-hint" />
</div>`;

customElements.define('gov-message-composer', MessageComposer);
