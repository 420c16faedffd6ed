import { type AccountId, idOf, type InboxId } from '../../server/protocol/ids.ts';
import { mayWrite } from '../../server/protocol/inbox-rules.ts';
import { currentMembers, findMembership, findStaleMembers, type InboxChainState } from '../../server/protocol/inbox-state.ts';
import type { RotateReason } from '../../server/protocol/inbox-bodies.ts';
import { CryptoError, ensure } from '../../server/protocol/sodium.ts';
import { currentGeneration } from '../../server/protocol/user-state.ts';
import { type Observable, Subject } from '../net/observable.ts';
import { RequestError } from '../net/request-error.ts';
import { refresher } from '../net/refresher.ts';
import type { RequestFunction } from '../net/request.ts';
import type { ConnectionState } from '../net/socket.ts';
import type { Subscribe } from '../net/subscribe.ts';
import { sendLink } from './append-link.ts';
import { buildRotation, type MembershipParts } from './membership.ts';

/**
 * `sound`: everybody who holds the inbox's key holds it under his newest own key. `renewing`: not so, and somebody who is online gives it
 * a new one. `failed`: it could not be renewed, or does not verify, again and again: nothing may be sealed to it.
 */
export type AuditState = 'unknown' | 'sound' | 'renewing' | 'failed';

export interface BoxAuditOptions {
  readonly parts: (inboxId: InboxId) => MembershipParts;
  readonly request: RequestFunction;
  readonly on: Subscribe;
  readonly connection: Observable<ConnectionState>;
  /** In [0, 1). */
  readonly random?: () => number;
}

/** At a moment nobody can foresee, so that a server cannot be honest just then. */
const betweenMs = { least: 5 * 60_000, most: 15 * 60_000 };
const retryMs = 10_000;
/** In a row, before the inbox counts as not verifiable. */
const maxFailures = 3;

/**
 * Compares what an inbox's key is sealed to with the newest keys of its members: when the inbox is opened, when it changes, and at random
 * (crypto.md §6, "Box audit"). Somebody left, or has a newer key: the next member online gives the inbox a new one.
 */
export class BoxAudit {
  readonly #options: BoxAuditOptions;
  readonly #states = new Map<InboxId, Subject<AuditState>>();
  readonly #failures = new Map<InboxId, number>();
  readonly #timers = new Map<InboxId, ReturnType<typeof setTimeout>>();
  readonly #looks = new Map<InboxId, () => Promise<void>>();
  readonly #stops: readonly (() => void)[];
  #closed = false;

  constructor(options: BoxAuditOptions) {
    const { on, connection } = options;
    this.#options = options;
    this.#stops = [
      on('inbox:changed', ({ inboxId }) => {
        if (this.#states.has(inboxId)) void this.check(inboxId);
      }),
      connection.subscribe(({ status }) => {
        if (status === 'connected') for (const inboxId of this.#states.keys()) void this.check(inboxId);
      }),
    ];
  }

  /** From the first call on the inbox is looked at again and again. */
  state(inboxId: InboxId): Observable<AuditState> {
    const known = this.#states.get(inboxId);
    if (known) return known;
    const state = new Subject<AuditState>('unknown');
    this.#states.set(inboxId, state);
    void this.check(inboxId);
    return state;
  }

  /** Throws a CryptoError when nothing may be sealed to the inbox. */
  requireSound(inboxId: InboxId): void {
    ensure(this.#states.get(inboxId)?.value !== 'failed', 'stale_key', 'the key of the inbox cannot be verified');
  }

  /** Looks now; resolves when it is over. Never throws. */
  async check(inboxId: InboxId): Promise<void> {
    const look = this.#looks.get(inboxId) ?? refresher(async () => await this.#look(inboxId));
    this.#looks.set(inboxId, look);
    await look();
  }

  close(): void {
    this.#closed = true;
    for (const stop of this.#stops) stop();
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  async #look(inboxId: InboxId): Promise<void> {
    const { random = Math.random } = this.#options;
    if (this.#closed) return;
    try {
      const state = await this.#renew(inboxId);
      this.#failures.set(inboxId, 0);
      this.#set(inboxId, state);
      this.#plan(inboxId, betweenMs.least + random() * (betweenMs.most - betweenMs.least));
    } catch (error) {
      if (!(error instanceof CryptoError) && !(error instanceof RequestError)) throw error;
      // A line that is down says nothing about the inbox.
      const failures = (this.#failures.get(inboxId) ?? 0) + (error instanceof RequestError && error.retryable ? 0 : 1);
      this.#failures.set(inboxId, failures);
      if (failures >= maxFailures) this.#set(inboxId, 'failed');
      this.#plan(inboxId, retryMs);
    }
  }

  async #renew(inboxId: InboxId): Promise<AuditState> {
    const parts = this.#options.parts(inboxId);
    // Twice at most: when somebody else was faster, his link is looked at like any other.
    for (let tries = 1; ; tries += 1) {
      const inbox = await parts.inboxChains.load(inboxId, { fresh: true });
      const own = findMembership(inbox, parts.signer.userId);
      if (!own) return 'unknown';
      const reason = await reasonToRenew(inbox, parts);
      if (reason === null) return 'sound';
      this.#set(inboxId, 'renewing');
      if (!mayWrite(own.role) || inbox.closedAt !== null) return 'renewing';
      try {
        await sendLink(parts, this.#options.request, await buildRotation(parts, reason));
      } catch (error) {
        if (!(error instanceof RequestError) || error.code !== 'conflict' || tries === 2) throw error;
      }
    }
  }

  #set(inboxId: InboxId, state: AuditState): void {
    const subject = this.#states.get(inboxId);
    // Once it could not be verified, only a sound look clears it.
    if (subject && !(subject.value === 'failed' && state === 'renewing')) subject.set(state);
  }

  #plan(inboxId: InboxId, afterMs: number): void {
    clearTimeout(this.#timers.get(inboxId));
    if (!this.#closed)
      this.#timers.set(
        inboxId,
        setTimeout(() => void this.check(inboxId), afterMs),
      );
  }
}

/** Null when the key may stay. Throws a CryptoError when a member's chain does not verify. */
async function reasonToRenew(inbox: InboxChainState, parts: MembershipParts): Promise<RotateReason | null> {
  if (currentGeneration(inbox).staleFrom !== null) return 'somebody_left';
  await parts.loadUsers(currentMembers(inbox).map(({ userId }): AccountId => idOf(userId)));
  const stale = findStaleMembers(inbox, (userId) => {
    const user = parts.findUser(userId);
    ensure(user !== undefined, 'unknown_chain', 'the chain of a member does not verify');
    return user;
  });
  return stale.length === 0 ? null : 'member_key';
}
