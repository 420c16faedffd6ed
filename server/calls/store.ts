import type { Selectable, Updateable } from 'kysely';
import type { CallEndReason } from '../protocol/conversations.ts';
import type { AccountId, CallId, ConversationId, OfficeId, QueueEntryId } from '../protocol/ids.ts';
import { AppError } from '../platform/app-error.ts';
import { found, violatedConstraint, type Database, type Transaction } from '../platform/database.ts';
import type { Call, ConnectingState } from './call.ts';

type CallsTable = {
  callId: CallId;
  conversationId: ConversationId;
  entryId: QueueEntryId;
  citizenId: AccountId;
  officialId: AccountId;
  officialName: string;
  officeId: OfficeId;
  state: Call['state'];
  reason: CallEndReason | null;
  startedAt: Date;
  citizenConnectedAt: Date | null;
  officialConnectedAt: Date | null;
  endedAt: Date | null;
  lastSeenAt: Date;
};
type Tables = { calls: CallsTable };

export type CallStore = ReturnType<typeof createCallStore>;

export function createCallStore(database: Database) {
  const calls = (within: Database = database) => within.withTables<Tables>();

  return {
    /** Throws `bad_state` when one of the two is in another call. */
    async add(transaction: Transaction, call: ConnectingState): Promise<void> {
      const { callId, conversationId, entryId, citizenId, official, startedAt } = call;
      const people = { citizenId, officialId: official.accountId, officialName: official.displayName, officeId: official.officeId };
      const times = { startedAt: new Date(startedAt), lastSeenAt: new Date(startedAt) };
      try {
        await calls(transaction)
          .insertInto('calls')
          .values({ callId, conversationId, entryId, ...people, ...times, ...stateColumns(call) })
          .execute();
      } catch (error) {
        const constraint = violatedConstraint(error);
        if (constraint === 'one_running_call_an_official' || constraint === 'one_running_call_a_citizen')
          throw new AppError('bad_state', 'already in another call', { cause: error });
        throw error;
      }
    },

    async find(callId: CallId): Promise<Call | null> {
      const row = await calls().selectFrom('calls').selectAll().where('callId', '=', callId).executeTakeFirst();
      return row ? toCall(row) : null;
    },

    /** Reads the call under a lock, applies the transition, writes it. Throws `not_found`, and whatever the transition throws. */
    async change<Next extends Call>(
      transaction: Transaction,
      callId: CallId,
      transition: (call: Call) => Next,
    ): Promise<{ before: Call; after: Next }> {
      const row = await calls(transaction).selectFrom('calls').selectAll().where('callId', '=', callId).forUpdate().executeTakeFirst();
      const before = toCall(found(row, 'call'));
      const after = transition(before);
      if (after !== before) await calls(transaction).updateTable('calls').set(stateColumns(after)).where('callId', '=', callId).execute();
      return { before, after };
    },

    async listRunningOf(accountId: AccountId): Promise<readonly Call[]> {
      const rows = await calls()
        .selectFrom('calls')
        .selectAll()
        .where('state', '<>', 'ended')
        .where((where) => where.or([where('citizenId', '=', accountId), where('officialId', '=', accountId)]))
        .orderBy('startedAt')
        .execute();
      return rows.map(toCall);
    },

    async listRunning(): Promise<readonly Call[]> {
      return (await calls().selectFrom('calls').selectAll().where('state', '<>', 'ended').execute()).map(toCall);
    },

    /** Somebody is in these. */
    async markSeen(callIds: readonly CallId[], at: number): Promise<void> {
      if (callIds.length === 0) return;
      await calls()
        .updateTable('calls')
        .set({ lastSeenAt: new Date(at) })
        .where('callId', 'in', callIds)
        .where('state', '<>', 'ended')
        .execute();
    },

    /** Running calls in which nobody was seen since then. */
    async listDeserted(before: number): Promise<readonly CallId[]> {
      const rows = await calls()
        .selectFrom('calls')
        .select('callId')
        .where('state', '<>', 'ended')
        .where('lastSeenAt', '<', new Date(before))
        .execute();
      return rows.map(({ callId }) => callId);
    },
  };
}

function stateColumns(call: Call) {
  const { state, citizenConnectedAt, officialConnectedAt } = call;
  return {
    state,
    reason: call.state === 'ended' ? call.reason : null,
    endedAt: call.state === 'ended' ? new Date(call.endedAt) : null,
    citizenConnectedAt: citizenConnectedAt === null ? null : new Date(citizenConnectedAt),
    officialConnectedAt: officialConnectedAt === null ? null : new Date(officialConnectedAt),
  } satisfies Updateable<CallsTable>;
}

function toCall(row: Selectable<CallsTable>): Call {
  const base = {
    callId: row.callId,
    conversationId: row.conversationId,
    entryId: row.entryId,
    citizenId: row.citizenId,
    official: { accountId: row.officialId, displayName: row.officialName, officeId: row.officeId },
    startedAt: row.startedAt.getTime(),
  };
  const citizenConnectedAt = row.citizenConnectedAt?.getTime() ?? null;
  const officialConnectedAt = row.officialConnectedAt?.getTime() ?? null;
  if (row.state === 'connecting') return { ...base, state: row.state, citizenConnectedAt, officialConnectedAt };
  // The table's checks say that an active call has both times, and an ended one its reason and end.
  if (row.state === 'active')
    return { ...base, state: row.state, citizenConnectedAt: citizenConnectedAt ?? 0, officialConnectedAt: officialConnectedAt ?? 0 };
  if (!row.reason || !row.endedAt) throw new TypeError(`call ${row.callId} ended without a reason`);
  return { ...base, state: row.state, citizenConnectedAt, officialConnectedAt, reason: row.reason, endedAt: row.endedAt.getTime() };
}
