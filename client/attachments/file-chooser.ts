import { html, nothing, type TemplateResult } from 'lit';
import camera from 'lucide-static/icons/camera.svg?icon';
import paperclip from 'lucide-static/icons/paperclip.svg?icon';
import { limits } from '../../server/protocol/limits.ts';
import { fmt } from '../i18n/fmt.ts';
import { t } from '../i18n/translate.ts';
import { announcer } from '../ui/announcer.ts';
import { GovElement } from '../ui/gov-element.ts';
import './attachments.css';
import { takePhoto } from './camera-dialog.ts';
import { fileLabel } from './file-label.ts';
import { cleanName } from './file-name.ts';

/** Kinds that often carry a place and that not every browser can clean. */
const mayTellPlace = /^video\/|^image\/(?:hei[cf]|avif|tiff)/;

/** Chooses what is sent along: files, or a photo; shows what is chosen and what cannot be. */
export class FileChooser extends GovElement {
  static override properties = {
    files: { attribute: false },
    onFiles: { attribute: false },
    problems: { state: true },
  };
  declare files: readonly File[];
  declare onFiles: (files: readonly File[]) => void;
  declare problems: readonly string[];

  constructor() {
    super();
    this.files = [];
    this.problems = [];
  }

  /** Adds what fits, and says of the rest why not. */
  add(added: readonly File[]): void {
    const fitting = added.filter(({ size }) => size <= limits.fileBytes);
    const room = Math.max(0, limits.filesAtOnce - this.files.length);
    const limit = fmt.fileSize(limits.fileBytes);
    this.problems = [
      ...added
        .filter((file) => !fitting.includes(file))
        .map(({ name }) => t('conversations.fileTooLarge', { name: cleanName(name), limit })),
      ...(fitting.length > room ? [t('conversations.filesTooMany', { count: limits.filesAtOnce })] : []),
    ];
    for (const problem of this.problems) announcer().announce(problem);
    const taken = fitting.slice(0, room);
    if (taken.length > 0) announcer().announce(t('conversations.filesAdded', { count: taken.length }));
    this.onFiles([...this.files, ...taken]);
  }

  protected override render(): TemplateResult {
    return html`${
      this.problems.length === 0
        ? nothing
        : this.problems.map(
            (problem) => html`<p class="field-error"><span class="visually-hidden">${t('ui.errorPrefix')}: </span>${problem}</p>`,
          )
    }
      ${this.files.length === 0 ? nothing : this.#chosen()}
      <div class="file-buttons">
        <button type="button" class="button button-quiet" aria-describedby="files-hint" @click=${this.#openChooser}>${paperclip}${t('conversations.attachFiles')}</button>
        <button type="button" class="button button-quiet" @click=${this.#openCamera}>${camera}${t('conversations.takePhoto')}</button>
        <p class="hint visually-hidden" id="files-hint">${t('conversations.filesHint', { limit: fmt.fileSize(limits.fileBytes) })}</p>
        <input type="file" class="file-any" multiple hidden @change=${this.#onInput} />
        <input type="file" class="file-camera" accept="image/*" capture="environment" hidden @change=${this.#onInput} />
      </div>`;
  }

  #chosen(): TemplateResult {
    return html`<section class="files" aria-labelledby="files-title">
      <h2 class="files-title" id="files-title">${t('conversations.filesChosen')}</h2>
      ${this.files.some(({ type }) => type.startsWith('image/')) ? html`<p class="hint">${t('conversations.filesHint', { limit: fmt.fileSize(limits.fileBytes) })}</p>` : nothing}
      <ul class="plain file-list">
        ${this.files.map(
          (file) => html`<li class="file-row">
            <div class="file-words">
              ${fileLabel(file.name)} <span class="meta nowrap">${fmt.fileSize(file.size)}</span>
              ${mayTellPlace.test(file.type) ? html`<p class="hint">${t('conversations.fileMayTellPlace')}</p>` : nothing}
            </div>
            <button type="button" class="button button-quiet" @click=${() => this.#remove(file)}>
              ${t('conversations.fileRemove')}<span class="visually-hidden"> ${cleanName(file.name)}</span>
            </button>
          </li>`,
        )}
      </ul>
    </section>`;
  }

  #remove(file: File): void {
    this.onFiles(this.files.filter((other) => other !== file));
    announcer().announce(t('conversations.fileRemoved', { name: cleanName(file.name) }));
    this.querySelector<HTMLElement>('.file-buttons button')?.focus();
  }

  readonly #openChooser = (): void => this.querySelector<HTMLInputElement>('.file-any')?.click();

  /** A telephone has a camera program of its own, which is better than ours. */
  readonly #openCamera = async (): Promise<void> => {
    if (matchMedia('(hover: none) and (pointer: coarse)').matches) {
      this.querySelector<HTMLInputElement>('.file-camera')?.click();
      return;
    }
    const photo = await takePhoto();
    if (photo !== null) this.add([photo]);
  };

  readonly #onInput = ({ target }: Event): void => {
    if (!(target instanceof HTMLInputElement)) return;
    this.add([...(target.files ?? [])]);
    // The same file again is a change too.
    target.value = '';
  };
}

customElements.define('gov-file-chooser', FileChooser);
