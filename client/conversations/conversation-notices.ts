import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { t } from '../i18n/translate.ts';
import { announcer } from '../ui/announcer.ts';
import { confirmDialog } from '../ui/dialog.ts';
import { GovElement } from '../ui/gov-element.ts';
import { notice } from '../ui/notice.ts';
import { WatchAll } from '../ui/watch.ts';
import type { Viewer } from './author-name.ts';
import type { Conversation } from './conversation.ts';
import { type ConversationProblem, isContradiction } from './items.ts';
import { conversationProblemText } from './problem-text.ts';

/** What is wrong with a conversation, in words, with what can be done: keep the evidence, give a history back. */
export class ConversationNotices extends GovElement {
  static override properties = {
    conversation: { attribute: false },
    viewer: { attribute: false },
    isWorking: { state: true },
    outcome: { state: true },
  };
  declare conversation: Conversation;
  declare viewer: Viewer;
  declare isWorking: boolean;
  declare outcome: 'restored' | 'restoreFailed' | null;
  /** What has been spoken: each kind once. */
  readonly #told = new Set<ConversationProblem['kind']>();

  constructor() {
    super();
    this.addController(new WatchAll(this, () => [this.conversation.state]));
    this.viewer = 'citizen';
    this.isWorking = false;
    this.outcome = null;
  }

  protected override updated(changed: PropertyValues<this>): void {
    super.updated(changed);
    if (changed.has('conversation')) this.#told.clear();
    for (const problem of this.conversation.state.value.problems) {
      if (!isContradiction(problem) || this.#told.has(problem.kind)) continue;
      this.#told.add(problem.kind);
      announcer().announce(this.#text(problem));
    }
  }

  protected override render(): TemplateResult {
    const { problems } = this.conversation.state.value;
    const [reset] = problems.filter(({ kind }) => kind === 'reset');
    const [transferred] = problems.filter(({ kind }) => kind === 'transferred');
    const [expired] = problems.filter(({ kind }) => kind === 'expired');
    const others = problems.filter(({ kind }) => kind !== 'reset' && kind !== 'transferred' && kind !== 'expired');
    return html`${this.outcome === null ? nothing : this.#outcomeNotice(this.outcome)}
      ${reset === undefined ? nothing : this.#resetNotice(reset)}
      ${transferred === undefined ? nothing : notice({ kind: 'info', heading: t('conversations.transferredTitle'), body: html`<p>${this.#text(transferred)}</p>` })}
      ${expired === undefined ? nothing : notice({ kind: 'info', heading: t('conversations.expiredTitle'), body: html`<p>${this.#text(expired)}</p>` })}
      ${others.length === 0 ? nothing : this.#dangerNotice(others)}`;
  }

  #text(problem: ConversationProblem): string {
    return conversationProblemText(problem, this.viewer);
  }

  #dangerNotice(problems: readonly ConversationProblem[]): TemplateResult {
    const evidence = html`<p class="button-row">
        <button class="button button-secondary" @click=${this.#saveEvidence}>${t('conversations.evidenceSave')}</button>
      </p>
      <p class="hint">${t('conversations.evidenceHint')}</p>`;
    return notice({
      kind: 'danger',
      heading: t('conversations.problemTitle'),
      body: html`${problems.map((problem) => html`<p>${this.#text(problem)}</p>`)} ${problems.some(isContradiction) ? evidence : nothing}`,
    });
  }

  #resetNotice(problem: ConversationProblem): TemplateResult {
    const act = html`<p class="button-row">
      <button class="button" ?disabled=${this.isWorking} @click=${this.#giveBack}>${t('conversations.restore')}</button>
    </p>`;
    return notice({
      kind: 'warning',
      heading: t('conversations.resetTitle'),
      body: html`<p>${this.#text(problem)}</p>${this.viewer === 'office' ? act : nothing}`,
    });
  }

  #outcomeNotice(outcome: 'restored' | 'restoreFailed'): TemplateResult {
    return notice({
      kind: outcome === 'restored' ? 'success' : 'danger',
      body: html`<p>${t(`conversations.${outcome}`)}</p>`,
      outcome: true,
    });
  }

  readonly #giveBack = async (): Promise<void> => {
    const agreed = await confirmDialog({
      heading: t('conversations.restoreTitle'),
      text: t('conversations.restoreText'),
      confirm: t('conversations.restoreConfirm'),
      danger: true,
    });
    if (!agreed) return;
    this.isWorking = true;
    this.outcome = null;
    try {
      await this.conversation.giveHistoryBack();
      this.outcome = 'restored';
    } catch {
      this.outcome = 'restoreFailed';
    } finally {
      this.isWorking = false;
    }
  };

  readonly #saveEvidence = async (): Promise<void> => {
    try {
      const text = await this.conversation.exportEvidence();
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
      link.download = `schalter-${this.conversation.conversationId}.json`;
      link.click();
      URL.revokeObjectURL(link.href);
    } catch {
      announcer().announce(t('conversations.restoreFailed'), { urgent: true });
    }
  };
}

customElements.define('gov-conversation-notices', ConversationNotices);
