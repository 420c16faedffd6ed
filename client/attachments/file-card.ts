import { html, nothing, type TemplateResult } from 'lit';
import fileIcon from 'lucide-static/icons/file.svg?icon';
import type { ConversationId } from '../../server/protocol/ids.ts';
import type { FileDescription } from '../crypto/file-payload.ts';
import { fmt } from '../i18n/fmt.ts';
import { t } from '../i18n/translate.ts';
import { announcer } from '../ui/announcer.ts';
import { GovElement } from '../ui/gov-element.ts';
import './attachments.css';
import type { Attachments } from './attachments.ts';
import { fileLabel } from './file-label.ts';
import { cleanName, isActiveName } from './file-name.ts';
import { downloadFailureText } from './file-problem-text.ts';
import { readImageHeader } from './image-header.ts';
import { showPicture } from './picture-dialog.ts';

/** A drawn thumbnail is no larger than this; one that says it is was not made by this program. */
const maxThumbnailSide = 512;

/**
 * A file that was sent. Nothing of it is shown but a small picture, which came with the message; its bytes are fetched when somebody asks
 * for them, verified whole, and then drawn anew as a picture or saved. No other kind is opened here.
 */
export class FileCard extends GovElement {
  static override properties = {
    file: { attribute: false },
    conversationId: { attribute: false },
    attachments: { attribute: false },
    progress: { state: true },
    problem: { state: true },
    thumbnail: { state: true },
  };
  declare file: FileDescription;
  declare conversationId: ConversationId;
  declare attachments: Attachments;
  /** While it is fetched; null otherwise. */
  declare progress: number | null;
  declare problem: string | null;
  declare thumbnail: string | null;
  #fetching: AbortController | null = null;
  #shownThumb: Uint8Array | null = null;

  constructor() {
    super();
    this.progress = null;
    this.problem = null;
    this.thumbnail = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#shownThumb = null;
    this.requestUpdate();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#fetching?.abort();
    this.#dropThumbnail();
  }

  protected override willUpdate(): void {
    const { thumb } = this.file;
    if (thumb === this.#shownThumb) return;
    this.#dropThumbnail();
    this.#shownThumb = thumb;
    const header = thumb && readImageHeader(thumb);
    if (thumb === null || header === null || Math.max(header.width, header.height) > maxThumbnailSide) return;
    this.thumbnail = URL.createObjectURL(new Blob([new Uint8Array(thumb)], { type: `image/${header.format}` }));
  }

  protected override render(): TemplateResult {
    const { file, progress, problem, thumbnail } = this;
    const name = cleanName(file.name);
    const named = html`<span class="visually-hidden"> ${name}</span>`;
    return html`<div class="file-card">
      <div class=${thumbnail === null ? 'file-picture file-icon' : 'file-picture'}>${thumbnail === null ? fileIcon : html`<img src=${thumbnail} alt="" />`}</div>
      <div class="file-words">
        <p class="message-text">${fileLabel(file.name)} <span class="meta nowrap">${fmt.fileSize(file.plainBytes)}</span></p>
        ${isActiveName(file.name) ? html`<p class="message-state">${t('conversations.fileActive')}</p>` : nothing}
        ${problem === null ? nothing : html`<p class="field-error">${problem}</p>`}
        ${
          progress === null
            ? nothing
            : html`<p class="message-state">${t('conversations.fileLoading', { percent: fmt.number(Math.floor(progress * 100)) })}</p>
          <progress max="1" .value=${progress} aria-label=${name}></progress>`
        }
        <p class="file-actions">
          ${thumbnail === null ? nothing : html`<button class="button button-quiet" aria-disabled=${progress === null ? nothing : 'true'} @click=${this.#open}>${t('conversations.fileOpen')}${named}</button>`}
          <button class="button button-quiet" aria-disabled=${progress === null ? nothing : 'true'} @click=${this.#save}>${t('conversations.fileSave')}${named}</button>
          ${progress === null ? nothing : html`<button class="button button-quiet" @click=${this.#stop}>${t('conversations.fileCancel')}${named}</button>`}
        </p>
      </div>
    </div>`;
  }

  /** The verified whole; null when it could not be had, which is said, or the person gave up. */
  async #fetch(): Promise<Blob | null> {
    if (this.progress !== null) return null;
    const fetching = new AbortController();
    this.#fetching = fetching;
    this.problem = null;
    this.progress = 0;
    const onProgress = (done: number): void => void (fetching.signal.aborted || (this.progress = done));
    try {
      return await this.attachments.download(this.conversationId, this.file, { signal: fetching.signal, onProgress });
    } catch (error) {
      if (!fetching.signal.aborted) this.#tell(downloadFailureText(error));
      return null;
    } finally {
      if (this.#fetching === fetching) this.progress = null;
    }
  }

  readonly #open = async (): Promise<void> => {
    const blob = await this.#fetch();
    if (blob === null) return;
    const picture = await this.attachments.preview(blob);
    if (picture === null) this.#tell(t('conversations.fileNoPreview'));
    else if ((await showPicture(picture, this.file.name)) === 'save') this.#handOver(blob);
  };

  #tell(problem: string): void {
    this.problem = problem;
    announcer().announce(problem);
  }

  readonly #save = async (): Promise<void> => {
    const blob = await this.#fetch();
    if (blob !== null) this.#handOver(blob);
  };

  readonly #stop = (): void => {
    this.#fetching?.abort();
    this.progress = null;
    this.querySelector<HTMLElement>('.file-actions button')?.focus();
  };

  /** As octets under its name: the browser saves it and opens nothing. */
  #handOver(blob: Blob): void {
    const name = cleanName(this.file.name);
    const link = document.createElement('a');
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    // The browser has begun to read it by then, and reads on.
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    announcer().announce(t('conversations.fileSaved', { name }));
  }

  #dropThumbnail(): void {
    if (this.thumbnail !== null) URL.revokeObjectURL(this.thumbnail);
    this.thumbnail = null;
  }
}

customElements.define('gov-file-card', FileCard);
