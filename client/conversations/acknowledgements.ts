import type { MessageId } from '../../server/protocol/ids.ts';
import type { Outbox } from '../net/outbox.ts';
import type { ConversationLog } from './conversation-log.ts';
import type { Acknowledged } from './conversation-state.ts';

/** Messages the server has confirmed and whose entries have not come back yet. */
export class Acknowledgements {
  readonly #outbox: Pick<Outbox, 'items' | 'remove'>;
  readonly #messages = new Map<MessageId, Acknowledged>();
  /** Confirmed at a position that has come, and stands there not. */
  readonly #missed = new Set<MessageId>();

  constructor(outbox: Pick<Outbox, 'items' | 'remove'>) {
    this.#outbox = outbox;
  }

  get messages(): readonly Acknowledged[] {
    return Array.from(this.#messages.values());
  }

  add(message: Acknowledged): void {
    this.#messages.set(message.messageId, message);
  }

  /** A message that stands in the log needs neither its acknowledgement nor its place in the outbox. */
  async settle(log: ConversationLog | null): Promise<void> {
    const unsettled = new Set([...this.#messages.keys(), ...this.#outbox.items.value.map(({ messageId }) => messageId)]);
    if (unsettled.size === 0) return;
    for (const entry of log?.opened ?? []) {
      if (entry.kind !== 'message' || !unsettled.has(entry.messageId)) continue;
      this.#messages.delete(entry.messageId);
      await this.#outbox.remove(entry.messageId);
    }
  }

  /** Whether something confirmed is not where it was said to be; true once for each. */
  takeMissing(log: ConversationLog | null): boolean {
    const missing = this.messages.filter(
      ({ messageId, position }) =>
        position <= (log?.position ?? 0) &&
        !this.#missed.has(messageId) &&
        !log?.opened.some((entry) => entry.kind === 'message' && entry.messageId === messageId),
    );
    for (const { messageId } of missing) this.#missed.add(messageId);
    return missing.length > 0;
  }
}
