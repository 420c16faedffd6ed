import { type EpochKeys, openEpoch } from '../../client/crypto/epoch-keys.ts';
import { firstCounter, sealEnvelope, type SenderCounter } from '../../client/crypto/envelope.ts';
import { randomBytes } from '../../client/crypto/primitives.ts';
import { fromBase64Url } from '../../server/protocol/base64url.ts';
import type { EpochEntry } from '../../server/protocol/conversations.ts';
import { type EpochState, type Parties, verifyEpoch } from '../../server/protocol/epoch-rules.ts';
import type { InboxRole } from '../../server/protocol/inbox-bodies.ts';
import type { Line, Somebody } from '../support/people.ts';
import type { Scene } from './scene.ts';

export interface OpenedEpoch {
  readonly state: EpochState;
  readonly keys: EpochKeys;
  readonly entry: EpochEntry;
}

/** Somebody of the office who has his keys in his own hands and does with them what he likes. */
export class Insider {
  readonly somebody: Somebody;
  readonly line: Line;
  readonly #scene: Scene;

  private constructor(scene: Scene, somebody: Somebody, line: Line) {
    this.#scene = scene;
    this.somebody = somebody;
    this.line = line;
  }

  static async hire(scene: Scene, role: InboxRole = 'member'): Promise<Insider> {
    const somebody = await scene.office.addOfficial(role, 'Insider');
    await scene.chainOf(scene.citizen.accountId);
    return new Insider(scene, somebody, await somebody.connect());
  }

  get gim() {
    return this.somebody.gim;
  }

  /** The conversation's epochs with their keys, as long as he is let in. */
  async epochs(): Promise<OpenedEpoch[]> {
    const { asked, office, citizen } = this.#scene;
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
