import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { AccountId } from '../../server/protocol/ids.ts';
import { t } from '../i18n/translate.ts';
import { showDialog } from '../ui/dialog.ts';
import { GovElement } from '../ui/gov-element.ts';
import { WatchAll } from '../ui/watch.ts';
import type { Viewer } from './author-name.ts';
import './conversations.css';
import type { Conversation } from './conversation.ts';
import { isNewReader, type ReadersContext, readersList } from './readers-list.ts';

/**
 * Who can read this now: a card where there is room beside the log, else a button that opens a dialog. Whoever is new since the person
 * last looked is marked, until the next look.
 */
export class ReadersPanel extends GovElement {
  static override properties = {
    conversation: { attribute: false },
    viewer: { attribute: false },
    officeName: { attribute: false },
    form: { attribute: false },
    seen: { state: true },
    isOpen: { state: true },
  };
  declare conversation: Conversation;
  declare viewer: Viewer;
  declare officeName: string;
  declare form: 'card' | 'button';
  /** Who could read before this look; undefined until there is one. */
  declare seen: readonly AccountId[] | null | undefined;
  declare isOpen: boolean;
  #isRefreshed = false;
  /** Who was shown, and counts as seen. */
  #lookedAt = '';

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.conversation.state]));
    this.viewer = 'citizen';
    this.officeName = '';
    this.form = 'card';
    this.seen = undefined;
    this.isOpen = false;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('conversation')) {
      this.seen = undefined;
      this.#isRefreshed = false;
      this.#lookedAt = '';
    }
    if (this.#isRefreshed || !this.conversation.state.value.caughtUp) return;
    this.#isRefreshed = true;
    // Without a line the chains at hand have to do: they are asked for again with the page.
    this.conversation.refreshReaders().catch(() => undefined);
  }

  protected override updated(changed: PropertyValues<this>): void {
    super.updated(changed);
    if (this.#isLookedAt()) this.#look();
  }

  protected override render(): TemplateResult {
    const { readers, readersSeen } = this.conversation.state.value;
    if (this.form === 'card')
      return html`<section class="card" aria-labelledby="who-reads">
        <h2 id="who-reads">${t('conversations.sealedTitle')}</h2>
        ${readersList(readers, this.#context())}
      </section>`;
    const fresh = readers?.officials.filter((official) => isNewReader(official, readersSeen)).length ?? 0;
    return html`<p class="readers-open">
        <button class="button button-quiet" aria-haspopup="dialog" @click=${this.#open}>${t('conversations.readersShow')}</button>
        ${readers === null ? nothing : html`<span class="muted">${t('conversations.readersCount', { count: readers.officials.length })}</span>`}
        ${fresh === 0 ? nothing : html`<span class="count">${t('conversations.readersNewCount', { count: fresh })}</span>`}
      </p>
      <dialog class="dialog" aria-labelledby="who-reads-dialog">
        ${
          this.isOpen
            ? html`<h2 id="who-reads-dialog" tabindex="-1">${t('conversations.sealedTitle')}</h2>
              ${readersList(readers, this.#context())}
              <form method="dialog" class="button-row"><button class="button button-secondary">${t('conversations.readersClose')}</button></form>`
            : nothing
        }
      </dialog>`;
  }

  #context(): ReadersContext {
    const { items, view } = this.conversation.state.value;
    const byCitizen = items.findLast(
      (item) => item.kind === 'message' && item.author.accountId === view?.citizenId && item.author.name !== null,
    );
    return {
      viewer: this.viewer,
      officeName: this.officeName,
      accountId: this.conversation.accountId,
      citizenName: byCitizen?.kind === 'message' ? byCitizen.author.name : null,
      seen: this.seen ?? null,
    };
  }

  #isLookedAt(): boolean {
    const { readers } = this.conversation.state.value;
    return readers !== null && (this.form === 'button' ? this.isOpen : this.checkVisibility());
  }

  #look(): void {
    const { readers, readersSeen } = this.conversation.state.value;
    this.seen ??= readersSeen;
    const shown = readers?.officials.map(({ accountId }) => accountId).join(' ') ?? '';
    if (shown === this.#lookedAt) return;
    this.#lookedAt = shown;
    // Not kept this time: they are new once more the next time.
    this.conversation.markReadersSeen().catch(() => undefined);
  }

  readonly #open = async (): Promise<void> => {
    this.seen = undefined;
    this.#lookedAt = '';
    this.isOpen = true;
    await this.updateComplete;
    const dialog = this.querySelector('dialog');
    if (dialog !== null) await showDialog(dialog);
    this.isOpen = false;
  };
}

customElements.define('gov-readers-panel', ReadersPanel);
