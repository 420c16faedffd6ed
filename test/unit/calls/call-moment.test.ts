import { expect, test } from 'vitest';
import { noFigures } from '../../../client/calls/media/call-figures.ts';
import { type CallMoment, peopleOf, securityOf } from '../../../client/calls/call-moment.ts';
import type { FrameState } from '../../../client/calls/frames/frame-health.ts';
import type { ReceivedTrack } from '../../../client/calls/media/remote-tracks.ts';
import type { CallAgreementState } from '../../../client/crypto/call-agreement.ts';
import { toBase64Url } from '../../../server/protocol/base64url.ts';
import { idOf, newId, type AccountId } from '../../../server/protocol/ids.ts';
import { accountOf, CallRoster } from '../../support/call-roster.ts';

const citizen = accountOf('citizen');
const official = accountOf('official');

interface Given {
  readonly isKeyed?: boolean;
  readonly phase?: CallAgreementState['phase'];
  readonly frames?: FrameState;
  readonly alarms?: CallAgreementState['alarms'];
  readonly isHere?: boolean;
  readonly sends?: boolean;
}

/** The citizen's page, with the official in the call and his microphone coming. */
function momentOf({ isKeyed = true, phase = 'agreed', frames = 'open', alarms = [], isHere = true, sends = true }: Given = {}): CallMoment {
  const roster = new CallRoster(['citizen', 'official']);
  const [own, his] = [newId<'peer'>(), newId<'peer'>()];
  roster.join('citizen', own);
  if (isHere) roster.join('official', his);
  const track: ReceivedTrack = {
    producerId: newId(),
    peerId: his,
    accountId: official,
    kind: 'audio',
    source: 'microphone',
    // Nothing here looks at the sound itself.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    track: {} as MediaStreamTrack,
    paused: false,
    quality: 'full',
  };
  const agreed = isHere ? [{ peerId: his, accountId: official, signPk: new Uint8Array(32), isKeyed }] : [];
  return {
    self: citizen,
    call: roster.view,
    members: roster.members.members,
    tracks: sends && frames !== 'waiting' ? [track] : [],
    agreement: {
      phase,
      round: 1,
      agreed,
      waitingFor: [],
      check: { digits: ['123', '456', '789'], symbols: [1, 2, 3, 4, 5] },
      isExcluded: false,
      alarms,
    },
    figures: noFigures,
    frameStateOf: () => frames,
    isSending: () => sends,
    toldBy: () => ({ signing: false, keepsText: false }),
  };
}

const stateOf = (given: Given): string => securityOf(momentOf(given)).state;
const trustOf = (given: Given): string | undefined => peopleOf(momentOf(given))[0]?.trust;

test('a call is called encrypted only when keys are agreed with everybody who is here and what comes of them opens', () => {
  expect(stateOf({})).toBe('encrypted');
  expect(stateOf({ sends: false })).toBe('encrypted');
  expect(stateOf({ isKeyed: false })).toBe('agreeing');
  expect(stateOf({ phase: 'agreeing' })).toBe('agreeing');
  expect(stateOf({ frames: 'waiting' })).toBe('agreeing');
  expect(stateOf({ isHere: false, sends: false })).toBe('alone');
});

test('the number stands for the keys of those who are in the call now', () => {
  const ofOfficial = { accountId: official, role: 'official', signPk: toBase64Url(new Uint8Array(32)) };
  expect(securityOf(momentOf({})).keys).toEqual([ofOfficial]);
  expect(securityOf(momentOf({ isHere: false })).keys).toEqual([]);
});

test('what does not open under an agreed key, or is somebody else’s, is an alarm of the person it is said to be from', () => {
  expect(securityOf(momentOf({ frames: 'shut' })).alarms).toEqual([{ accountId: official, reason: 'does-not-open' }]);
  expect(securityOf(momentOf({ frames: 'swapped' })).alarms).toEqual([{ accountId: official, reason: 'swapped' }]);
  expect(trustOf({ frames: 'swapped' })).toBe('alarm');
  expect(stateOf({ frames: 'shut', isKeyed: false })).toBe('agreeing');
});

test('an alarm about keys names whom the page belongs to, and nobody when it belongs to nobody', () => {
  const peerId = newId<'peer'>();
  const { state, alarms } = securityOf(momentOf({ alarms: [{ kind: 'unknown-member', peerId }] }));
  expect(state).toBe('alarm');
  expect(alarms).toEqual([{ accountId: null, reason: 'unknown-member' }]);
});

test('the code to compare is nine digits in threes, and is there while people still wait for a picture', () => {
  expect(securityOf(momentOf({ frames: 'waiting' })).code).toEqual({ digits: '123 456 789', emoji: [1, 2, 3, 4, 5] });
});

test('the others are those who belong to the call, here or not, and never oneself', () => {
  expect(peopleOf(momentOf({ isHere: false, sends: false })).map(({ accountId, isHere }) => [accountId, isHere])).toEqual([
    [official, false],
  ]);
  const [person] = peopleOf(momentOf());
  expect(person?.tracks.map(({ source, isDecrypting }) => [source, isDecrypting])).toEqual([['microphone', true]]);
  const stranger: AccountId = idOf(new Uint8Array(32).fill(9));
  expect(peopleOf({ ...momentOf(), self: stranger }).map(({ accountId }) => accountId)).toEqual([citizen, official]);
});
