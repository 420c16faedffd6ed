import { limits } from '../protocol/limits.ts';
import type { Colleague } from '../protocol/calls.ts';
import type { AccountId, CallId, OfficeId } from '../protocol/ids.ts';
import { AppError } from '../platform/app-error.ts';
import { transaction, type Announcement, type Database, type Transaction } from '../platform/database.ts';
import { handOver, participantsOf, requireRole, requireRunning, type Call, type RunningState } from './call.ts';
import { isGuest, type Calls, type EntryOfCall } from './calls.ts';
import type { CompanionStore, Gone } from './companion-store.ts';
import type { InviteStore } from './invite-store.ts';
import type { Members } from './members.ts';
import type { PeerStore } from './peer-store.ts';
import type { CallStore } from './store.ts';

export interface CompanionsDependencies {
  readonly database: Database;
  readonly store: CallStore;
  readonly peers: PeerStore;
  readonly companions: CompanionStore;
  readonly invites: InviteStore;
  readonly calls: Calls;
  readonly members: Members;
  readonly entry: EntryOfCall;
  readonly endGuests: (transaction: Transaction, accountIds: readonly AccountId[]) => Promise<Announcement>;
  /** Officials who answer citizens of the office, and whether they could come now. */
  readonly listTeam: (officeId: OfficeId) => Promise<readonly Colleague[]>;
  readonly now: () => number;
}

const ringWindowMs = 10 * 60_000;
const nothing: Announcement = () => undefined;

/** Those who come into a call of two, and go: colleagues by being asked, guests by a link (invites.ts). */
export class Companions {
  readonly #dependencies: CompanionsDependencies;

  constructor(dependencies: CompanionsDependencies) {
    this.#dependencies = dependencies;
  }

  /** Who of the team could be asked in. The official only. */
  async listColleagues(callId: CallId, accountId: AccountId): Promise<readonly Colleague[]> {
    const { store, listTeam } = this.#dependencies;
    const call = requireRunning(await store.get(callId), accountId, ['official']);
    const here = new Set(participantsOf(call).map((participant) => participant.accountId));
    return (await listTeam(call.official.officeId)).filter((colleague) => !here.has(colleague.accountId));
  }

  /**
   * The official asks a member of the team in. `not_found` for anybody else, `bad_state` when the call is full, the colleague is in
   * another one, or has declined; `slow_down` after three times in ten minutes (S15).
   */
  async inviteColleague(callId: CallId, officialId: AccountId, colleagueId: AccountId): Promise<Call> {
    const { store, companions, listTeam, now } = this.#dependencies;
    const at = now();
    const { official } = requireRunning(await store.get(callId), officialId, ['official']);
    const colleague = (await listTeam(official.officeId)).find(({ accountId }) => accountId === colleagueId);
    if (!colleague) throw new AppError('not_found', 'not a member of the team');
    return await this.#change(callId, officialId, ['official'], async (within, call) => {
      if (call.companions.some(({ accountId }) => accountId === colleagueId)) return null;
      if (colleagueId === officialId) throw new AppError('bad_state', 'in the call already');
      if (colleague.state === 'in-call') throw new AppError('bad_state', 'the colleague is in another call');
      await this.requireRoom(within, call);
      const known = await companions.find(within, callId, colleagueId);
      if (known?.gone === 'declined') throw new AppError('bad_state', 'the colleague has declined');
      const rings = (known?.rungAt ?? []).filter((rungAt) => rungAt > at - ringWindowMs);
      if (rings.length >= limits.ringsPerTenMinutes)
        throw new AppError('slow_down', 'asked too often', { retryAfterMs: Math.max(1, Math.min(...rings) + ringWindowMs - at) });
      const { displayName } = colleague;
      await companions.add(
        within,
        { callId, accountId: colleagueId, role: 'colleague', displayName, inviterId: officialId, granted: null },
        at,
      );
      await companions.noteRing(within, callId, colleagueId, [...rings, at]);
      return nothing;
    });
  }

  /** A colleague who is in the call leads it from now on. `bad_state` for one who is not, or leads another call. */
  async transfer(callId: CallId, officialId: AccountId, to: AccountId): Promise<Call> {
    const { store, companions, peers, members, entry, now } = this.#dependencies;
    return await this.#change(callId, officialId, ['official', 'colleague'], async (within, call) => {
      // Sent twice: it has been done.
      if (call.official.accountId === to) return null;
      requireRole(call, officialId, ['official']);
      const colleague = call.companions.find((companion) => companion.accountId === to && companion.role === 'colleague');
      const { members: present } = await peers.list(callId, within);
      if (!colleague || !present.some(({ accountId }) => accountId === to)) throw new AppError('bad_state', 'not in the call');
      await companions.remove(within, callId, to);
      const { displayName } = call.official;
      await companions.add(
        within,
        { callId, accountId: officialId, role: 'colleague', displayName, inviterId: null, granted: null },
        now(),
      );
      await companions.markJoined(within, callId, officialId, now());
      await store.change(within, callId, now(), () => handOver(call, { accountId: to, displayName: colleague.displayName }));
      const announceEntry = await entry.transfer(within, call.entryId, { callId, officialId: to });
      const announceMembers = await members.renew(within, await store.read(within, callId));
      return () => {
        announceEntry();
        announceMembers();
      };
    });
  }

  /** Takes somebody out for good: the official anybody but the citizen, the citizen guests of his own. */
  async remove(callId: CallId, accountId: AccountId, whom: AccountId): Promise<Call> {
    return await this.#change(
      callId,
      accountId,
      ['official', 'citizen'],
      async (within, call) => {
        const companion = call.companions.find((one) => one.accountId === whom);
        if (!companion) {
          if (participantsOf(call).some((one) => one.accountId === whom)) throw new AppError('forbidden', 'end the call instead');
          return null;
        }
        if (accountId === call.citizenId && companion.inviterId !== accountId) throw new AppError('forbidden', 'the guest of another');
        return await this.#go(within, call, whom, 'removed');
      },
      whom,
    );
  }

  /** Guests and colleagues, for themselves. A colleague who never came has declined. Twice is answered alike. */
  async leave(callId: CallId, accountId: AccountId): Promise<void> {
    const { store, companions, database } = this.#dependencies;
    const call = await store.get(callId);
    const gone = await transaction(database, async (within) => (await companions.find(within, callId, accountId))?.gone);
    if (gone || (gone === null && call.state === 'ended')) return;
    await this.#change(
      callId,
      accountId,
      ['colleague', 'relative', 'interpreter', 'captioner'],
      async (within, running) => {
        const known = await companions.find(within, callId, accountId);
        return await this.#go(within, running, accountId, known?.joinedAt === null ? 'declined' : 'left');
      },
      accountId,
    );
  }

  /** Six people at most, those with a link in hand among them. Throws `bad_state`. */
  async requireRoom(within: Transaction, call: Call): Promise<void> {
    const open = await this.#dependencies.invites.countOpen(within, call.callId, this.#dependencies.now());
    if (participantsOf(call).length + open >= limits.callParticipants) throw new AppError('bad_state', 'the call is full');
  }

  async #go(within: Transaction, call: Call, accountId: AccountId, gone: Gone): Promise<Announcement> {
    const { companions, peers, members, endGuests, store } = this.#dependencies;
    await companions.markGone(within, call.callId, accountId, gone);
    const wasIn = await peers.dropAccount(within, call.callId, accountId);
    const announceMembers = wasIn ? await members.renew(within, await store.read(within, call.callId)) : nothing;
    const announceGuest = isGuest(call, accountId) ? await endGuests(within, [accountId]) : nothing;
    return () => {
      announceMembers();
      announceGuest();
      // The sfu lets nobody stay who is not written down.
      members.lookSoon(call);
    };
  }

  /** One change of who belongs to the call, under its lock; told to all, and to the one it is about. Null: nothing to change. */
  async #change(
    callId: CallId,
    accountId: AccountId,
    roles: readonly ('citizen' | 'official' | 'colleague' | 'relative' | 'interpreter' | 'captioner')[],
    work: (within: Transaction, call: RunningState) => Promise<Announcement | null>,
    about?: AccountId,
  ): Promise<Call> {
    const { database, store, calls, now } = this.#dependencies;
    const { call, announce } = await transaction(database, async (within) => {
      const before = requireRunning(await store.lock(within, callId), accountId, roles);
      const announceChange = await work(within, before);
      if (announceChange === null) return { call: before, announce: nothing };
      await store.touch(within, callId, now());
      const after = await store.read(within, callId);
      const announceAll = (): void => {
        calls.tell(after, about === undefined ? [] : [about]);
        announceChange();
      };
      return { call: after, announce: announceAll };
    });
    announce();
    return call;
  }
}
