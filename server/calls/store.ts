import { sql, type Insertable, type Selectable, type Updateable } from 'kysely';
import type { CallEndReason } from '../protocol/conversations.ts';
import type { AccountId, CallId, ConversationId, OfficeId, QueueEntryId, ServiceId } from '../protocol/ids.ts';
import { AppError } from '../platform/app-error.ts';
import { found, violatedConstraint, type Database, type Transaction } from '../platform/database.ts';
import type { Call, Companion, ConnectingState } from './call.ts';

type CallsTable = {
  callId: CallId;
  conversationId: ConversationId;
  entryId: QueueEntryId;
  serviceId: ServiceId;
  citizenId: AccountId;
  officialId: AccountId;
  officialName: string;
  officeId: OfficeId;
  state: Call['state'];
  reason: CallEndReason | null;
  startedAt: Date;
  answeredAt: Date | null;
  citizenConnectedAt: Date | null;
  officialConnectedAt: Date | null;
  held: boolean;
  sfuNode: string | null;
  endedAt: Date | null;
  lastSeenAt: Date;
  changedAt: Date;
};
type Tables = { calls: CallsTable; callParticipants: { callId: CallId; accountId: AccountId; gone: string | null } };
type Row = Selectable<CallsTable> & { readonly companions: readonly Companion[] };

export type CallStore = ReturnType<typeof createCallStore>;

/** Calls in SQL. What takes a transaction is a part of somebody's commit. */
export function createCallStore(database: Database) {
  const calls = (within: Database = database) => within.withTables<Tables>();
  const rows = (within?: Database) =>
    calls(within)
      .selectFrom('calls')
      .selectAll()
      .select(
        sql<readonly Companion[]>`coalesce((
          select json_agg(json_build_object('accountId', account_id, 'role', role, 'displayName', display_name, 'inviterId', inviter_id,
            'hasJoined', joined_at is not null) order by invited_at, account_id)
          from call_participants where call_participants.call_id = calls.call_id and gone is null), '[]')`.as('companions'),
      );
  const read = async (within: Database, callId: CallId): Promise<Call> =>
    toCall(found(await rows(within).where('callId', '=', callId).executeTakeFirst(), 'call'));

  /** The call as it is, for this transaction alone to change until its commit. Throws `not_found`. */
  const lock = async (transaction: Transaction, callId: CallId): Promise<Call> => {
    await calls(transaction).selectFrom('calls').select('callId').where('callId', '=', callId).forUpdate().execute();
    // Only now: what was read while waiting for the lock could be older than it.
    return await read(transaction, callId);
  };

  return {
    lock,

    /** Throws `bad_state` when one of the two is in another call. */
    async add(transaction: Transaction, call: ConnectingState): Promise<void> {
      const { callId, conversationId, entryId, serviceId, citizenId } = call;
      const row: Insertable<CallsTable> = {
        callId,
        conversationId,
        entryId,
        serviceId,
        citizenId,
        ...changingColumns(call),
        startedAt: new Date(call.startedAt),
        lastSeenAt: new Date(call.startedAt),
        changedAt: new Date(call.startedAt),
        sfuNode: null,
      };
      await refuseSecondCall(async () => await calls(transaction).insertInto('calls').values(row).execute());
    },

    async find(callId: CallId): Promise<Call | null> {
      const row = await rows().where('callId', '=', callId).executeTakeFirst();
      return row ? toCall(row) : null;
    },

    /** Throws `not_found`. */
    get: async (callId: CallId): Promise<Call> => await read(database, callId),

    /** As it stands in this transaction. Throws `not_found`. */
    read: async (transaction: Transaction, callId: CallId): Promise<Call> => await read(transaction, callId),

    /**
     * Reads the call under a lock, applies the transition, writes it. Throws `not_found`, `bad_state` when somebody would be in two
     * calls, and whatever the transition throws.
     */
    async change<Next extends Call>(
      transaction: Transaction,
      callId: CallId,
      at: number,
      transition: (call: Call) => Next,
    ): Promise<{ before: Call; after: Next }> {
      const before = await lock(transaction, callId);
      const after = transition(before);
      if (after !== before) {
        const columns = { ...changingColumns(after), changedAt: new Date(at) };
        await refuseSecondCall(
          async () => await calls(transaction).updateTable('calls').set(columns).where('callId', '=', callId).execute(),
        );
      }
      return { before, after };
    },

    /** What its people are shown is another now, by what stands beside it. */
    async touch(transaction: Transaction, callId: CallId, at: number): Promise<void> {
      await calls(transaction)
        .updateTable('calls')
        .set({ changedAt: new Date(at) })
        .where('callId', '=', callId)
        .execute();
    },

    async listRunningOf(accountId: AccountId): Promise<readonly Call[]> {
      const listed = await rows()
        .where('state', '<>', 'ended')
        .where((where) =>
          where.or([
            where('citizenId', '=', accountId),
            where('officialId', '=', accountId),
            where.exists(
              where
                .selectFrom('callParticipants')
                .select('callParticipants.callId')
                .whereRef('callParticipants.callId', '=', 'calls.callId')
                .where('callParticipants.accountId', '=', accountId)
                .where('gone', 'is', null),
            ),
          ]),
        )
        .orderBy('startedAt')
        .execute();
      return listed.map(toCall);
    },

    async listRunning(): Promise<readonly Call[]> {
      return (await rows().where('state', '<>', 'ended').execute()).map(toCall);
    },

    /** Those of which something was changed since then, running or not. */
    async listChangedSince(since: number): Promise<readonly { readonly call: Call; readonly changedAt: number }[]> {
      const listed = await rows().where('changedAt', '>', new Date(since)).execute();
      return listed.map((row) => ({ call: toCall(row), changedAt: row.changedAt.getTime() }));
    },

    /** Gives the call another node, if it is still on the one it was on: of several who try, one moves it. Says where it is now. */
    async place(callId: CallId, { from, to }: { readonly from: string | null; readonly to: string }) {
      const moved = await calls()
        .updateTable('calls')
        .set({ sfuNode: to })
        .where('callId', '=', callId)
        .where('state', '<>', 'ended')
        .where(sql<boolean>`sfu_node is not distinct from ${from}`)
        .returning('sfuNode')
        .executeTakeFirst();
      if (moved) return { node: to, isMoved: true };
      const row = await calls().selectFrom('calls').select('sfuNode').where('callId', '=', callId).executeTakeFirst();
      return { node: row?.sfuNode ?? to, isMoved: false };
    },

    /** Running calls on nodes that are none of these. */
    async listElsewhere(nodes: readonly string[]): Promise<readonly Call[]> {
      const listed = await rows()
        .where('state', '<>', 'ended')
        .where(sql<boolean>`sfu_node <> all (${[...nodes]}::text[])`)
        .execute();
      return listed.map(toCall);
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
      const listed = await calls()
        .selectFrom('calls')
        .select('callId')
        .where('state', '<>', 'ended')
        .where('lastSeenAt', '<', new Date(before))
        .execute();
      return listed.map(({ callId }) => callId);
    },
  };
}

async function refuseSecondCall(write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    const constraint = violatedConstraint(error);
    if (constraint === 'one_running_call_an_official' || constraint === 'one_running_call_a_citizen')
      throw new AppError('bad_state', 'already in another call', { cause: error });
    throw error;
  }
}

const dateOf = (at: number | null): Date | null => (at === null ? null : new Date(at));

/** Everything but where it is carried, and what stays. */
function changingColumns(call: Call) {
  const { state, held, official } = call;
  return {
    state,
    held,
    officialId: official.accountId,
    officialName: official.displayName,
    officeId: official.officeId,
    reason: call.state === 'ended' ? call.reason : null,
    endedAt: call.state === 'ended' ? new Date(call.endedAt) : null,
    answeredAt: dateOf(call.answeredAt),
    citizenConnectedAt: dateOf(call.citizenConnectedAt),
    officialConnectedAt: dateOf(call.officialConnectedAt),
  } satisfies Updateable<CallsTable>;
}

function toCall(row: Row): Call {
  const { callId, conversationId, entryId, serviceId, citizenId, held, companions } = row;
  const base = {
    callId,
    conversationId,
    entryId,
    serviceId,
    citizenId,
    held,
    companions,
    official: { accountId: row.officialId, displayName: row.officialName, officeId: row.officeId },
    node: row.sfuNode,
    startedAt: row.startedAt.getTime(),
    answeredAt: row.answeredAt?.getTime() ?? null,
  };
  const citizenConnectedAt = row.citizenConnectedAt?.getTime() ?? null;
  const officialConnectedAt = row.officialConnectedAt?.getTime() ?? null;
  if (row.state === 'connecting') return { ...base, state: row.state, citizenConnectedAt, officialConnectedAt };
  // The table's checks say that an active call has both times, and an ended one its reason and end.
  if (row.state === 'active')
    return { ...base, state: row.state, citizenConnectedAt: citizenConnectedAt ?? 0, officialConnectedAt: officialConnectedAt ?? 0 };
  if (!row.reason || !row.endedAt) throw new TypeError(`call ${callId} ended without a reason`);
  return { ...base, state: row.state, citizenConnectedAt, officialConnectedAt, reason: row.reason, endedAt: row.endedAt.getTime() };
}
