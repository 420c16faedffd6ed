import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { ConversationId } from '../../server/protocol/ids.ts';
import { fmt } from '../i18n/fmt.ts';
import { t } from '../i18n/translate.ts';
import { announcer } from '../ui/announcer.ts';
import { GovElement } from '../ui/gov-element.ts';
import { WatchAll } from '../ui/watch.ts';
import './attachments.css';
import type { Attachments, Upload } from './attachments.ts';
import { fileLabel } from './file-label.ts';
import { uploadFailureText } from './file-problem-text.ts';

/** The files of one conversation that are on their way, each with how far it is, and with what went wrong. */
export class UploadList extends GovElement {
  static override properties = { attachments: { attribute: false }, conversationId: { attribute: false } };
  declare attachments: Attachments;
  declare conversationId: ConversationId;
  /** Failures that were spoken. */
  #told = new Set<string>();
  #count = 0;

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.attachments.uploads]));
  }

  override connectedCallback(): void {
    super.connectedCallback();
    globalThis.addEventListener('beforeunload', this.#warn);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    globalThis.removeEventListener('beforeunload', this.#warn);
  }

  protected override willUpdate(): void {
    const failed = this.#uploads.filter(({ phase }) => phase === 'failed');
    for (const { messageId, name, failure } of failed) {
      if (this.#told.has(messageId) || failure === null) continue;
      announcer().announce(t('conversations.fileFailed', { name, reason: uploadFailureText(failure) }));
    }
    this.#told = new Set(failed.map(({ messageId }) => messageId));
  }

  protected override updated(): void {
    // One more, or one more that needs somebody.
    const count = this.#uploads.length + this.#told.size;
    if (count > this.#count) this.scrollIntoView({ block: 'end' });
    this.#count = count;
  }

  protected override render(): TemplateResult | typeof nothing {
    const uploads = this.#uploads;
    if (uploads.length === 0) return nothing;
    return html`<section class="files" aria-labelledby="uploads-title">
      <h2 class="files-title" id="uploads-title">${t('conversations.uploads')}</h2>
      <ul class="plain file-list">
        ${repeat(
          uploads,
          ({ messageId }) => messageId,
          (upload) => html`<li class=${upload.phase === 'failed' ? 'file-row file-failed' : 'file-row'}>${this.#row(upload)}</li>`,
        )}
      </ul>
    </section>`;
  }

  #row(upload: Upload): TemplateResult {
    const { messageId, name, bytes, phase, done, failure } = upload;
    const named = html`<span class="visually-hidden"> ${name}</span>`;
    return html`<div class="file-words">
        ${fileLabel(name)} <span class="meta nowrap">${fmt.fileSize(bytes)}</span>
        <p class="message-state">${failure === null ? progressText(upload) : uploadFailureText(failure)}</p>
        ${phase === 'failed' || phase === 'waiting' ? nothing : html`<progress max="1" .value=${done} aria-label=${name}></progress>`}
      </div>
      <div class="file-actions">
        ${phase !== 'failed' || failure === 'lost' ? nothing : html`<button type="button" class="button button-quiet" @click=${() => this.attachments.retry(messageId)}>${t('conversations.retry')}${named}</button>`}
        <button type="button" class="button button-quiet" @click=${() => this.#cancel(upload)}>
          ${t(phase === 'failed' ? 'conversations.fileRemove' : 'conversations.fileCancel')}${named}
        </button>
      </div>`;
  }

  get #uploads(): readonly Upload[] {
    return this.attachments.uploads.value.filter(({ conversationId }) => conversationId === this.conversationId);
  }

  #cancel({ messageId, name }: Upload): void {
    void this.attachments.cancel(messageId);
    announcer().announce(t('conversations.fileCancelled', { name }));
    this.closest('.conversation')?.querySelector<HTMLElement>('textarea')?.focus();
  }

  /** What is not sealed yet is lost with the page. */
  readonly #warn = (event: BeforeUnloadEvent): void => {
    if (this.attachments.isSealing) event.preventDefault();
  };
}

function progressText({ phase, done }: Upload): string {
  if (phase === 'waiting') return t('conversations.fileWaiting');
  const percent = fmt.number(Math.floor(done * 100));
  return t(phase === 'sealing' ? 'conversations.fileSealing' : 'conversations.fileSending', { percent });
}

customElements.define('gov-upload-list', UploadList);
