import type { CallMember, CallRole, CallView, MediaSource } from '../../server/protocol/calls.ts';
import { toBase64Url } from '../../server/protocol/base64url.ts';
import type { AccountId } from '../../server/protocol/ids.ts';
import type { CallAgreementState, CallAlarmKind } from '../crypto/call-agreement.ts';
import type { CallFigures } from './media/call-figures.ts';
import type { ToldState } from './text/channel-message.ts';
import type { FrameState } from './frames/frame-health.ts';
import type { LineQuality } from './media/line-quality.ts';
import type { ReceivedTrack } from './media/remote-tracks.ts';
import type { PersonKey } from './people/compared-keys.ts';

/** `agreeing`: no keys yet, or something has not opened yet. `encrypted`: keys are agreed and what comes opens. `alarm`: he does not prove himself, or what comes is not his. */
export type Trust = 'agreeing' | 'encrypted' | 'alarm';

/** Somebody else's sound or picture. */
export interface RemoteTrack extends ReceivedTrack {
  readonly isDecrypting: boolean;
}

/** Somebody else of the call. */
export interface CallPerson {
  readonly accountId: AccountId;
  readonly role: CallRole;
  /** Null for the citizen. */
  readonly displayName: string | null;
  /** Has a page in the call now, with or without camera and microphone. */
  readonly isHere: boolean;
  /** One a source at most. */
  readonly tracks: readonly RemoteTrack[];
  readonly isSpeaking: boolean;
  /** Told by himself, sealed. */
  readonly isSigning: boolean;
  readonly agreesToKeepText: boolean;
  readonly trust: Trust;
}

/** This page's own part. */
export interface OwnPart {
  readonly accountId: AccountId;
  /** Null before joining. */
  readonly role: CallRole | null;
  /** Sealed, and on its way. */
  readonly isSending: Readonly<Record<MediaSource, boolean>>;
  readonly isSpeaking: boolean;
  /** The microphone is on, and nothing is heard of it. */
  readonly isSilent: boolean;
  readonly isSigning: boolean;
  readonly agreesToKeepText: boolean;
  readonly isHeld: boolean;
  readonly line: LineQuality | null;
}

export type SecurityAlarmReason = CallAlarmKind | 'does-not-open' | 'swapped';

/** `encrypted` only when what is sent is sealed under agreed keys and what comes from everybody who is here opens. */
export interface CallSecurityState {
  readonly state: 'alone' | 'agreeing' | 'encrypted' | 'alarm' | 'unsupported';
  /** What people compare by voice: nine digits, or five of 64 symbols; null before it is agreed. */
  readonly code: { readonly digits: string; readonly emoji: readonly number[] } | null;
  /** Whom it stands for, besides oneself. */
  readonly keys: readonly PersonKey[];
  readonly alarms: readonly { readonly accountId: AccountId | null; readonly reason: SecurityAlarmReason }[];
}

/** Everything that is known of a call at one moment. */
export interface CallMoment {
  readonly self: AccountId;
  readonly call: CallView;
  readonly members: readonly CallMember[];
  readonly tracks: readonly ReceivedTrack[];
  readonly agreement: CallAgreementState | null;
  readonly figures: CallFigures;
  readonly frameStateOf: (track: ReceivedTrack) => FrameState;
  /** Whether he sends something, be it here already or not. */
  readonly isSending: (accountId: AccountId) => boolean;
  readonly toldBy: (accountId: AccountId) => ToldState;
}

/** The others: those who belong to the call, whether they are in it now or not. */
export function peopleOf(moment: CallMoment): readonly CallPerson[] {
  const { self, call, members, figures, frameStateOf, toldBy } = moment;
  return call.participants
    .filter(({ accountId }) => accountId !== self)
    .map(({ accountId, role, displayName }) => {
      const told = toldBy(accountId);
      const tracks = moment.tracks
        .filter((track) => track.accountId === accountId)
        .map((track) => ({ ...track, isDecrypting: frameStateOf(track) === 'open' }));
      return {
        accountId,
        role,
        displayName,
        isHere: members.some((member) => member.accountId === accountId),
        tracks,
        isSpeaking: tracks.some(({ producerId }) => figures.speaking.has(producerId)),
        isSigning: told.signing,
        agreesToKeepText: told.keepsText,
        trust: trustOf(moment, accountId),
      };
    });
}

export function securityOf(moment: CallMoment): CallSecurityState {
  const { self, members, agreement } = moment;
  const others = members.filter(({ accountId }) => accountId !== self);
  const alarms = alarmsOf(moment);
  const check = agreement?.check ?? null;
  const code = check && { digits: check.digits.join(' '), emoji: check.symbols };
  const keys = keysOf(moment);
  if (alarms.length > 0) return { state: 'alarm', code, keys, alarms };
  if (others.length === 0) return { state: 'alone', code, keys, alarms };
  const isEncrypted = agreement?.phase === 'agreed' && others.every(({ accountId }) => trustOf(moment, accountId) === 'encrypted');
  return { state: isEncrypted ? 'encrypted' : 'agreeing', code, keys, alarms };
}

function keysOf({ members, agreement }: CallMoment): readonly PersonKey[] {
  return (agreement?.agreed ?? []).flatMap(({ peerId, accountId, signPk }) => {
    const member = members.find((each) => each.peerId === peerId);
    return member === undefined ? [] : [{ accountId, role: member.role, signPk: toBase64Url(signPk) }];
  });
}

function trustOf(moment: CallMoment, accountId: AccountId): Trust {
  if (alarmsOf(moment).some((alarm) => alarm.accountId === accountId)) return 'alarm';
  const pages = moment.members.filter((member) => member.accountId === accountId);
  // One more of his that begins does not put in doubt what opens already; should it not open, that is an alarm.
  const opens = moment.tracks.some((track) => track.accountId === accountId && moment.frameStateOf(track) === 'open');
  const isProven = opens || !moment.isSending(accountId);
  return pages.length > 0 && pages.every((page) => isKeyed(moment, page)) && isProven ? 'encrypted' : 'agreeing';
}

function alarmsOf(moment: CallMoment): CallSecurityState['alarms'] {
  const { members, tracks, agreement, frameStateOf } = moment;
  const ofKeys = (agreement?.alarms ?? []).map(({ kind, peerId }) => ({
    accountId: members.find((member) => member.peerId === peerId)?.accountId ?? null,
    reason: kind,
  }));
  const swapped = tracks.filter((track) => frameStateOf(track) === 'swapped');
  // Before somebody's keys are here nothing of his can open.
  const shut = tracks.filter((track) => frameStateOf(track) === 'shut' && isKeyed(moment, track));
  return [
    ...ofKeys,
    ...swapped.map(({ accountId }) => ({ accountId, reason: 'swapped' as const })),
    ...shut.map(({ accountId }) => ({ accountId, reason: 'does-not-open' as const })),
  ];
}

function isKeyed({ agreement }: CallMoment, page: Pick<CallMember, 'peerId'>): boolean {
  return agreement?.agreed.some(({ peerId, isKeyed: hasKey }) => hasKey && peerId === page.peerId) === true;
}
