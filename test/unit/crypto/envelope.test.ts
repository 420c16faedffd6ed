import { describe, expect, test } from 'vitest';
import { createDevice } from '../../../client/crypto/device.ts';
import type { EpochKeys } from '../../../client/crypto/epoch-keys.ts';
import { firstCounter, openEnvelope, sealEnvelope } from '../../../client/crypto/envelope.ts';
import { concat, decrypt, encrypt, randomBytes } from '../../../client/crypto/primitives.ts';
import type { Signer } from '../../../client/crypto/sign-link.ts';
import { encode } from '../../../server/protocol/codec.ts';
import {
  checkEnvelope,
  decodeEnvelope,
  encodeEnvelope,
  encodeHeader,
  messageAssociatedData,
  type MessageHeader,
  paddedLength,
} from '../../../server/protocol/envelope.ts';
import type { EpochState } from '../../../server/protocol/epoch-rules.ts';
import { decodeMessageBody, encodeMessageBody, type MessageContent } from '../../../server/protocol/message-body.ts';
import { CryptoError, cryptoReady } from '../../../server/protocol/sodium.ts';
import { expectRefusal } from '../../support/crypto-error.ts';
import { Conversation, World } from '../../support/gim-world.ts';

await cryptoReady;

function talking() {
  const world = new World();
  const [citizen, owner, official] = [world.person(), world.person(), world.person()];
  const inbox = world.inbox(owner);
  inbox.add(owner, official);
  const conversation = new Conversation(citizen, inbox);
  const { state, keys } = conversation.current;
  const open = (bytes: Uint8Array, moment: 'past' | 'now' = 'now') => openEnvelope(bytes, state, keys, world.at(moment));
  return { world, citizen, owner, official, inbox, conversation, state, keys, open };
}

function sealOf(epoch: EpochState, keys: EpochKeys, sender: Omit<Signer, 'createdAt'>, content: MessageContent) {
  const body = { sentAt: 3, content, gossip: null, seen: null };
  return sealEnvelope({ epoch, keys, sender, counter: firstCounter, messageId: randomBytes(16), body }).envelope;
}

/** What somebody who has the epoch key can do: the same signed text under another header. */
function reheader(bytes: Uint8Array, from: EpochKeys, change: Partial<MessageHeader>, to: EpochKeys = from): Uint8Array {
  const { header, headerBytes, nonce, ciphertext } = decodeEnvelope(bytes);
  const inner = decrypt(nonce, ciphertext, messageAssociatedData(headerBytes), from.messageKey);
  const changed = encodeHeader({ ...header, ...change });
  const sealed = encrypt(inner, messageAssociatedData(changed), to.messageKey);
  return encodeEnvelope(changed, sealed.nonce, sealed.ciphertext);
}

describe('every kind of content', () => {
  const contents: MessageContent[] = [
    { type: 'text', text: 'Äddi a merci! 🙂', lang: 'lb', author: 'Anna' },
    { type: 'text', text: '', lang: null, author: null },
    { type: 'edit', messageId: new Uint8Array(16).fill(1), text: 'corrected' },
    { type: 'redact', messageId: new Uint8Array(16).fill(2) },
    { type: 'receipt', position: 12 },
    { type: 'file', payload: [new Uint8Array(3), 'a name', [1, null]] },
    { type: 'call', payload: null },
    { type: 'system', payload: 'subject' },
  ];
  test.each(contents)('$type is sealed by one and opened by the other', (content) => {
    const { citizen, official, state, keys, open } = talking();
    for (const by of [citizen, official]) {
      const opened = open(sealOf(state, keys, by.signer, content));
      expect(opened.body.content).toEqual(content);
      expect(opened.header.senderUser).toEqual(by.id);
    }
  });

  test('what was seen and gossiped comes along; an unknown type is refused', () => {
    const seen = { position: 4, run: new Uint8Array(32).fill(5) };
    const gossip = { logSize: 6, root: new Uint8Array(32).fill(7) };
    const body = { sentAt: 8, content: { type: 'call', payload: 9 } as const, gossip, seen };
    expect(decodeMessageBody(encodeMessageBody(body))).toEqual(body);
    expectRefusal(() => decodeMessageBody(encode([8, 0, null, null, null])), 'unsupported');
    expectRefusal(() => decodeMessageBody(encode([1, 0, ['text'], null, null, null])), 'malformed');
  });
});

test('lengths are hidden in steps of 256, 512, 1024, 2048 and then 4096', () => {
  expect([0, 255, 256, 511, 512, 1023, 1024, 2047, 2048, 4095, 4096, 8191, 8192].map(paddedLength)).toEqual([
    256, 256, 512, 512, 1024, 1024, 2048, 2048, 4096, 4096, 8192, 8192, 12288,
  ]);
  const { citizen, state, keys } = talking();
  const lengthOf = (text: string) =>
    decodeEnvelope(sealOf(state, keys, citizen.signer, { type: 'system', payload: text })).ciphertext.length;
  expect(lengthOf('a')).toBe(lengthOf('a'.repeat(150)));
  expect(lengthOf('a'.repeat(3000))).toBe(4096 + 16);
  expectRefusal(() => sealOf(state, keys, citizen.signer, { type: 'system', payload: 'a'.repeat(32_000) }), 'malformed');
});

describe('attack 22: a header that is changed', () => {
  const changes: { field: string; change: Partial<MessageHeader> }[] = [
    { field: 'conversation', change: { conversationId: randomBytes(16) } },
    { field: 'epoch', change: { epoch: 2 } },
    { field: 'epoch link hash', change: { epochLinkHash: randomBytes(32) } },
    { field: 'user', change: { senderUser: randomBytes(32) } },
    { field: 'device', change: { senderDevice: randomBytes(16) } },
    { field: 'counter', change: { deviceCounter: 3 } },
    { field: 'previous message', change: { prevMessageHash: randomBytes(32) } },
    { field: 'message id', change: { messageId: randomBytes(16) } },
  ];

  test.each(changes)('$field: by the server, without keys', ({ change }) => {
    const { citizen, conversation, state, keys } = talking();
    conversation.send(citizen, 'one');
    const bytes = conversation.send(citizen, 'two');
    const { header, headerBytes, nonce, ciphertext } = decodeEnvelope(bytes);
    const data = messageAssociatedData(encodeHeader({ ...header, ...change }));
    expect(decrypt(nonce, ciphertext, messageAssociatedData(headerBytes), keys.messageKey).length).toBe(256);
    expectRefusal(() => decrypt(nonce, ciphertext, data, keys.messageKey), 'cannot_open');
    const changed = encodeEnvelope(encodeHeader({ ...header, ...change }), nonce, ciphertext);
    expect(() => openEnvelope(changed, state, keys, conversation.inbox.world.at('now'))).toThrow(CryptoError);
  });

  test.each(changes)('$field: by a reader, who has the key', ({ change }) => {
    const { citizen, conversation, keys, open } = talking();
    conversation.send(citizen, 'one');
    const bytes = conversation.send(citizen, 'two');
    expect(open(reheader(bytes, keys, {})).body.content).toMatchObject({ text: 'two' });
    const expected = {
      conversationId: 'invalid_link',
      epoch: 'stale_key',
      epochLinkHash: 'stale_key',
      senderUser: 'not_allowed',
      senderDevice: 'not_allowed',
    };
    const code = Object.entries(expected).find(([name]) => name in change)?.[1] ?? 'bad_signature';
    expect(() => open(reheader(bytes, keys, change))).toThrow(expect.objectContaining({ code }));
  });
});

test('one flipped bit anywhere in an envelope is refused', () => {
  const { citizen, conversation, open } = talking();
  const bytes = conversation.send(citizen, 'a letter');
  for (let index = 0; index < bytes.length; index += 1) {
    const changed = bytes.map((byte, at) => (at === index ? byte ^ (1 << (index % 8)) : byte));
    expect(() => open(changed), `bit of byte ${index}`).toThrow(CryptoError);
  }
});

describe('attack 23: a reader passes on what another signed', () => {
  test('into another conversation or epoch of the same people', () => {
    const { world, citizen, inbox, conversation, keys } = talking();
    const bytes = conversation.send(citizen, 'yes, I agree');
    const other = new Conversation(citizen, inbox);
    const { state, keys: otherKeys } = other.current;
    const moved = reheader(bytes, keys, { conversationId: other.id, epochLinkHash: state.linkHash }, otherKeys);
    expectRefusal(() => openEnvelope(moved, state, otherKeys, world.at('now')), 'bad_signature');
    const next = conversation.reEpoch(citizen, 'limit');
    const later = reheader(bytes, keys, { epoch: 2, epochLinkHash: next.state.linkHash }, next.keys);
    expectRefusal(() => openEnvelope(later, next.state, next.keys, world.at('now')), 'bad_signature');
  });

  test('as his own, or his own as another`s', () => {
    const { citizen, official, conversation, keys, open } = talking();
    const own = { senderUser: official.id, senderDevice: official.device.deviceId };
    expectRefusal(() => open(reheader(conversation.send(citizen, 'mine'), keys, own)), 'bad_signature');
    const claimed = { senderUser: citizen.id, senderDevice: citizen.device.deviceId };
    expectRefusal(() => open(reheader(conversation.send(official, 'signed: the citizen'), keys, claimed)), 'bad_signature');
    expectRefusal(() => open(reheader(conversation.send(official, 'mixed'), keys, { senderUser: citizen.id })), 'not_allowed');
  });
});

describe('who may send', () => {
  test('an outsider and an auditor may not, a new official may', () => {
    const { world, owner, inbox, conversation, open } = talking();
    const [outsider, auditor, late] = [world.person(), world.person(), world.person()];
    inbox.add(owner, auditor, 'auditor');
    inbox.add(owner, late);
    expectRefusal(() => open(conversation.send(outsider, 'hello')), 'not_allowed');
    expectRefusal(() => open(conversation.send(auditor, 'hello')), 'not_allowed');
    expect(open(conversation.send(late, 'hello')).header.senderUser).toEqual(late.id);
  });

  test('an official who came after the key had changed may not write in the epoch before', () => {
    const { world, owner, inbox, conversation, open } = talking();
    const late = world.person();
    inbox.rotate(owner);
    inbox.add(owner, late);
    expectRefusal(() => open(conversation.send(late, 'back-dated'), 'past'), 'not_allowed');
  });

  test('a revoked device may not: not now, and not in an epoch sealed to the key after it', () => {
    const { citizen, official, owner, inbox, conversation, open } = talking();
    for (const person of [official, citizen]) {
      const stolen = person.device;
      const bytes = conversation.send(person, 'before');
      person.moveTo(createDevice('browser'));
      person.revoke(stolen.deviceId);
      // The citizen's new key also makes the epoch itself outdated.
      expectRefusal(() => open(bytes, 'now'), person === citizen ? 'stale_key' : 'not_allowed');
      expect(open(bytes, 'past').body.content).toMatchObject({ text: 'before' });
    }
    inbox.rotate(owner);
    const next = conversation.reEpoch(citizen);
    const [first] = citizen.state.devices;
    const bytes = sealOf(
      next.state,
      next.keys,
      { userId: citizen.id, device: { ...citizen.device, deviceId: first!.deviceId } },
      { type: 'call', payload: 1 },
    );
    expectRefusal(() => openEnvelope(bytes, next.state, next.keys, inbox.world.at('past')), 'not_allowed');
  });

  test('the server checks the same without keys: stale_key once a reader has a newer one', () => {
    const { world, citizen, owner, inbox, conversation, state } = talking();
    const bytes = conversation.send(citizen, 'hello');
    expect(checkEnvelope(bytes, state, world.at('now')).device.deviceId).toEqual(citizen.device.deviceId);
    inbox.rotate(owner);
    expectRefusal(() => checkEnvelope(bytes, state, world.at('now')), 'stale_key');
    expect(checkEnvelope(bytes, state, world.at('past')).envelope.header.deviceCounter).toBe(1);
  });

  test('attack 13: an envelope of an old epoch after the next one is refused by everybody', () => {
    const { world, citizen, official, conversation } = talking();
    const first = conversation.current;
    const second = conversation.reEpoch(citizen, 'limit');
    const late = conversation.send(official, 'back-dated', first);
    for (const moment of ['past', 'now'] as const) {
      expectRefusal(() => checkEnvelope(late, second.state, world.at(moment)), 'stale_key');
      expectRefusal(() => openEnvelope(late, second.state, second.keys, world.at(moment)), 'stale_key');
      expectRefusal(() => openEnvelope(late, second.state, first.keys, world.at(moment)), 'stale_key');
    }
  });
});

test('padding that is not the one the text needs is refused', () => {
  const { citizen, conversation, keys, open } = talking();
  const { headerBytes, nonce, ciphertext } = decodeEnvelope(conversation.send(citizen, 'short'));
  const inner = decrypt(nonce, ciphertext, messageAssociatedData(headerBytes), keys.messageKey);
  for (const padded of [concat(inner, new Uint8Array(256)), new Uint8Array(256), inner.map((byte, index) => (index === 255 ? 1 : byte))]) {
    const sealed = encrypt(padded, messageAssociatedData(headerBytes), keys.messageKey);
    expectRefusal(() => open(encodeEnvelope(headerBytes, sealed.nonce, sealed.ciphertext)), 'malformed');
  }
  const short = encrypt(inner.slice(0, 200), messageAssociatedData(headerBytes), keys.messageKey);
  expectRefusal(() => open(encodeEnvelope(headerBytes, short.nonce, short.ciphertext)), 'malformed');
});
