import { describe, expect, test } from 'vitest';
import { createDevice } from '../../../client/crypto/device.ts';
import { randomBytes } from '../../../client/crypto/primitives.ts';
import {
  decodeEnvelope,
  encodeEnvelope,
  encodeHeader,
  envelopeHash,
  firstRun,
  isByAuthor,
  type MessageHeader,
  nextRun,
} from '../../../server/protocol/envelope.ts';
import { EnvelopeSequence } from '../../../server/protocol/envelope-order.ts';
import { cryptoReady } from '../../../server/protocol/sodium.ts';
import { expectRefusal } from '../../support/crypto-error.ts';
import { Conversation, World } from '../../support/gim-world.ts';

await cryptoReady;

function talking() {
  const world = new World();
  const [citizen, owner, official] = [world.person(), world.person(), world.person()];
  const inbox = world.inbox(owner);
  inbox.add(owner, official);
  return { citizen, official, inbox, conversation: new Conversation(citizen, inbox) };
}

/** Header and hash of a citizen's envelopes, one after the other. */
function sent(count: number) {
  const { citizen, conversation } = talking();
  return Array.from({ length: count }, (_, index) => conversation.send(citizen, `${index}`)).map((bytes) => ({
    header: decodeEnvelope(bytes).header,
    hash: envelopeHash(bytes),
  }));
}

test('lengths that no padding makes, and a first envelope that follows another, are malformed', () => {
  const { citizen, conversation } = talking();
  const { header, headerBytes, nonce } = decodeEnvelope(conversation.send(citizen, 'short'));
  expect(decodeEnvelope(encodeEnvelope(headerBytes, nonce, new Uint8Array(256 + 16))).header).toEqual(header);
  for (const length of [0, 1, 16, 255 + 16, 257 + 16, 768 + 16, 6144 + 16, 40_000]) {
    expectRefusal(() => decodeEnvelope(encodeEnvelope(headerBytes, nonce, new Uint8Array(length))), 'malformed');
  }
  for (const change of [{ deviceCounter: 0 }, { deviceCounter: 2 }, { prevMessageHash: new Uint8Array(32) }]) {
    const changed = encodeHeader({ ...header, ...change });
    expectRefusal(() => decodeEnvelope(encodeEnvelope(changed, nonce, new Uint8Array(256 + 16))), 'malformed');
  }
});

describe('attack 24: order of envelopes', () => {
  test('in order they follow, repeated they are duplicates, with one missing there is a gap', () => {
    const [first, second, third, fourth] = sent(4);
    const sequence = new EnvelopeSequence();
    const accept = (entry: typeof first) => sequence.accept(entry!.header, entry!.hash);
    expect(accept(first)).toEqual({ verdict: 'next' });
    expect(accept(first)).toEqual({ verdict: 'duplicate' });
    expect(accept(second)).toEqual({ verdict: 'next' });
    expect(accept(fourth)).toEqual({ verdict: 'gap', missing: 1 });
    expect(accept(third)).toEqual({ verdict: 'fork' });
    expect(accept(second)).toEqual({ verdict: 'duplicate' });
  });

  test('the same counter again, or a different envelope before, is a fork; devices count for themselves', () => {
    const [first, second] = sent(2);
    const sequence = new EnvelopeSequence();
    sequence.accept(first!.header, first!.hash);
    expect(sequence.accept({ ...first!.header, messageId: randomBytes(16) }, randomBytes(32))).toEqual({ verdict: 'fork' });
    expect(sequence.accept({ ...second!.header, prevMessageHash: randomBytes(32) }, second!.hash)).toEqual({ verdict: 'fork' });
    expect(sequence.accept({ ...first!.header, senderDevice: randomBytes(16), messageId: randomBytes(16) }, randomBytes(32))).toEqual({
      verdict: 'next',
    });
    expect(sequence.accept({ ...first!.header, senderDevice: randomBytes(16) }, randomBytes(32))).toEqual({ verdict: 'duplicate' });
  });

  test('the run hash depends on every entry, on its place and on the conversation', () => {
    const [a, b] = [randomBytes(32), randomBytes(32)];
    const conversationId = randomBytes(16);
    const run = (...entries: Uint8Array[]) =>
      entries.reduce((value, entry, index) => nextRun(value, index + 1, entry), firstRun(conversationId));
    expect(run(a, b)).toEqual(run(a, b));
    expect(run(a, b)).not.toEqual(run(b, a));
    expect(run(a)).not.toEqual(run(a, b));
    expect(nextRun(firstRun(conversationId), 1, a)).not.toEqual(nextRun(firstRun(conversationId), 2, a));
    expect(firstRun(conversationId)).not.toEqual(firstRun(randomBytes(16)));
  });
});

const headerOf = (bytes: Uint8Array): MessageHeader => decodeEnvelope(bytes).header;

test('attack 26: only the author edits or redacts, from whichever device, within the conversation', () => {
  const { citizen, official, inbox, conversation } = talking();
  const original = headerOf(conversation.send(citizen, 'hello'));
  expect(isByAuthor(original, headerOf(conversation.send(official, 'edit')))).toBe(false);
  expect(isByAuthor(original, headerOf(new Conversation(citizen, inbox).send(citizen, 'edit')))).toBe(false);
  citizen.moveTo(createDevice('browser'));
  expect(isByAuthor(original, headerOf(conversation.send(citizen, 'edit')))).toBe(true);
});
