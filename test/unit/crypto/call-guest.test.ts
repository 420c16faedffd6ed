import { expect, test } from 'vitest';
import {
  createGrant,
  createGuestSecret,
  type Grant,
  guestKeys,
  inviterKeyHash,
  openGrant,
  readGuestLink,
  writeGuestLink,
} from '../../../client/crypto/call-guest.ts';
import { createDevice } from '../../../client/crypto/device.ts';
import { randomBytes } from '../../../client/crypto/primitives.ts';
import { idOf, newId } from '../../../server/protocol/ids.ts';
import { limits } from '../../../server/protocol/limits.ts';
import { cryptoReady } from '../../../server/protocol/sodium.ts';
import { expectRefusal } from '../../support/crypto-error.ts';

await cryptoReady;

const inviter = createDevice('browser');
const secret = createGuestSecret();
const guest = guestKeys(secret);
const grant: Grant = {
  callId: newId(),
  inviteId: newId(),
  guestPk: guest.signPk,
  role: 'interpreter',
  displayName: 'Amélie Thill',
  expiresAt: 1_800_000_000_000,
  inviterId: idOf(randomBytes(32)),
  inviterPk: inviter.signPk,
};
const expected = { callId: grant.callId, accountId: guest.accountId };

test('one secret always gives the same token, keys and account, and another secret others', () => {
  expect(guestKeys(secret)).toEqual(guest);
  const other = guestKeys(createGuestSecret());
  expect([other.accountId, String(other.token)]).not.toContain(guest.accountId);
  expect(guest.token).toHaveLength(32);
  expect(guest.token).not.toEqual(secret);
  expect(guest.accountId).toMatch(/^[\w-]{43}$/);
});

test('a link is read as it was written, with or without the sign in front, and nothing else is one', () => {
  const link = { inviteId: grant.inviteId, secret, inviterKeyHash: inviterKeyHash(inviter.signPk) };
  const text = writeGuestLink(link);
  expect(text).toMatch(/^[\w-]{22}\.[\w-]{43}\.[\w-]{43}$/);
  for (const written of [text, `#${text}`]) expect(readGuestLink(written)).toEqual(link);
  const [id = '', key = '', pinned = ''] = text.split('.');
  for (const broken of [
    '',
    '#',
    id,
    `${id}.${key}`,
    `${text}.`,
    `${text}.${id}`,
    `${key}.${id}.${pinned}`,
    `${id}.${key}.${pinned}A`,
    `${id}.${key}+.${pinned}`,
  ])
    expectRefusal(() => readGuestLink(broken), 'malformed');
});

test('a grant is for one guest, one call and by whom the link names, and no bit of it can be another', () => {
  const bytes = createGrant(grant, inviter.signSk);
  expect(bytes.length).toBeLessThan(limits.callGrantBytes);
  expect(openGrant(bytes, expected)).toEqual(grant);
  expect(openGrant(bytes, { ...expected, inviterKeyHash: inviterKeyHash(inviter.signPk) })).toEqual(grant);

  expectRefusal(() => openGrant(bytes, { ...expected, callId: newId() }), 'bad_id');
  expectRefusal(() => openGrant(bytes, { ...expected, accountId: idOf(randomBytes(32)) }), 'bad_id');
  expectRefusal(() => openGrant(bytes, { ...expected, inviterKeyHash: inviterKeyHash(guest.signPk) }), 'bad_id');
  expectRefusal(() => openGrant(createGrant(grant, createDevice('browser').signSk), expected), 'bad_signature');
  expectRefusal(() => openGrant(createGrant({ ...grant, guestPk: inviter.signPk }, inviter.signSk), expected), 'bad_id');
  for (let index = 0; index < bytes.length; index += 1) {
    const changed = bytes.slice();
    changed[index] = (changed[index] ?? 0) ^ 1;
    expect(() => openGrant(changed, expected), `byte ${index}`).toThrow(expect.objectContaining({ name: 'CryptoError' }));
  }
});
