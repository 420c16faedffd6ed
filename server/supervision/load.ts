import { isDeepStrictEqual } from 'node:util';
import type { AccountId, OfficeId } from '../protocol/ids.ts';
import type { LoadFigures, ServiceLoad } from '../protocol/supervision.ts';
import type { Log } from '../platform/log.ts';
import type { Notify } from '../platform/notify.ts';

/** What the queue says of an office. */
export interface OfficeLoad {
  readonly at: number;
  readonly services: readonly ServiceLoad[];
  readonly available: ReadonlySet<AccountId>;
  readonly onBreak: ReadonlySet<AccountId>;
  readonly inCall: ReadonlySet<AccountId>;
}

export interface LoadDependencies {
  readonly readLoad: (officeId: OfficeId) => Promise<OfficeLoad>;
  readonly officialsOf: (officeId: OfficeId) => Promise<readonly { readonly accountId: AccountId; readonly displayName: string }[]>;
  readonly notify: Notify;
  readonly log: Log;
}

/** Figures are pushed at most this often. */
const pushMs = 1_000;

/** The figures of the offices that somebody watches on this node. */
export class Load {
  readonly #dependencies: LoadDependencies;
  readonly #watchers = new Map<OfficeId, Set<AccountId>>();
  readonly #told = new Map<OfficeId, LoadFigures>();
  readonly #timers = new Map<OfficeId, NodeJS.Timeout>();
  readonly #pushing = new Set<Promise<void>>();

  constructor(dependencies: LoadDependencies) {
    this.#dependencies = dependencies;
  }

  /** The figures now; from then on `load:changed` comes as they change. */
  async watch(officeId: OfficeId, accountId: AccountId): Promise<LoadFigures> {
    // First, so that whoever goes while the figures are read is forgotten like anybody else.
    this.#watchers.set(officeId, (this.#watchers.get(officeId) ?? new Set()).add(accountId));
    const figures = await this.#read(officeId);
    if (this.#watchers.has(officeId)) this.#told.set(officeId, figures);
    return figures;
  }

  /** The last socket of the account has gone. */
  unwatch(accountId: AccountId): void {
    for (const [officeId, watchers] of this.#watchers) {
      if (!watchers.delete(accountId) || watchers.size > 0) continue;
      this.#watchers.delete(officeId);
      this.#told.delete(officeId);
    }
  }

  /** Something of the office changed: told within a second, together with what else changes until then. */
  note(officeId: OfficeId): void {
    if (!this.#watchers.has(officeId) || this.#timers.has(officeId)) return;
    const push = (): void => {
      this.#timers.delete(officeId);
      const pushing = this.#push(officeId).finally(() => void this.#pushing.delete(pushing));
      this.#pushing.add(pushing);
    };
    this.#timers.set(officeId, setTimeout(push, pushMs));
  }

  /** To be called every few seconds: for what other nodes changed. */
  sweep(): void {
    for (const officeId of this.#watchers.keys()) this.note(officeId);
  }

  async close(): Promise<void> {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#watchers.clear();
    await Promise.allSettled(this.#pushing);
  }

  async #push(officeId: OfficeId): Promise<void> {
    const { notify, log } = this.#dependencies;
    try {
      const figures = await this.#read(officeId);
      const told = this.#told.get(officeId);
      if (!told || isDeepStrictEqual({ ...told, at: figures.at }, figures)) return;
      this.#told.set(officeId, figures);
      notify({ supervisors: officeId }, 'load:changed', figures);
    } catch (error) {
      log.warn({ err: error, office: officeId }, 'figures could not be told');
    }
  }

  async #read(officeId: OfficeId): Promise<LoadFigures> {
    const { readLoad, officialsOf } = this.#dependencies;
    const [{ at, services, available, onBreak, inCall }, officials] = await Promise.all([readLoad(officeId), officialsOf(officeId)]);
    const stateOf = (accountId: AccountId) =>
      inCall.has(accountId) ? 'in-call' : available.has(accountId) ? 'available' : onBreak.has(accountId) ? 'break' : 'away';
    return { at, services, officials: officials.map(({ accountId, displayName }) => ({ displayName, state: stateOf(accountId) })) };
  }
}
