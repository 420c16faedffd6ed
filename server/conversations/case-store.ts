import { sql } from 'kysely';
import type { Database } from '../platform/database.ts';
import type { ConversationId, InboxId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import type { CutSurvey } from '../protocol/retention.ts';

/** A retention cut of an inbox, as its cases see it. */
interface Cut {
  readonly inboxId: InboxId;
  readonly quietSince: Date;
  readonly generation: number;
}

/**
 * Cases of an inbox that its people can open. Staying: something was said or done since the cut-off, or the newest epoch is sealed to the
 * cut's key already. A new epoch alone is no activity: else whatever was once taken along would never expire.
 */
function casesFor({ inboxId, quietSince, generation }: Cut) {
  return sql`
    select c.conversation_id, newest.is_renewed,
      newest.is_renewed or coalesce((
        select e.accepted_at from entries e where e.conversation_id = c.conversation_id and e.kind <> 'epoch' order by e.position desc limit 1
      ), c.opened_at) >= ${quietSince} as is_staying,
      newest.has_older
    from conversations c
    join lateral (
      select bool_or(b.reader_kind = 'inbox' and b.generation >= ${generation}) as is_renewed, bool_or(b.reader_kind = 'inbox' and b.generation < ${generation}) as has_older
      from epoch_boxes b where b.conversation_id = c.conversation_id and b.epoch = c.epoch and b.reader_kind <> 'user'
    ) newest on newest.is_renewed is not null
    where c.inbox_id = ${inboxId}`;
}

/** What letting old cases expire means for conversations; for the offices' feature, within its transaction. */
export const inboxCases = {
  async survey(database: Database, cut: Cut, after: ConversationId | null): Promise<CutSurvey> {
    const { rows: counts } = await sql<Pick<CutSurvey, 'staying' | 'expiring' | 'outstanding'>>`
      select count(*) filter (where is_staying)::integer as staying, count(*) filter (where not is_staying)::integer as expiring,
        count(*) filter (where is_staying and has_older)::integer as outstanding
      from (${casesFor(cut)}) cases`.execute(database);
    // Sealed to officials one by one, a case does not depend on the inbox's key: it is sealed to that before its next message.
    const { rows } = await sql<{ conversationId: ConversationId }>`
      select conversation_id from (${casesFor(cut)}) cases
      where is_staying and has_older and conversation_id > ${after ?? ''} order by conversation_id limit ${limits.casesPerSurvey}`.execute(
      database,
    );
    const [count] = counts;
    return {
      staying: count?.staying ?? 0,
      expiring: count?.expiring ?? 0,
      outstanding: count?.outstanding ?? 0,
      toRenew: rows.map(({ conversationId }) => conversationId),
    };
  },

  async forget(database: Database, cut: Cut): Promise<void> {
    const { inboxId, generation } = cut;
    await sql`
      delete from epoch_boxes using (${casesFor(cut)}) cases
      where epoch_boxes.conversation_id = cases.conversation_id and not cases.is_staying and epoch_boxes.reader_kind <> 'user'`.execute(
      database,
    );
    // Of cases that stay or were handed over too: their newest epoch leads to the ones before.
    await sql`delete from epoch_boxes where reader_kind = 'inbox' and reader_id = ${inboxId} and generation < ${generation}`.execute(
      database,
    );
  },
};
