import { z } from 'zod';
import type { Bus } from '../platform/bus.ts';
import type { Database } from '../platform/database.ts';
import type { ConversationId } from '../protocol/ids.ts';
import type { Advance } from './entry.ts';
import { ConversationStore } from './store.ts';

export interface CatchUpDependencies {
  readonly database: Database;
  readonly bus: Bus;
  readonly now: () => number;
  readonly announce: (advance: Advance) => void;
}

/** How far back is looked: longer than a node may hang, and clocks may differ. */
const windowMs = 60_000;

const factSchema = z.object({ conversationId: z.custom<ConversationId>((value) => typeof value === 'string'), head: z.number() });

/**
 * What other nodes stored and this one was not told, because Redis is down or lost a hint: found in SQL. Readers are told the
 * head alone, and pull. So losing all of Redis costs time, and no message (reliability.md §0.2, rule 4).
 */
export class CatchUp {
  readonly #dependencies: CatchUpDependencies;
  /** The highest head this node's sockets were told of, by conversation; of the last minute's. */
  #heads = new Map<ConversationId, number>();

  constructor(dependencies: CatchUpDependencies) {
    this.#dependencies = dependencies;
    dependencies.bus.onHint((hint) => {
      const fact = hint.kind === 'notification' && hint.event === 'conversation:advanced' ? factSchema.safeParse(hint.fact) : null;
      if (fact?.success) this.note(fact.data.conversationId, fact.data.head);
    });
  }

  note(conversationId: ConversationId, head: number): void {
    if (head > (this.#heads.get(conversationId) ?? 0)) this.#heads.set(conversationId, head);
  }

  async check(): Promise<void> {
    const { database, bus, now, announce } = this.#dependencies;
    if (!bus.isShared) return;
    const recent = await new ConversationStore(database).findActiveSince(new Date(now() - windowMs));
    const known = this.#heads;
    this.#heads = new Map(recent.map(({ conversationId, head }) => [conversationId, Math.max(head, known.get(conversationId) ?? 0)]));
    for (const row of recent) if (row.head > (known.get(row.conversationId) ?? 0)) announce({ ...row, entries: [] });
  }
}
