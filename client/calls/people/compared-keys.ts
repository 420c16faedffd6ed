import { type CallRole, guestRoles } from '../../../server/protocol/calls.ts';
import type { Base64Url } from '../../../server/protocol/base64url.ts';
import type { AccountId } from '../../../server/protocol/ids.ts';
import { Subject, type Observable } from '../../net/observable.ts';
import type { Comparison, Comparisons } from '../../storage/comparisons.ts';
import type { CallIdentities } from './call-identities.ts';

/** Whom the number of a call stands for besides oneself. */
export interface PersonKey {
  readonly accountId: AccountId;
  readonly role: CallRole;
  /** What his page signs with: his device's key, or his link's. */
  readonly signPk: Base64Url;
}

/**
 * `open`: somebody here was never compared with. `same`: everybody was, as who they are now; `at`: the last time. `changed`: somebody was, before
 * his account began anew. `differs`: the numbers were different, and nobody has found them the same since.
 */
export type ComparedState =
  | { readonly state: 'open' | 'differs' }
  | { readonly state: 'same'; readonly at: number }
  | { readonly state: 'changed'; readonly people: readonly { readonly accountId: AccountId; readonly at: number }[] };

/** For guests, who keep nothing: what they have compared counts for as long as the page is there. */
export const nothingKept: Comparisons = { load: () => Promise.resolve([]), save: () => Promise.resolve() };

export interface ComparedKeysOptions {
  readonly kept: Comparisons;
  readonly security: Observable<{ readonly keys: readonly PersonKey[] }>;
  readonly identityOf: CallIdentities['identityOf'];
  readonly now?: () => number;
}

interface ComparedPerson {
  readonly accountId: AccountId;
  readonly role: CallRole;
  /** Whose chain names no one, a guest, is whose key it is. */
  readonly identity: Base64Url;
}

/** What came of comparing the call's number, remembered for who people are: the same on each of their devices. Whoever makes it closes it. */
export class ComparedKeys {
  readonly #options: ComparedKeysOptions;
  readonly #known = new Map<AccountId, readonly Comparison[]>();
  readonly #state = new Subject<ComparedState>({ state: 'open' });
  readonly #stop: () => void;
  #people: readonly ComparedPerson[] = [];

  constructor(options: ComparedKeysOptions) {
    this.#options = options;
    const { security } = options;
    const follow = (): void => void this.#follow(security.value.keys);
    this.#stop = security.subscribe(follow);
    follow();
  }

  get state(): Observable<ComparedState> {
    return this.#state;
  }

  /** People have read the number to each other. */
  async note(answer: Comparison['answer']): Promise<void> {
    const { kept, now = Date.now } = this.#options;
    const at = now();
    const compared = this.#people;
    for (const { accountId, identity } of compared) {
      const others = (this.#known.get(accountId) ?? []).filter((known) => known.identity !== identity);
      this.#known.set(accountId, [{ identity, answer, at }, ...others]);
    }
    this.#show();
    // A guest's key is his link's, and comes once.
    const lasting = compared.filter(({ role }) => !guestRoles.some((guest) => guest === role));
    for (const { accountId, identity } of lasting) await kept.save(accountId, { identity, answer, at });
  }

  close(): void {
    this.#stop();
  }

  async #follow(keys: readonly PersonKey[]): Promise<void> {
    const { kept, identityOf } = this.#options;
    this.#people = keys.map(({ accountId, role, signPk }) => ({ accountId, role, identity: identityOf(accountId) ?? signPk }));
    for (const { accountId } of keys) {
      if (this.#known.has(accountId)) continue;
      const comparisons = await kept.load(accountId);
      // Compared while it was being read.
      if (!this.#known.has(accountId)) this.#known.set(accountId, comparisons);
    }
    this.#show();
  }

  #show(): void {
    const state = comparedState(this.#people, this.#known);
    if (JSON.stringify(state) !== JSON.stringify(this.#state.value)) this.#state.set(state);
  }
}

function comparedState(people: readonly ComparedPerson[], known: ReadonlyMap<AccountId, readonly Comparison[]>): ComparedState {
  const all = people.map(({ accountId, identity }) => {
    const comparisons = known.get(accountId) ?? [];
    return { accountId, comparisons, now: comparisons.find((comparison) => comparison.identity === identity) };
  });
  if (all.some(({ now }) => now?.answer === 'differs')) return { state: 'differs' };
  const changed = all.flatMap(({ accountId, comparisons: [last], now }) =>
    now === undefined && last !== undefined ? [{ accountId, at: last.at }] : [],
  );
  if (changed.length > 0) return { state: 'changed', people: changed };
  const same = all.flatMap(({ now }) => (now === undefined ? [] : [now.at]));
  return same.length === 0 || same.length < all.length ? { state: 'open' } : { state: 'same', at: Math.max(...same) };
}
