import { sql } from 'kysely';
import type { CallMembers, CallRole, PeerId } from '../protocol/calls.ts';
import { toBase64Url } from '../protocol/base64url.ts';
import type { AccountId, CallId, DeviceId, SessionId } from '../protocol/ids.ts';
import { AppError } from '../platform/app-error.ts';
import { found, violatedConstraint, type Database, type Transaction } from '../platform/database.ts';

/** One page of one person, and the session it came in with. */
export interface PeerEntry {
  readonly callId: CallId;
  readonly peerId: PeerId;
  readonly accountId: AccountId;
  readonly deviceId: DeviceId | null;
  readonly sessionId: SessionId;
}

type PeersTable = PeerEntry & { joinedAt: Date; mark: string; silentSince: Date | null };

type Tables = { callPeers: PeersTable; calls: { callId: CallId; round: number; officialId: AccountId; state: string; changedAt: Date } };

/** The next of all marks: what is marked later was said later, on any node. */
const nextMark = sql<string>`nextval('call_peer_marks')`;

export type PeerStore = ReturnType<typeof createPeerStore>;

/** Who is in a call right now. Media does not pass through the server, so this is kept in step with what the sfu says. */
export function createPeerStore(database: Database) {
  const tables = (within: Database = database) => within.withTables<Tables>();

  const list = async (callId: CallId, within: Database = database): Promise<CallMembers> => {
    const { rows } = await sql<{
      round: number;
      peerId: PeerId | null;
      accountId: AccountId;
      deviceId: DeviceId | null;
      role: CallRole;
      granted: Uint8Array | null;
    }>`
      select round, peer_id, call_peers.account_id, call_peers.device_id, granted,
        case call_peers.account_id when citizen_id then 'citizen' when official_id then 'official' else call_participants.role end as role
      from calls left join call_peers using (call_id)
        left join call_participants on call_participants.call_id = calls.call_id and call_participants.account_id = call_peers.account_id
      where calls.call_id = ${callId}
      order by call_peers.joined_at, peer_id`.execute(within);
    return {
      round: found(rows[0], 'call').round,
      members: rows.flatMap(({ peerId, accountId, role, deviceId, granted }) =>
        peerId === null ? [] : [{ peerId, accountId, role, deviceId, grant: granted && toBase64Url(granted) }],
      ),
    };
  };

  return {
    list,

    /** Puts the page in, in the place of an earlier one of the same person. False when it was in already. Throws `conflict` for another's id. */
    async enter(transaction: Transaction, peer: PeerEntry, at: number): Promise<boolean> {
      const { callId, peerId, accountId, deviceId, sessionId } = peer;
      const again = await tables(transaction)
        .updateTable('callPeers')
        .set({ mark: nextMark, sessionId })
        .where('callId', '=', callId)
        .where('peerId', '=', peerId)
        .where('accountId', '=', accountId)
        .where('deviceId', 'is not distinct from', deviceId)
        .executeTakeFirst();
      if (again.numUpdatedRows > 0n) return false;
      await tables(transaction).deleteFrom('callPeers').where('callId', '=', callId).where('accountId', '=', accountId).execute();
      try {
        await tables(transaction)
          .insertInto('callPeers')
          .values({ ...peer, joinedAt: new Date(at), mark: nextMark, silentSince: null })
          .execute();
      } catch (error) {
        if (violatedConstraint(error) === 'call_peers_pkey') throw new AppError('conflict', "another one's page", { cause: error });
        throw error;
      }
      return true;
    },

    /** The sfu has it: what it said before counts no more. False when the page was taken out meanwhile. */
    async assert({ callId, peerId, accountId }: Pick<PeerEntry, 'callId' | 'peerId' | 'accountId'>): Promise<boolean> {
      const { numUpdatedRows } = await tables()
        .updateTable('callPeers')
        .set({ mark: nextMark })
        .where('callId', '=', callId)
        .where('peerId', '=', peerId)
        .where('accountId', '=', accountId)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    },

    /** All pages of a call get time to come back: what carried them is gone. */
    async assertAll(callId: CallId): Promise<void> {
      await tables().updateTable('callPeers').set({ mark: nextMark, silentSince: null }).where('callId', '=', callId).execute();
    },

    /** To be taken before the sfu is asked who is there. */
    async takeMark(): Promise<string> {
      const { rows } = await sql<{ mark: string }>`select ${nextMark} as mark`.execute(database);
      return found(rows[0], 'mark').mark;
    },

    /** Takes pages out that were last heard of before the mark; says whether any was there. */
    async drop(transaction: Transaction, callId: CallId, peerIds: readonly string[], mark: string): Promise<boolean> {
      const { numDeletedRows } = await tables(transaction)
        .deleteFrom('callPeers')
        .where('callId', '=', callId)
        .where(sql<boolean>`peer_id = any(${[...peerIds]}::text[])`)
        .where('mark', '<', mark)
        .executeTakeFirst();
      return numDeletedRows > 0n;
    },

    /** Takes one page out; says whether it was in. */
    async dropPeer(transaction: Transaction, callId: CallId, peerId: PeerId): Promise<boolean> {
      const { numDeletedRows } = await tables(transaction)
        .deleteFrom('callPeers')
        .where('callId', '=', callId)
        .where('peerId', '=', peerId)
        .executeTakeFirst();
      return numDeletedRows > 0n;
    },

    /** Takes a person out; says whether he was in. */
    async dropAccount(transaction: Transaction, callId: CallId, accountId: AccountId): Promise<boolean> {
      const { numDeletedRows } = await tables(transaction)
        .deleteFrom('callPeers')
        .where('callId', '=', callId)
        .where('accountId', '=', accountId)
        .executeTakeFirst();
      return numDeletedRows > 0n;
    },

    async clear(transaction: Transaction, callId: CallId): Promise<void> {
      await tables(transaction).deleteFrom('callPeers').where('callId', '=', callId).execute();
    },

    /** Who is in it is another now: a new round. */
    async renew(transaction: Transaction, callId: CallId, at: number): Promise<CallMembers> {
      await tables(transaction)
        .updateTable('calls')
        .set((update) => ({ round: update('round', '+', 1), changedAt: new Date(at) }))
        .where('callId', '=', callId)
        .execute();
      return await list(callId, transaction);
    },

    /** Media of this page comes through, or no longer does. */
    async markSilent(callId: CallId, peerId: string, silentSince: number | null): Promise<void> {
      await tables()
        .updateTable('callPeers')
        .set({ silentSince: silentSince === null ? null : new Date(silentSince) })
        .where('callId', '=', callId)
        .where(sql<boolean>`peer_id = ${peerId}`)
        .execute();
    },

    /** Every page that is in a call. */
    async listAll(): Promise<readonly PeerEntry[]> {
      return await tables().selectFrom('callPeers').select(['callId', 'peerId', 'accountId', 'deviceId', 'sessionId']).execute();
    },

    /** Officials who lead a call and from whom media comes, or is about to. */
    async listAttending(): Promise<ReadonlySet<AccountId>> {
      const rows = await tables()
        .selectFrom('callPeers')
        .innerJoin('calls', 'calls.callId', 'callPeers.callId')
        .select('accountId')
        .whereRef('accountId', '=', 'officialId')
        .where('state', '<>', 'ended')
        .where('silentSince', 'is', null)
        .execute();
      return new Set(rows.map(({ accountId }) => accountId));
    },
  };
}
