import { expect } from 'vitest';
import { createDevice } from '../../client/crypto/device.ts';
import { createEpoch } from '../../client/crypto/epoch-keys.ts';
import { randomBytes } from '../../client/crypto/primitives.ts';
import { seal } from '../../client/crypto/seal.ts';
import { addDevice, createUser } from '../../client/crypto/user-keys.ts';
import { createInbox, draftInbox } from '../../client/crypto/inbox-keys.ts';
import { deviceIdOf } from '../../server/protocol/device-format.ts';
import { readerOfUser } from '../../server/protocol/epoch-rules.ts';
import { replayInboxChain } from '../../server/protocol/inbox-chain.ts';
import { verifySignature } from '../../server/protocol/sodium.ts';
import { World } from '../support/gim-world.ts';
import { attack, says } from './attack.ts';

const prime = 2n ** 255n - 19n;
/** The x of small order on Curve25519 (cr.yp.to/ecdh.html), as they are and with the bit set that X25519 leaves out of account. */
const order8 = [
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
];
const smallOrder = [0n, 1n, ...order8, prime - 1n, prime, prime + 1n].flatMap((x) => [littleEndian(x), littleEndian(x + 2n ** 255n)]);
/** The points of small order on edwards25519, in every encoding (RFC 8032 §5.1.3; "Taming the many EdDSAs", table 5). */
const smallEdwards = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000080',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000080',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
].map((hex) => new Uint8Array(Buffer.from(hex, 'hex')));

function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, index) => Number((value >> BigInt(8 * index)) & 255n));
}

/** An X-Wing key whose classical half is a point of small order: what is sealed to it would hang on the other half alone. */
function weakened(kemPk: Uint8Array, point: Uint8Array): Uint8Array {
  const weak = kemPk.slice();
  weak.set(point, kemPk.length - 32);
  return weak;
}

attack(
  28,
  'nothing is sealed to a key with a point of small order in it: a device`s, a person`s, an office`s',
  async ({ refused, reads }) => {
    expect(smallOrder).toHaveLength(14);
    const world = new World();
    const person = world.person();
    const strong = createDevice('browser');
    for (const point of smallOrder) {
      const kemPk = weakened(strong.kemPk, point);
      const device = { ...strong, kemPk, deviceId: deviceIdOf(strong.signPk, kemPk) };
      await refused('bad_key', () => seal(kemPk, new Uint8Array(32), new Uint8Array()));
      await refused('bad_key', () => createUser({ device, label: '', createdAt: 1 }));
      await refused('bad_key', () =>
        addDevice({ state: person.state, signer: person.signer, keys: person.keys(), newDevice: device, label: '' }),
      );
      const { reader } = readerOfUser(person.state);
      await refused('bad_key', () =>
        createEpoch({
          conversationId: randomBytes(16),
          previous: null,
          readers: [{ reader, kemPk: weakened(readerOfUser(person.state).kemPk, point) }],
          reason: 'opened',
          signer: person.signer,
        }),
      );
      const generations = person.state.generations.map((generation) => ({ ...generation, kemPk: weakened(generation.kemPk, point) }));
      const draft = draftInbox('Civil registry', { addsRequire: 1, requirePrf: false }, [{ ...person.state, generations }]);
      await refused('bad_key', () => createInbox(draft, [], person.signer));
    }
    await reads(says('conversations.startUntrusted'));
  },
);

attack(28, 'no signature holds under a key of small order: not on a link, not the registry`s', async ({ refused, reads }) => {
  expect(smallEdwards).toHaveLength(12);
  const world = new World();
  const person = world.person();
  const message = new Uint8Array(32);
  for (const point of smallEdwards) {
    // With R = A and S = 0 the equation holds for many messages, unless the key itself is refused.
    const signatures = smallEdwards.map((r) => Uint8Array.from([...r, ...new Uint8Array(32)]));
    for (const signature of signatures) {
      for (const domain of ['gim1/link-sig', 'gim1/epoch-sig', 'gim1/msg-sig', 'gim1/session-sig', 'gim1/reg', 'gim1/receipt'])
        expect(verifySignature(domain, message, signature, point)).toBe(false);
    }
    const draft = draftInbox('Civil registry', { addsRequire: 1, requirePrf: false }, [person.state]);
    const forged = signatures.slice(0, 2).map((signature, index) => ({ registryPk: smallEdwards[index] ?? point, signature }));
    const root = createInbox(draft, forged, person.signer).link;
    await refused('bad_signature', () => replayInboxChain([root], { ...world.at('past'), registryPks: smallEdwards }));
  }
  await reads(says('conversations.startUntrusted'));
});
