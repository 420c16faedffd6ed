import { openAccountText } from '../../client/crypto/account-text.ts';
import { atRestKey, passkeyDevice } from '../../client/crypto/prf.ts';
import { unwrapSecret } from '../../client/crypto/at-rest.ts';
import { deviceFromSeed } from '../../client/crypto/device.ts';
import { enrolmentProof } from '../../client/crypto/enrolment-proof.ts';
import { openEnvelope } from '../../client/crypto/envelope.ts';
import { type EpochKeys, openEpoch, openPreviousEpoch } from '../../client/crypto/epoch-keys.ts';
import { openFile } from '../../client/crypto/file.ts';
import { encodeFilePayload } from '../../client/crypto/file-payload.ts';
import { openInboxKeys } from '../../client/crypto/inbox-keys.ts';
import { personNumber } from '../../client/crypto/person-number.ts';
import type { KeyContext } from '../../client/crypto/primitives.ts';
import { deviceOfRecoveryCode } from '../../client/crypto/recovery-code.ts';
import { safetyNumber } from '../../client/crypto/safety-number.ts';
import { open } from '../../client/crypto/seal.ts';
import { generateKeys } from '../../client/crypto/seed-keys.ts';
import { signSession } from '../../client/crypto/session-proof.ts';
import { openUserKeys } from '../../client/crypto/user-keys.ts';
import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import { encode } from '../../server/protocol/codec.ts';
import { envelopeHash, firstRun, nextRun } from '../../server/protocol/envelope.ts';
import { type EpochState, verifyEpoch } from '../../server/protocol/epoch-rules.ts';
import { hash } from '../../server/protocol/hash.ts';
import { replayInboxChain } from '../../server/protocol/inbox-chain.ts';
import { receiptBytes, verifyReceipt } from '../../server/protocol/receipt.ts';
import type { ResetContext } from '../../server/protocol/reset-statement.ts';
import { replayUntilReset, replayUserChain } from '../../server/protocol/user-chain.ts';
import type { UserChainState } from '../../server/protocol/user-state.ts';
import { callChecks } from './calls.ts';
import { deviceLinks } from './device-links.ts';
import file from './file.json' with { type: 'json' };
import gim1 from './gim1.json' with { type: 'json' };
import { same, type Suite } from './suite.ts';

const bytes = fromBase64Url;
const contexts: readonly KeyContext[] = ['gim1-dev', 'gim1-puk', 'gim1-ptk', 'gim1-eps', 'gim1-rec', 'gim1-prf'];

/** Bytes this code made once and must read the same for ever: each format of GIM/1. */
export const frozen: readonly Suite[] = [
  {
    name: 'GIM/1 keys of a seed',
    checks: contexts.map((context) => () => {
      const { signPk, kemPk, prevKey, commit } = generateKeys(bytes(gim1.genkeys.seed), context);
      const keys = { context, signPk: toBase64Url(signPk), kemPkHash: toBase64Url(hash('gim1/kem', kemPk)) };
      same(
        { ...keys, prevKey: toBase64Url(prevKey), commit: toBase64Url(commit) },
        gim1.genkeys.keys.find((entry) => entry.context === context),
      );
    }),
  },
  {
    name: 'GIM/1 sealed box',
    checks: [
      () => {
        const { seed, box, associatedData, plaintext } = gim1.seal;
        const opened = open(generateKeys(bytes(seed), 'gim1-puk'), bytes(box), new TextEncoder().encode(associatedData));
        same(new TextDecoder().decode(opened), plaintext);
      },
    ],
  },
  {
    name: 'GIM/1 user chains and their keys',
    checks: [gim1.citizen, gim1.owner, gim1.official, gim1.reset.owner].map((person) => () => {
      same(pukSeeds(person, replay(person)), person.pukSeeds);
    }),
  },
  { name: 'GIM/1 inbox chain, epochs, envelopes, runs', checks: [conversation] },
  { name: 'GIM/1 reset and what comes after', checks: [reset] },
  { name: 'GIM/1 device link', checks: deviceLinks },
  { name: 'GIM/1 calls', checks: callChecks },
  {
    name: 'GIM/1 recovery code',
    checks: [
      () => {
        const { text, seed, deviceId } = gim1.recoveryCode;
        const device = deviceOfRecoveryCode(text);
        same([toBase64Url(device.seed), toBase64Url(device.deviceId), device.kind], [seed, deviceId, 'recovery']);
      },
    ],
  },
  {
    name: 'GIM/1 passkey device and key at rest',
    checks: [
      async () => {
        const device = await passkeyDevice(bytes(gim1.prf.output), bytes(gim1.prf.credentialId));
        same([toBase64Url(device.deviceId), device.kind], [gim1.prf.deviceId, 'passkey']);
      },
      async () => {
        const key = await atRestKey(bytes(gim1.prf.output), bytes(gim1.prf.credentialId));
        same(await unwrapSecret(key, bytes(gim1.prf.wrapped), gim1.prf.purpose), bytes(gim1.prf.secret));
      },
    ],
  },
  {
    name: 'GIM/1 proofs and receipts',
    checks: [
      () => {
        const signer = { userId: bytes(gim1.citizen.userId), device: deviceFromSeed(bytes(gim1.citizen.deviceSeed), 'browser') };
        same(toBase64Url(signSession(bytes(gim1.proofs.challenge), signer)), gim1.proofs.sessionOfCitizen);
      },
      () => {
        const proof = enrolmentProof(bytes(gim1.proofs.secret), bytes(gim1.official.userId));
        same(toBase64Url(proof), gim1.proofs.enrolmentOfOfficial);
      },
      () => {
        const { conversationId, position, run, bytes: signed, signature, receiptPk } = gim1.receipt;
        const claim = { conversationId: bytes(conversationId), position, run: bytes(run) };
        same(toBase64Url(receiptBytes(claim)), signed);
        verifyReceipt(claim, bytes(signature), bytes(receiptPk));
      },
    ],
  },
  { name: 'GIM/1 file', checks: [openedFile] },
  {
    name: 'GIM/1 names and numbers',
    checks: [
      () => {
        const { generation, subject, text, sealed } = gim1.accountText;
        const keys = { ...generateKeys(bytes(gim1.genkeys.seed), 'gim1-puk'), generation };
        same(openAccountText(bytes(sealed), subject, [keys]), text);
      },
      () => same(personNumber(bytes(gim1.citizen.userId)), gim1.numbers.person),
      () => same(safetyNumber(bytes(gim1.conversation.epochs[0]?.linkHash ?? '')).join(' '), gim1.numbers.safety),
    ],
  },
];

interface Frozen {
  readonly userId: string;
  readonly links: readonly string[];
}

interface FrozenPerson extends Frozen {
  readonly deviceSeed: string;
  readonly boxes: readonly { readonly generation: number; readonly box: string | null; readonly prevBox: string | null }[];
}

function replay({ links, userId }: Frozen, context: ResetContext | null = null): UserChainState {
  return replayUserChain(links.map(bytes), bytes(userId), context);
}

function pukSeeds(person: FrozenPerson, state: UserChainState): readonly string[] {
  return ringOf(person, state).map(({ seed }) => toBase64Url(seed));
}

function ringOf(person: FrozenPerson, state: UserChainState) {
  return openUserKeys(state, deviceFromSeed(bytes(person.deviceSeed), 'browser'), stored(person.boxes));
}

function stored(boxes: FrozenPerson['boxes']) {
  return boxes.map(({ generation, box, prevBox }) => ({
    generation,
    box: box === null ? null : bytes(box),
    prevBox: prevBox === null ? null : bytes(prevBox),
  }));
}

function among(known: readonly UserChainState[]): (id: Uint8Array) => UserChainState | undefined {
  return (id) => known.find(({ userId }) => String(userId) === String(id));
}

function conversation(): void {
  const people = [gim1.citizen, gim1.owner, gim1.official];
  const known = people.map((person) => replay(person));
  const verification = { user: among(known), registryPks: gim1.inbox.registryPks.map(bytes), moment: 'past' } as const;
  const inbox = replayInboxChain(gim1.inbox.links.map(bytes), verification, bytes(gim1.inbox.inboxId));
  const official = replay(gim1.official);
  const ring = openInboxKeys(inbox, official.userId, ringOf(gim1.official, official), stored(gim1.inbox.officialBoxes));
  same(ring.map(({ seed }) => toBase64Url(seed)), gim1.inbox.ptkSeeds);

  const context = { ...verification, inbox: () => inbox };
  const { conversationId, epochs, envelopes, runs } = gim1.conversation;
  const states = verifyEpochs(epochs, { citizenId: bytes(gim1.citizen.userId), inboxId: inbox.inboxId }, context);
  const keys = openBoth(states, epochs, (state) => openEpoch(state, inbox.inboxId, ring, bytes(epochs[1]?.boxes[1] ?? '')));
  for (const { epoch, bytes: envelope, text } of envelopes) {
    const [state, opener] = [states[epoch - 1], keys[epoch - 1]];
    if (!state || !opener) throw new Error('an envelope of no epoch');
    const { content } = openEnvelope(bytes(envelope), state, opener, context).body;
    same(content.type === 'text' && content.text, text);
  }
  const entries = [epochs[0]?.link, envelopes[0]?.bytes, epochs[1]?.link, envelopes[1]?.bytes];
  let run = firstRun(bytes(conversationId));
  for (const [index, entry] of entries.entries()) {
    run = nextRun(run, index + 1, envelopeHash(bytes(entry ?? '')));
    same(toBase64Url(run), runs[index]);
  }
}

/** The registrars from their own chains, the citizen's chain with them, and the history that an official has given back. */
function reset(): void {
  const { registrars, registryPks, citizen, owner, inbox, epochs, now, token } = gim1.reset;
  const user = among(registrars.people.map(({ links, userId }) => replayUntilReset(links.map(bytes), bytes(userId))));
  const past = { registryPks: registryPks.map(bytes), moment: 'past' } as const;
  const board = replayInboxChain(registrars.links.map(bytes), { ...past, user }, bytes(registrars.inboxId));
  const state = replay(citizen, { registrars: board, user, now, moment: 'now' });
  same(pukSeeds(citizen, state), citizen.pukSeeds);
  same(state.resets, [
    { seqno: 3, generation: 2, notBefore: now, registrarIds: registrars.people.map(({ userId }) => bytes(userId)) },
  ]);
  same(state.tokenHashes, [hash('gim1/token', bytes(token))]);

  const everybody = among([state, replay(owner)]);
  const office = replayInboxChain(inbox.links.map(bytes), { ...past, user: everybody }, bytes(inbox.inboxId));
  const parties = { citizenId: state.userId, inboxId: office.inboxId };
  const states = verifyEpochs(epochs, parties, { ...past, user: everybody, inbox: () => office });
  same(states[1]?.reason, 'restored');
  openBoth(states, epochs, (newest) => openEpoch(newest, state.userId, ringOf(citizen, state), bytes(epochs[1]?.boxes[0] ?? '')));
}

interface FrozenEpoch {
  readonly link: string;
  readonly linkHash: string;
  readonly boxes: readonly string[];
  readonly prevBox: string | null;
  readonly secret: string;
}

function verifyEpochs(
  epochs: readonly FrozenEpoch[],
  parties: Parameters<typeof verifyEpoch>[2],
  verification: Parameters<typeof verifyEpoch>[3],
): readonly EpochState[] {
  const states: EpochState[] = [];
  for (const { link, linkHash } of epochs) {
    const state = verifyEpoch(bytes(link), states.at(-1) ?? null, parties, verification);
    same(toBase64Url(state.linkHash), linkHash);
    states.push(state);
  }
  return states;
}

/** Keys of the second epoch from its box, and of the first through the second. */
function openBoth(
  states: readonly EpochState[],
  epochs: readonly FrozenEpoch[],
  openNewest: (newest: EpochState) => EpochKeys,
): readonly EpochKeys[] {
  const [first, second] = states;
  if (!first || !second) throw new Error('two epochs are frozen');
  const newest = openNewest(second);
  const keys = [openPreviousEpoch(second, newest, first, bytes(epochs[1]?.prevBox ?? '')), newest];
  same(keys.map(({ secret }) => toBase64Url(secret)), epochs.map(({ secret }) => secret));
  return keys;
}

async function openedFile(): Promise<void> {
  const description = {
    fileId: bytes(file.fileId),
    fileKey: bytes(file.fileKey),
    header: bytes(file.header),
    chunkCount: file.chunkCount,
    plainBytes: file.plainBytes,
    hash: bytes(file.hash),
  };
  const opened: number[] = [];
  await openFile(description, inOnePiece(bytes(file.sealed)), async (plain) => void opened.push(...plain));
  same(new TextDecoder().decode(Uint8Array.from(opened)), file.plaintext);
  const { name, mime, thumb } = file;
  same(toBase64Url(encode(encodeFilePayload({ ...description, name, mime, thumb: bytes(thumb) }))), file.payload);
}

async function* inOnePiece(whole: Uint8Array): AsyncGenerator<Uint8Array> {
  yield whole;
}
