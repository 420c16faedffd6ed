import { callCheck } from '../../client/crypto/call-check.ts';
import { guestKeys, openGrant, readGuestLink } from '../../client/crypto/call-guest.ts';
import { type CallSignal, readSignal, writeSignal } from '../../client/crypto/call-signals.ts';
import { deviceFromSeed } from '../../client/crypto/device.ts';
import { FrameOpener } from '../../client/crypto/frame-opener.ts';
import { aes256GcmSha512, importBaseKey, ratchet } from '../../client/crypto/sframe.ts';
import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import { type Id, idOf } from '../../server/protocol/ids.ts';
import calls from './calls.json' with { type: 'json' };
import { counting, same } from './suite.ts';

const bytes = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(fromBase64Url(text));
const id = <Kind extends string>(text: string): Id<Kind> => idOf(fromBase64Url(text));
/** Made when it is asked for: a page has no cryptography yet while this file is being read. */
const readDevice = () => deviceFromSeed(bytes(calls.deviceSeed), 'browser');

/** What pages of a call say to each other, a guest's link and grant, the number to compare, a step of a media key, a frame under it. */
export const callChecks: readonly (() => void | Promise<void>)[] = [
  ...calls.signals.map((written) => () => {
    const device = readDevice();
    const { signal, isSignedBy } = readSignal(bytes(written));
    same([isSignedBy(device.signPk), isSignedBy(device.signPk.toReversed())], [true, false]);
    same(toBase64Url(writeSignal(signal, device.signSk)), written);
  }),
  () => {
    const kinds = calls.signals.map((written): CallSignal['type'] => readSignal(bytes(written)).signal.type);
    same(kinds, ['commit', 'reveal', 'vouch', 'key', 'ack']);
  },
  () => {
    const { secret, inviteId, inviterKeyHash } = readGuestLink(calls.guest.link);
    const { token, accountId } = guestKeys(secret);
    same([inviteId, toBase64Url(token), accountId], [calls.guest.inviteId, calls.guest.token, calls.guest.accountId]);
    const grant = openGrant(bytes(calls.guest.grant), { callId: id(calls.callId), accountId, inviterKeyHash });
    same([grant.role, grant.displayName, grant.inviteId], ['interpreter', 'Amélie Thill', inviteId]);
  },
  () => {
    const everybody = calls.check.everybody.map(({ peerId, accountId, filled }) => ({
      peerId: id<'peer'>(peerId),
      accountId: id<'account'>(accountId),
      signPk: new Uint8Array(32).fill(filled),
      kemPk: new Uint8Array(1216).fill(filled),
      nonce: new Uint8Array(32).fill(filled),
    }));
    for (const people of [everybody, everybody.toReversed()])
      same(callCheck(id(calls.callId), 7, people), { digits: calls.check.digits, symbols: calls.check.symbols });
  },
  async () => {
    const next = await ratchet(aes256GcmSha512, await importBaseKey(Uint8Array.from(counting(64))));
    same(toBase64Url(next), calls.frame.nextBaseKey);
    const opener = new FrameOpener(() => 0);
    opener.add({ sender: 200, generation: 5, step: 0, baseKey: counting(64) });
    same(await opener.open('camera', bytes(calls.frame.sealed), 10), counting(40));
  },
];
