import { afterAll, beforeAll, expect } from 'vitest';
import { createDevice } from '../../client/crypto/device.ts';
import { acceptDevice, addDevice } from '../../client/crypto/user-keys.ts';
import { toBase64Url } from '../../server/protocol/base64url.ts';
import { extendUserChain } from '../../server/protocol/user-chain.ts';
import { anyKeys } from '../support/staffed-inbox.ts';
import { alarmed, attack } from './attack.ts';
import { EvilServer } from './evil-server.ts';
import { Scene, sound } from './scene.ts';
import { delivered } from './victim.ts';

let evil: EvilServer;

beforeAll(async () => {
  evil = await EvilServer.start();
});
afterAll(async () => {
  await evil.close();
});

attack(1, 'a device the server adds to somebody with its own key is refused, and nothing is sealed to it', async ({ refused, reads }) => {
  const scene = await Scene.open(evil);
  const { citizen, official } = scene;
  const accountId = citizen.accountId;
  const chain = await scene.chainOf(accountId);
  const planted = createDevice('browser');
  const [first] = chain.devices;
  const forge = (deviceId: Uint8Array) =>
    acceptDevice(
      addDevice({
        state: chain,
        signer: { userId: chain.userId, device: { ...planted, deviceId }, createdAt: 1 },
        keys: anyKeys,
        newDevice: planted,
        label: '',
      }).link,
      planted,
      chain.userId,
    );
  const inItsOwnName = forge(planted.deviceId);
  const inAnothers = forge(first?.deviceId ?? new Uint8Array());
  await refused('not_allowed', () => extendUserChain(chain, inItsOwnName));
  await refused('bad_signature', () => extendUserChain(chain, inAnothers));

  for (const forged of [inItsOwnName, inAnothers]) {
    const before = await official.trust(accountId);
    evil.lies.answer('account:load', ({ accounts }) => ({
      accounts: accounts.map((account) =>
        account.accountId === accountId ? { ...account, links: [...account.links, toBase64Url(forged)] } : account,
      ),
    }));
    await official.reload();
    await scene.answered.send('to whom?', 'en');
    await delivered(scene.answered);
    expect(official.alarms).toEqual(['chain-invalid']);
    expect(await official.trust(accountId)).toBe(before);
    await reads(alarmed('chain-invalid'));
    expect(await scene.goOn()).toEqual(sound);
  }
  scene.close();
});
