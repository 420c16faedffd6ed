import type { AccountId, OfficeId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import type { Log } from '../platform/log.ts';
import type { Entries } from './entries.ts';
import { presenceMs, type Line } from './line.ts';
import type { LineStore } from './line-store.ts';
import type { PresenceStore } from './presence-store.ts';

export interface PresenceDependencies {
  readonly store: PresenceStore;
  readonly lineStore: LineStore;
  readonly entries: Entries;
  readonly line: Line;
  /** Accounts with a socket on this node. */
  readonly connected: { isConnected(accountId: AccountId): boolean; accounts(): readonly AccountId[] };
  /** Those of them who have asked to be told when it is their turn, wherever they are. */
  readonly isReachable: (accountIds: readonly AccountId[]) => Promise<ReadonlySet<AccountId>>;
  /** Sessions of these do not run out by idleness. */
  readonly keepAlive: (accountIds: readonly AccountId[]) => Promise<void>;
  readonly now: () => number;
  readonly log: Log;
}

/**
 * Who is here. A citizen who has gone keeps his place for `limits.absenceGraceMs`; time in which this server did not look
 * does not count, so nobody loses his place because the server was away.
 */
export class Presence {
  readonly #dependencies: PresenceDependencies;
  readonly #news = new Set<AccountId>();
  #writing: Promise<void> = Promise.resolve();
  #watchingSince: number;
  #lastSweepAt: number;

  constructor(dependencies: PresenceDependencies) {
    this.#dependencies = dependencies;
    this.#watchingSince = dependencies.now();
    this.#lastSweepAt = this.#watchingSince;
  }

  /** The first socket of an account has come, or its last one has gone. Many at once, after a restart, cost few statements. */
  note(accountId: AccountId): void {
    if (this.#news.add(accountId).size > 1) return;
    this.#writing = this.#write(this.#writing);
  }

  /** To be called every 20 seconds: says who is still here, takes those who have gone too long out of the line, tells what was not told. */
  async sweep(): Promise<void> {
    const { store, lineStore, line, connected, keepAlive, now } = this.#dependencies;
    const at = now();
    if (at - this.#lastSweepAt > presenceMs) this.#watchingSince = at;
    await this.#mark(connected.accounts(), true);
    this.#lastSweepAt = at;
    await keepAlive(await lineStore.listBusy());
    for (const officeId of new Set(await store.markSilent(at - presenceMs))) line.refreshSoon(officeId);
    if (at - this.#watchingSince >= limits.absenceGraceMs) await this.#dropAbsent(at);
    for (const officeId of await lineStore.listOffices()) await line.retell(officeId);
  }

  /** Resolves when nothing is under way any more. */
  async settle(): Promise<void> {
    await this.#writing;
  }

  async #dropAbsent(at: number): Promise<void> {
    const { store, entries, isReachable } = this.#dependencies;
    const absent = await store.listAbsent(at - limits.absenceGraceMs);
    if (absent.length === 0) return;
    const reachable = await isReachable(absent.map(({ citizenId }) => citizenId));
    for (const { entryId, citizenId, lastPresentAt } of absent) {
      const before = at - (reachable.has(citizenId) ? limits.absenceGraceWithPushMs : limits.absenceGraceMs);
      if (lastPresentAt < before) await entries.dropAbsent(entryId, before);
    }
  }

  async #write(before: Promise<void>): Promise<void> {
    await before;
    const { connected, log } = this.#dependencies;
    const accountIds = [...this.#news];
    this.#news.clear();
    try {
      await this.#mark(
        accountIds.filter((id) => connected.isConnected(id)),
        true,
      );
      await this.#mark(
        accountIds.filter((id) => !connected.isConnected(id)),
        false,
      );
    } catch (error) {
      log.warn({ err: error }, 'presence could not be written');
    }
  }

  async #mark(accountIds: readonly AccountId[], present: boolean): Promise<void> {
    const { store, line, now } = this.#dependencies;
    const offices = await store.mark(accountIds, present, now());
    for (const officeId of new Set<OfficeId>(offices)) line.refreshSoon(officeId);
  }
}
