import { expect, test } from 'vitest';
import { deviceFromSeed } from '../../../client/crypto/device.ts';
import { enrolmentProof } from '../../../client/crypto/enrolment-proof.ts';
import { openEnvelope } from '../../../client/crypto/envelope.ts';
import { openEpoch, openPreviousEpoch } from '../../../client/crypto/epoch-keys.ts';
import { openInboxKeys } from '../../../client/crypto/inbox-keys.ts';
import type { KeyContext } from '../../../client/crypto/primitives.ts';
import { open } from '../../../client/crypto/seal.ts';
import { generateKeys } from '../../../client/crypto/seed-keys.ts';
import { signSession } from '../../../client/crypto/session-proof.ts';
import { openUserKeys } from '../../../client/crypto/user-keys.ts';
import { fromBase64Url, toBase64Url } from '../../../server/protocol/base64url.ts';
import { envelopeHash, firstRun, nextRun } from '../../../server/protocol/envelope.ts';
import { type EpochState, verifyEpoch } from '../../../server/protocol/epoch-rules.ts';
import { hash } from '../../../server/protocol/hash.ts';
import { replayInboxChain } from '../../../server/protocol/inbox-chain.ts';
import { cryptoReady } from '../../../server/protocol/sodium.ts';
import { replayUserChain, type UserChainState } from '../../../server/protocol/user-chain.ts';
import frozen from '../../vectors/gim1.json' with { type: 'json' };

await cryptoReady;

const bytes = fromBase64Url;
const stored = (boxes: { generation: number; box: string | null; prevBox: string | null }[]) =>
  boxes.map(({ generation, box, prevBox }) => ({
    generation,
    box: box === null ? null : bytes(box),
    prevBox: prevBox === null ? null : bytes(prevBox),
  }));
const seeds = (ring: readonly { seed: Uint8Array }[]) => ring.map(({ seed }) => toBase64Url(seed));

const people = [frozen.citizen, frozen.owner, frozen.official];
const states = (): UserChainState[] => people.map(({ links, userId }) => replayUserChain(links.map(bytes), bytes(userId)));
const userOf = (known: UserChainState[]) => (id: Uint8Array) => known.find(({ userId }) => toBase64Url(userId) === toBase64Url(id));

const contexts: readonly KeyContext[] = ['gim1-dev', 'gim1-puk', 'gim1-ptk', 'gim1-eps', 'gim1-rec', 'gim1-prf'];

test.each(contexts)('the keys of a frozen seed in %s', (context) => {
  const { signPk, kemPk, prevKey, commit } = generateKeys(bytes(frozen.genkeys.seed), context);
  expect(frozen.genkeys.keys.find((entry) => entry.context === context)).toEqual({
    context,
    signPk: toBase64Url(signPk),
    kemPkHash: toBase64Url(hash('gim1/kem', kemPk)),
    prevKey: toBase64Url(prevKey),
    commit: toBase64Url(commit),
  });
});

test('a frozen box opens', () => {
  const { seed, box, associatedData, plaintext } = frozen.seal;
  const opened = open(generateKeys(bytes(seed), 'gim1-puk'), bytes(box), new TextEncoder().encode(associatedData));
  expect(new TextDecoder().decode(opened)).toBe(plaintext);
});

test('frozen user chains verify, and their boxes give the frozen seeds', () => {
  for (const [index, person] of people.entries()) {
    const device = deviceFromSeed(bytes(person.deviceSeed), 'browser');
    expect(seeds(openUserKeys(states()[index]!, device, stored(person.boxes)))).toEqual(person.pukSeeds);
  }
});

test('the frozen inbox chain, epochs and envelopes verify and open, and the runs are the same', () => {
  const known = states();
  const verification = { user: userOf(known), registryPks: frozen.inbox.registryPks.map(bytes), moment: 'past' } as const;
  const inbox = replayInboxChain(frozen.inbox.links.map(bytes), verification, bytes(frozen.inbox.inboxId));
  const [citizen, , official] = known;
  const device = deviceFromSeed(bytes(frozen.official.deviceSeed), 'browser');
  const ring = openInboxKeys(
    inbox,
    official!.userId,
    openUserKeys(official!, device, stored(frozen.official.boxes)),
    stored(frozen.inbox.officialBoxes),
  );
  expect(seeds(ring)).toEqual(frozen.inbox.ptkSeeds);

  const context = { ...verification, inbox: () => inbox };
  const parties = { citizenId: citizen!.userId, inboxId: inbox.inboxId };
  const epochs: EpochState[] = [];
  for (const { link, linkHash } of frozen.conversation.epochs) {
    epochs.push(verifyEpoch(bytes(link), epochs.at(-1) ?? null, parties, context));
    expect(toBase64Url(epochs.at(-1)!.linkHash)).toBe(linkHash);
  }
  const [first, second] = frozen.conversation.epochs;
  const newest = openEpoch(epochs[1]!, inbox.inboxId, ring, bytes(second!.boxes[1]!));
  const keys = [openPreviousEpoch(epochs[1]!, newest, epochs[0]!, bytes(second!.prevBox!)), newest];
  expect(keys.map(({ secret }) => toBase64Url(secret))).toEqual([first!.secret, second!.secret]);
  for (const { epoch, bytes: envelope, text } of frozen.conversation.envelopes) {
    expect(openEnvelope(bytes(envelope), epochs[epoch - 1]!, keys[epoch - 1]!, context).body.content).toMatchObject({ type: 'text', text });
  }

  const entries = [first!.link, frozen.conversation.envelopes[0]!.bytes, second!.link, frozen.conversation.envelopes[1]!.bytes];
  let run = firstRun(bytes(frozen.conversation.conversationId));
  const runs = entries.map((entry, index) => toBase64Url((run = nextRun(run, index + 1, envelopeHash(bytes(entry))))));
  expect(runs).toEqual(frozen.conversation.runs);
});

test('frozen proofs come out the same', () => {
  const { challenge, sessionOfCitizen, secret, enrolmentOfOfficial } = frozen.proofs;
  const signer = { userId: bytes(frozen.citizen.userId), device: deviceFromSeed(bytes(frozen.citizen.deviceSeed), 'browser') };
  expect(toBase64Url(signSession(bytes(challenge), signer))).toBe(sessionOfCitizen);
  expect(toBase64Url(enrolmentProof(bytes(secret), bytes(frozen.official.userId)))).toBe(enrolmentOfOfficial);
});
