import type { Request } from '../../server/protocol/commands.ts';
import type { InboxId } from '../../server/protocol/ids.ts';
import type { SignedLink } from '../../server/protocol/offices.ts';
import { extendUserChain } from '../../server/protocol/user-chain.ts';
import type { UserChainState } from '../../server/protocol/user-state.ts';
import type { DeviceKeys } from '../crypto/device.ts';
import { type GenerationKeys, newestKeys, type SealedLink } from '../crypto/generation-keys.ts';
import type { Signer } from '../crypto/sign-link.ts';
import type { RequestFunction } from '../net/request.ts';
import { RequestError } from '../net/request-error.ts';
import { untilAnswered } from '../net/until-answered.ts';
import { toSignedLink } from '../net/wire.ts';

/** A device of the account that signs, and what it knows of the account. A keyring is one. */
export interface Hand {
  readonly userId: Uint8Array;
  readonly device: DeviceKeys;
  chain(): UserChainState;
  generations(): readonly GenerationKeys[];
  /** Asks for chain and boxes again. */
  refresh(): Promise<void>;
}

/** How the account stands just before a link. */
export interface AccountMoment {
  readonly state: UserChainState;
  readonly signer: Signer;
  readonly keys: GenerationKeys;
}

/**
 * Makes one link of the own chain, with `keys` when the link brings a new generation; null when there is nothing to do any more. May be
 * asked again, at a newer moment.
 */
export type ChainStep = (moment: AccountMoment) => Sealed | null | Promise<Sealed | null>;
type Sealed = SealedLink & { readonly keys?: GenerationKeys };

/** Links that follow a new generation of the own key: a new key for every inbox the person is in (crypto.md §6, "Revoke device"). */
export type FollowOwnKey = (moment: Omit<AccountMoment, 'keys'>) => Promise<readonly { inboxId: InboxId; link: SignedLink }[]>;

export interface ExtendOptions {
  readonly hand: Hand;
  /** In this order, all or none. */
  readonly steps: readonly ChainStep[];
  readonly request: RequestFunction;
  readonly followOwnKey: FollowOwnKey;
  readonly now?: () => number;
}

const maxTries = 4;

/**
 * Appends to the own chain in one transaction, with what follows from a new key. When somebody else's link came first, everything is made
 * anew from what is there then. Throws a CryptoError or a RequestError.
 */
export async function extendAccount(options: ExtendOptions): Promise<void> {
  const { hand } = options;
  for (let tries = 1; ; tries += 1) {
    const payload = await build(options);
    if (payload.links.length === 0) return;
    try {
      await post(options.request, payload);
      break;
    } catch (error) {
      if (!(error instanceof RequestError) || error.code !== 'conflict' || tries === maxTries) throw error;
      await hand.refresh();
    }
  }
  try {
    await hand.refresh();
  } catch (error) {
    // It is done, and what it looks like is asked for again when the line is back.
    if (!(error instanceof RequestError)) throw error;
  }
}

/** The same links twice are answered alike: an answer that was lost is asked for again. */
async function post(request: RequestFunction, payload: Request<'account:extend'>): Promise<void> {
  let sent = 0;
  await untilAnswered(
    async () => await request('account:extend', payload),
    () => ++sent < maxTries,
  );
}

async function build({ hand, steps, followOwnKey, now = Date.now }: ExtendOptions) {
  const signer: Signer = { userId: hand.userId, device: hand.device, createdAt: now() };
  let state = hand.chain();
  let keys = newestKeys(hand.generations());
  const before = keys.generation;
  const links: SignedLink[] = [];
  for (const step of steps) {
    const made = await step({ state, signer, keys });
    if (made === null) continue;
    state = extendUserChain(state, made.link);
    keys = made.keys ?? keys;
    links.push(toSignedLink(made));
  }
  return { links, inboxLinks: keys.generation === before ? [] : await followOwnKey({ state, signer }) };
}
