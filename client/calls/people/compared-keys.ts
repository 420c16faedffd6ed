import { type CallRole, guestRoles } from '../../../server/protocol/calls.ts';
import type { Base64Url } from '../../../server/protocol/base64url.ts';
import type { AccountId } from '../../../server/protocol/ids.ts';
import { Subject, type Observable } from '../../net/observable.ts';
import type { Comparison, Comparisons } from '../../storage/comparisons.ts';

/** Whom the number of a call stands for besides oneself. */
export interface PersonKey {
  readonly accountId: AccountId;
  readonly role: CallRole;
  /** What his page signs with: his device's key, or his link's. */
  readonly signPk: Base64Url;
}

/**
 * `open`: somebody here was never compared with. `same`: everybody was, with the keys they have now; `at`: the last time. `changed`: somebody
 * was, with other keys. `differs`: the numbers were different, and nobody has found them the same since.
 */
export type ComparedState =
  | { readonly state: 'open' | 'differs' }
  | { readonly state: 'same'; readonly at: number }
  | { readonly state: 'changed'; readonly people: readonly { readonly accountId: AccountId; readonly at: number }[] };

/** For guests, who keep nothing: what they have compared counts for as long as the page is there. */
export const nothingKept: Comparisons = { load: () => Promise.resolve([]), save: () => Promise.resolve() };

/** What came of comparing the call's number, remembered for the keys that everybody signs with. Whoever makes it closes it. */
export class ComparedKeys {
  readonly #kept: Comparisons;
  readonly #now: () => number;
  readonly #known = new Map<AccountId, readonly Comparison[]>();
  readonly #state = new Subject<ComparedState>({ state: 'open' });
  readonly #stop: () => void;
  #keys: readonly PersonKey[] = [];

  constructor(kept: Comparisons, security: Observable<{ readonly keys: readonly PersonKey[] }>, now: () => number = Date.now) {
    this.#kept = kept;
    this.#now = now;
    const follow = (): void => void this.#follow(security.value.keys);
    this.#stop = security.subscribe(follow);
    follow();
  }

  get state(): Observable<ComparedState> {
    return this.#state;
  }

  /** People have read the number to each other. */
  async note(answer: Comparison['answer']): Promise<void> {
    const at = this.#now();
    const compared = this.#keys;
    for (const { accountId, signPk } of compared) {
      const others = (this.#known.get(accountId) ?? []).filter((known) => known.signPk !== signPk);
      this.#known.set(accountId, [{ signPk, answer, at }, ...others]);
    }
    this.#show();
    // A guest's key is his link's, and comes once.
    const lasting = compared.filter(({ role }) => !guestRoles.some((guest) => guest === role));
    for (const { accountId, signPk } of lasting) await this.#kept.save(accountId, { signPk, answer, at });
  }

  close(): void {
    this.#stop();
  }

  async #follow(keys: readonly PersonKey[]): Promise<void> {
    this.#keys = keys;
    for (const { accountId } of keys) {
      if (this.#known.has(accountId)) continue;
      const kept = await this.#kept.load(accountId);
      // Compared while it was being read.
      if (!this.#known.has(accountId)) this.#known.set(accountId, kept);
    }
    this.#show();
  }

  #show(): void {
    const state = comparedState(this.#keys, this.#known);
    if (JSON.stringify(state) !== JSON.stringify(this.#state.value)) this.#state.set(state);
  }
}

export function comparedState(keys: readonly PersonKey[], known: ReadonlyMap<AccountId, readonly Comparison[]>): ComparedState {
  const all = keys.map(({ accountId, signPk }) => {
    const comparisons = known.get(accountId) ?? [];
    return { accountId, comparisons, now: comparisons.find((comparison) => comparison.signPk === signPk) };
  });
  if (all.some(({ now }) => now?.answer === 'differs')) return { state: 'differs' };
  const people = all.flatMap(({ accountId, comparisons: [last], now }) =>
    now === undefined && last !== undefined ? [{ accountId, at: last.at }] : [],
  );
  if (people.length > 0) return { state: 'changed', people };
  const same = all.flatMap(({ now }) => (now === undefined ? [] : [now.at]));
  return same.length === 0 || same.length < all.length ? { state: 'open' } : { state: 'same', at: Math.max(...same) };
}
