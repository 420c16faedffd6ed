import { beginAdmitting, receiveAsAdmitting } from '../../client/crypto/admitting-device.ts';
import { deviceFromSeed, openLabel } from '../../client/crypto/device.ts';
import { decodeLinkMessage, readLinkCode } from '../../client/crypto/device-link.ts';
import { confirmAsJoining, type Joining, receiveAsJoining, requireJoined } from '../../client/crypto/joining-device.ts';
import { openUserKeys } from '../../client/crypto/user-keys.ts';
import { fromBase64Url } from '../../server/protocol/base64url.ts';
import { extendUserChain, replayUserChain } from '../../server/protocol/user-chain.ts';
import gim1 from './gim1.json' with { type: 'json' };
import { same } from './suite.ts';

const bytes = fromBase64Url;

/** Both sides of each frozen link read the other's frozen messages and say what they said then, but for what they draw anew. */
export const deviceLinks = gim1.deviceLinks.map((link) => () => {
  const messages = link.messages.map(bytes);
  const [commitment, answer, opening, draft, signature, done] = messages;
  if (!commitment || !answer || !opening || !draft || !signature || !done) throw new Error('six messages are frozen');
  const said = [answer, opening, draft].map((message) => decodeLinkMessage(message));
  const [frozenAnswer, frozenOpening, frozenDraft] = said;
  if (frozenAnswer?.type !== 'answer' || frozenOpening?.type !== 'opening' || frozenDraft?.type !== 'draft')
    throw new Error('messages out of order');
  const before = replayUserChain(link.account.links.map(bytes), bytes(link.account.userId));

  const code = readLinkCode(link.code);
  const begun = beginAdmitting({ userId: before.userId, deviceLinkId: bytes(link.deviceLinkId), code: link.mode === 'code' ? code : null });
  const answered = receiveAsAdmitting({ ...begun, answer: frozenAnswer.answer }, commitment);
  same(answered.message, answer);
  const deciding = receiveAsAdmitting(answered.admitting, opening).admitting;
  same([deciding.digits, deciding.suggestedLabel], [link.digits, 'Firefox, Android']);
  const sealed = { link: frozenDraft.link, boxes: [bytes(link.box)], prevBox: null };
  const complete = receiveAsAdmitting({ ...deciding, stage: 'signing', draft: { sealed, state: before } }, signature).admitting.link;
  same(complete?.link, bytes(link.link));

  const device = deviceFromSeed(bytes(link.newDeviceSeed), 'browser');
  const waiting: Joining = {
    stage: 'waiting',
    digits: null,
    userId: null,
    linkHash: null,
    device,
    code,
    opening: frozenOpening.opening,
    earlyDraft: null,
  };
  const opened = receiveAsJoining(waiting, answer);
  same([opened.message, opened.joining.digits], [opening, link.digits]);
  const confirmed = link.mode === 'code' ? opened.joining : confirmAsJoining(opened.joining).joining;
  const signed = receiveAsJoining(confirmed, draft);
  same(signed.message, signature);

  const after = extendUserChain(before, bytes(link.link));
  requireJoined(receiveAsJoining(signed.joining, done).joining, after);
  const ring = openUserKeys(after, device, [{ generation: 1, box: bytes(link.box), prevBox: null }]);
  const [, added] = after.devices;
  same(added && ring[0] && openLabel(added, ring[0]), link.label);
});
