import { type EpochKeys, openEpoch } from '../../client/crypto/epoch-keys.ts';
import { firstCounter, sealEnvelope, type SenderCounter } from '../../client/crypto/envelope.ts';
import { randomBytes } from '../../client/crypto/primitives.ts';
import { fromBase64Url } from '../../server/protocol/base64url.ts';
import type { EpochEntry } from '../../server/protocol/conversations.ts';
import { type EpochState, type Parties, verifyEpoch } from '../../server/protocol/epoch-rules.ts';
import type { InboxRole } from '../../server/protocol/inbox-bodies.ts';
import type { AccountId, ConversationId } from '../../server/protocol/ids.ts';
import { replayUserChain } from '../../server/protocol/user-chain.ts';
import type { UserChainState } from '../../server/protocol/user-state.ts';
import type { Line, Somebody } from '../support/people.ts';
import type { TestOffice } from '../support/test-office.ts';

/** A conversation with an office, and how to learn who takes part. */
export interface Case {
  readonly office: TestOffice;
  readonly asked: { readonly conversationId: ConversationId };
  readonly citizen: { readonly accountId: AccountId };
  chainOf(accountId: AccountId): Promise<UserChainState>;
}

export interface OpenedEpoch {
  readonly state: EpochState;
  readonly keys: EpochKeys;
  readonly entry: EpochEntry;
}

/** Somebody of the office who has his keys in his own hands and does with them what he likes. */
export class Insider {
  readonly somebody: Somebody;
  readonly line: Line;
  readonly #case: Case;

  private constructor(of: Case, somebody: Somebody, line: Line) {
    this.#case = of;
    this.somebody = somebody;
    this.line = line;
  }

  static async hire(of: Case, role: InboxRole = 'member', displayName = 'Insider'): Promise<Insider> {
    const somebody = await of.office.addOfficial(role, displayName);
    await of.chainOf(of.citizen.accountId);
    return new Insider(of, somebody, await somebody.connect());
  }

  get gim() {
    return this.somebody.gim;
  }

  /** The conversation's epochs with their keys, as long as he is let in. */
  async epochs(): Promise<OpenedEpoch[]> {
    const { asked, office, citizen } = this.#case;
    const { entries } = await this.line.request('conversation:pull', { conversationId: asked.conversationId, after: 0 });
    const parties: Parties = { citizenId: fromBase64Url(citizen.accountId), inboxId: office.inbox.id };
    const opened: OpenedEpoch[] = [];
    for (const entry of entries) {
      if (entry.kind !== 'epoch') continue;
      const state = verifyEpoch(fromBase64Url(entry.link), opened.at(-1)?.state ?? null, parties, office.world.at('past'));
      opened.push({ entry, state, keys: openEpoch(state, office.inbox.id, office.inbox.ring(this.gim), fromBase64Url(entry.box ?? '')) });
    }
    return opened;
  }

  /** A text in an epoch, sealed and signed as it should be. */
  seal({ state, keys }: Pick<OpenedEpoch, 'state' | 'keys'>, text: string, counter: SenderCounter = firstCounter): Uint8Array {
    return sealEnvelope({
      epoch: state,
      keys,
      sender: this.gim.signer,
      counter,
      messageId: randomBytes(16),
      body: { sentAt: 1, content: { type: 'text', text, lang: 'en', author: null }, gossip: null, seen: null },
    }).envelope;
  }
}

/** Makes somebody's chain known to the test's world, as the honest server has it. */
export async function meet({ owner, world }: TestOffice, accountId: AccountId): Promise<UserChainState> {
  const line = await owner.connect();
  const { accounts } = await line.request('account:load', { accountIds: [accountId] });
  line.socket.disconnect();
  const chain = replayUserChain(accounts[0]?.links.map(fromBase64Url) ?? [], fromBase64Url(accountId));
  world.meet(chain);
  return chain;
}
