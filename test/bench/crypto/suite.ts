import sodium from 'libsodium-wrappers';
import { createAtRestKey, unwrapSecret, wrapSecret } from '../../../client/crypto/at-rest.ts';
import { deviceFromSeed } from '../../../client/crypto/device.ts';
import { openEnvelope } from '../../../client/crypto/envelope.ts';
import { openEpoch } from '../../../client/crypto/epoch-keys.ts';
import { openInboxKeys, rotateInboxKey } from '../../../client/crypto/inbox-keys.ts';
import { openUserKeys } from '../../../client/crypto/user-keys.ts';
import { envelopeHash, firstRun, nextRun } from '../../../server/protocol/envelope.ts';
import { replayInboxChain } from '../../../server/protocol/inbox-chain.ts';
import { replayUserChain } from '../../../server/protocol/user-chain.ts';
import { Conversation, Inbox, type Person, World } from '../../support/gim-world.ts';

export interface Figure {
  readonly name: string;
  readonly unit: 'per second' | 'ms';
  /** Median of the rounds. */
  readonly value: number;
  /** The same work with nothing of ours around libsodium, in the same run; null where there is none. */
  readonly raw: number | null;
  /** In the figure's unit; null: no goal but to be seen. */
  readonly goal: number | null;
}

const rounds = 5;
const text = 'I would like to renew my driving licence. Which papers do I need to bring, and when can I come?';
const members = 50;
const historyLength = 1_000;

/** Everything in one run, so that the figures can be compared with each other. In Node and in a browser alike. */
export async function measure(): Promise<readonly Figure[]> {
  const world = new World();
  const [citizen, owner] = [world.person(), world.person()];
  const inbox = world.inbox(owner);
  const officials = Array.from({ length: members - 1 }, () => world.person());
  for (const official of officials) inbox.add(owner, official);
  const conversation = new Conversation(citizen, inbox);
  return [sealing(conversation), opening(conversation), rotation(inbox, owner), history(conversation), await unlock(conversation, owner)];
}

function sealing(conversation: Conversation): Figure {
  const count = 300;
  const signer = sodium.crypto_sign_keypair();
  const key = sodium.randombytes_buf(32);
  const plain = sodium.randombytes_buf(256);
  return {
    name: 'seal a short message',
    unit: 'per second',
    value: perSecond(count, () => void conversation.send(conversation.citizen, text)),
    raw: perSecond(count, () => {
      sodium.crypto_sign_detached(plain, signer.privateKey);
      sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, plain, null, sodium.randombytes_buf(24), key);
    }),
    goal: null,
  };
}

function opening(conversation: Conversation): Figure {
  const count = 300;
  const { state, keys } = conversation.current;
  const envelope = conversation.send(conversation.citizen, text);
  const verification = conversation.inbox.world.at('past');
  const signer = sodium.crypto_sign_keypair();
  const [key, nonce, plain] = [sodium.randombytes_buf(32), sodium.randombytes_buf(24), sodium.randombytes_buf(256)];
  const signature = sodium.crypto_sign_detached(plain, signer.privateKey);
  const sealed = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, plain, null, nonce, key);
  return {
    name: 'open and verify a short message',
    unit: 'per second',
    value: perSecond(count, () => void openEnvelope(envelope, state, keys, verification)),
    raw: perSecond(count, () => {
      sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, sealed, plain, nonce, key);
      sodium.crypto_sign_verify_detached(signature, plain, signer.publicKey);
    }),
    goal: null,
  };
}

/** What removing somebody costs the one who does it: a new key sealed to everybody else, and the link signed. */
function rotation(inbox: Inbox, owner: Person): Figure {
  const keys = inbox.keys(owner);
  const { publicKey } = sodium.crypto_kem_xwing_keypair();
  return {
    name: `new inbox key for ${members} officials`,
    unit: 'ms',
    value: median(() => {
      rotateInboxKey({ state: inbox.state, signer: owner.signer, keys, reason: 'scheduled', user: inbox.world.user });
    }),
    raw: median(() => {
      for (let index = 0; index < members; index += 1) sodium.crypto_kem_xwing_enc(publicKey);
    }),
    goal: 100,
  };
}

/** Every entry decrypted, its signature, counter and place in the run checked: what a page does that has nothing kept. */
function history(conversation: Conversation): Figure {
  const { state, keys } = conversation.current;
  const verification = conversation.inbox.world.at('past');
  const envelopes = Array.from({ length: historyLength }, () => conversation.send(conversation.citizen, text));
  return {
    name: `history of ${historyLength} messages`,
    unit: 'ms',
    value: median(() => {
      let run = firstRun(conversation.id);
      for (const [index, envelope] of envelopes.entries()) {
        run = nextRun(run, index + 2, envelopeHash(envelope));
        openEnvelope(envelope, state, keys, verification);
      }
    }, 3),
    raw: null,
    goal: 1_500,
  };
}

/** From the sealed seed on the disk to a key that opens a message: own chain and a team of fifty verified from their roots. */
async function unlock(conversation: Conversation, owner: Person): Promise<Figure> {
  const { inbox } = conversation;
  const key = await createAtRestKey();
  const kept = await wrapSecret(key, owner.device.seed, 'device-seed');
  const { state: epoch, sealed } = conversation.current;
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const start = performance.now();
    const device = deviceFromSeed(await unwrapSecret(key, kept, 'device-seed'), 'browser');
    const user = replayUserChain(owner.shelf.links, owner.id);
    const ring = openUserKeys(user, device, owner.shelf.boxesOf(device.deviceId));
    const team = replayInboxChain(inbox.shelf.links, inbox.world.at('past'), inbox.id);
    const inboxRing = openInboxKeys(team, owner.id, ring, inbox.shelf.boxesOf(owner.id));
    openEpoch(epoch, inbox.id, inboxRing, sealed.boxes[1] ?? new Uint8Array());
    times.push(performance.now() - start);
  }
  return { name: `cold unlock, inbox of ${members}`, unit: 'ms', value: middle(times), raw: null, goal: null };
}

function perSecond(count: number, work: () => void): number {
  const elapsedMs = median(() => {
    for (let index = 0; index < count; index += 1) work();
  });
  return (count / elapsedMs) * 1_000;
}

function median(work: () => void, times = rounds): number {
  work();
  return middle(
    Array.from({ length: times }, () => {
      const start = performance.now();
      work();
      return performance.now() - start;
    }),
  );
}

function middle(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;
}
