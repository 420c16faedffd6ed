import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeLinkMessage, decodeOpening, readLinkCode } from '../../../client/crypto/device-link.ts';
import { decodeFilePayload } from '../../../client/crypto/file-payload.ts';
import { deviceOfRecoveryCode } from '../../../client/crypto/recovery-code.ts';
import { fromBase64Url, toBase64Url } from '../../../server/protocol/base64url.ts';
import { type CborValue, decode, encode } from '../../../server/protocol/codec.ts';
import { decodeEnvelope } from '../../../server/protocol/envelope.ts';
import { decodeSignedEpoch } from '../../../server/protocol/epoch.ts';
import { anything } from '../../../server/protocol/format.ts';
import { decodeInboxBody } from '../../../server/protocol/inbox-bodies.ts';
import { decodeLink } from '../../../server/protocol/link.ts';
import { decodeMessageBody } from '../../../server/protocol/message-body.ts';
import { decodeAttestation, decodeResetDraft } from '../../../server/protocol/reset-statement.ts';
import { CryptoError, cryptoReady } from '../../../server/protocol/sodium.ts';
import { decodeUserBody } from '../../../server/protocol/user-bodies.ts';
import file from '../../vectors/file.json' with { type: 'json' };
import gim1 from '../../vectors/gim1.json' with { type: 'json' };

await cryptoReady;

const userLinks = [...gim1.official.links, ...gim1.reset.citizen.links].map((text) => decodeLink(fromBase64Url(text)));
const resetLink = userLinks.at(-1)?.body;
const resetBody = resetLink ? decodeUserBody(5, resetLink) : null;
if (resetBody?.type !== 'reset') throw new Error('the last frozen link is a reset');
const inboxLinks = gim1.inbox.links.map((text) => decodeLink(fromBase64Url(text)));
const messages = gim1.deviceLinks.flatMap(({ messages: texts }) => texts.map(fromBase64Url));

interface Decoder {
  readonly name: string;
  readonly samples: readonly Uint8Array[];
  readonly read: (bytes: Uint8Array) => unknown;
}

/** Everything that takes bytes of others apart, with something it accepts. */
const decoders: readonly Decoder[] = [
  { name: 'a link', samples: gim1.official.links.map(fromBase64Url), read: decodeLink },
  ...userLinks.map(({ outer, body }) => ({
    name: `a user body of type ${outer.type}`,
    samples: [body ?? new Uint8Array()],
    read: (bytes: Uint8Array) => decodeUserBody(outer.type, bytes),
  })),
  ...inboxLinks.map(({ outer, body }) => ({
    name: `an inbox body of type ${outer.type}`,
    samples: [body ?? new Uint8Array()],
    read: (bytes: Uint8Array) => decodeInboxBody(outer.type, bytes),
  })),
  { name: 'a reset draft', samples: [resetBody.draft], read: decodeResetDraft },
  { name: 'an attestation', samples: resetBody.attestations, read: decodeAttestation },
  { name: 'a signed epoch', samples: gim1.conversation.epochs.map(({ link }) => fromBase64Url(link)), read: decodeSignedEpoch },
  { name: 'an envelope', samples: gim1.conversation.envelopes.map(({ bytes }) => fromBase64Url(bytes)), read: decodeEnvelope },
  { name: 'a message body', samples: [encode([1, 5, ['Moien', 'lb', null], null, [3, new Uint8Array(32)]])], read: decodeMessageBody },
  { name: 'a message of a device link', samples: messages, read: decodeLinkMessage },
  { name: 'an opening', samples: messages.flatMap((bytes) => openingOf(bytes)), read: decodeOpening },
  { name: 'a file', samples: [fromBase64Url(file.payload)], read: (bytes) => decodeFilePayload(anything.read(decode(bytes, 10_000))) },
  { name: 'a code', samples: gim1.deviceLinks.map(({ code }) => fromBase64Url(code)), read: (bytes) => readLinkCode(toBase64Url(bytes)) },
];

function openingOf(bytes: Uint8Array): readonly Uint8Array[] {
  const message = decodeLinkMessage(bytes);
  return message.type === 'opening' ? [message.opening] : [];
}

/** A value of any kind, or a CryptoError; nothing else may come of bytes. */
function expectTyped(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(CryptoError);
  }
}

test.each(decoders)('attack 27: whatever becomes of $name, it is read or refused with a code', ({ samples, read }) => {
  for (const sample of samples) expect(() => read(sample)).not.toThrow();
  const change = fc.record({
    at: fc.nat(),
    to: fc.integer({ min: 0, max: 255 }),
    cut: fc.nat({ max: 40 }),
    more: fc.uint8Array({ maxLength: 4 }),
  });
  const changed = fc.property(fc.constantFrom(...samples), change, (sample, { at, to, cut, more }) => {
    const bytes = Uint8Array.from([...sample.subarray(0, sample.length - cut), ...more]);
    if (bytes.length > 0) bytes[at % bytes.length] = to;
    expectTyped(() => read(bytes));
  });
  fc.assert(changed, { numRuns: 150 });
});

/** Any item in the place of any other: well encoded, but not what is expected there. */
const item: fc.Arbitrary<CborValue> = fc.oneof(
  fc.constantFrom<CborValue>(null, true, 0, 1, 2, 255, 2 ** 32, Number.MAX_SAFE_INTEGER, '', 'text', []),
  fc.uint8Array({ maxLength: 40 }),
  fc.array(fc.nat({ max: 3 }), { maxLength: 4 }),
);

test.each(decoders)('attack 27: $name with an item of another kind in any place', ({ samples, read }) => {
  const replaced = fc.property(fc.constantFrom(...samples), fc.nat(), item, (sample, at, other) => {
    const tuple = anything.read(decode(sample, 64 * 1024));
    if (!Array.isArray(tuple)) throw new Error('every format is an array');
    const items: CborValue[] = tuple.map((one: unknown) => anything.read(one));
    items[at % items.length] = other;
    expectTyped(() => read(encode(items)));
    expectTyped(() => read(encode(items.slice(1))));
    expectTyped(() => read(encode([...items, other])));
  });
  fc.assert(replaced, { numRuns: 100 });
});

test('attack 34: whatever is typed for a recovery code is read or refused with a code', () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => expectTyped(() => deviceOfRecoveryCode(text))));
});
