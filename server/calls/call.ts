import type { CallParticipant, CallRole, CallView } from '../protocol/calls.ts';
import type { CallEndReason } from '../protocol/conversations.ts';
import type { AccountId, CallId, ConversationId, QueueEntryId, ServiceId } from '../protocol/ids.ts';
import { AppError } from '../platform/app-error.ts';

/** Somebody beside the citizen and the official. */
export interface Companion extends CallParticipant {
  readonly displayName: string;
  /** Who asked him in; null for an official who handed the call over. */
  readonly inviterId: AccountId | null;
  /** Has been in the call since he was asked. */
  readonly hasJoined: boolean;
}

/** What stays as long as the call is remembered. Times are milliseconds since 1970. */
interface CallBase {
  readonly callId: CallId;
  readonly conversationId: ConversationId;
  readonly entryId: QueueEntryId;
  readonly serviceId: ServiceId;
  readonly citizenId: AccountId;
  readonly official: CallView['official'];
  readonly startedAt: number;
  /** When the citizen first joined; null while it rings. */
  readonly answeredAt: number | null;
  /** When the media of each first came through; null until then. */
  readonly citizenConnectedAt: number | null;
  readonly officialConnectedAt: number | null;
  readonly held: boolean;
  /** The sfu that carries it; null until somebody joins. */
  readonly node: string | null;
  /** By when they were invited; those who left or were taken out are not among them. */
  readonly companions: readonly Companion[];
}

export type ConnectingState = CallBase & { readonly state: 'connecting' };
export type ActiveState = CallBase & {
  readonly state: 'active';
  readonly citizenConnectedAt: number;
  readonly officialConnectedAt: number;
};
export type RunningState = ConnectingState | ActiveState;
export type EndedState = CallBase & { readonly state: 'ended'; readonly reason: CallEndReason; readonly endedAt: number };

/** connecting → active → ended, connecting → ended. Losing a connection or a node is not an end. */
export type Call = ConnectingState | ActiveState | EndedState;

export function start(
  call: Pick<CallBase, 'callId' | 'conversationId' | 'entryId' | 'serviceId' | 'citizenId' | 'official' | 'startedAt'>,
) {
  const fresh = { answeredAt: null, citizenConnectedAt: null, officialConnectedAt: null, held: false, node: null, companions: [] };
  return { ...call, ...fresh, state: 'connecting' } satisfies ConnectingState;
}

/** The citizen has joined; later times change nothing. */
export function answer(call: RunningState, at: number): RunningState {
  return call.answeredAt === null ? { ...call, answeredAt: at } : call;
}

/** The media of one of the two came through. Active when it has for both; later times, and those of others, change nothing. */
export function connect(call: Call, accountId: AccountId, at: number): Call {
  if (call.state !== 'connecting') return call;
  const citizenConnectedAt = call.citizenConnectedAt ?? (accountId === call.citizenId ? at : null);
  const officialConnectedAt = call.officialConnectedAt ?? (accountId === call.official.accountId ? at : null);
  if (citizenConnectedAt === call.citizenConnectedAt && officialConnectedAt === call.officialConnectedAt) return call;
  if (citizenConnectedAt === null || officialConnectedAt === null) return { ...call, citizenConnectedAt, officialConnectedAt };
  return { ...call, state: 'active', citizenConnectedAt, officialConnectedAt };
}

export function hold(call: RunningState, held: boolean): RunningState {
  return call.held === held ? call : { ...call, held };
}

/** Another official leads it from now on. A call on hold goes on: whoever takes it over is there. */
export function handOver(call: RunningState, official: { readonly accountId: AccountId; readonly displayName: string }): RunningState {
  return { ...call, held: false, official: { ...official, officeId: call.official.officeId } };
}

/** Twice is answered alike: the first reason stays. */
export function end(call: Call, { reason, at }: { readonly reason: CallEndReason; readonly at: number }): EndedState {
  return call.state === 'ended' ? call : { ...call, state: 'ended', reason, endedAt: at };
}

/** How long the two were connected with each other. */
export function durationMs({ citizenConnectedAt, officialConnectedAt, endedAt }: EndedState): number {
  return citizenConnectedAt === null || officialConnectedAt === null
    ? 0
    : Math.max(0, endedAt - Math.max(citizenConnectedAt, officialConnectedAt));
}

/** Citizen and official first, then by when they were invited. */
export function participantsOf({ citizenId, official, companions }: Call): readonly CallParticipant[] {
  return [
    { accountId: citizenId, role: 'citizen', displayName: null },
    { accountId: official.accountId, role: 'official', displayName: official.displayName },
    ...companions.map(({ accountId, role, displayName }) => ({ accountId, role, displayName })),
  ];
}

/** What the call's people are called; who is not among them gets null. */
export function roleIn(call: Call, accountId: AccountId): CallRole | null {
  return participantsOf(call).find((participant) => participant.accountId === accountId)?.role ?? null;
}

/** Throws `forbidden` for those who do not belong to the call, or are not one of these in it. */
export function requireRole(call: Call, accountId: AccountId, roles?: readonly CallRole[]): CallRole {
  const role = roleIn(call, accountId);
  if (role === null) throw new AppError('forbidden', 'the call of others');
  if (roles && !roles.includes(role)) throw new AppError('forbidden', `not for a ${role} in a call`);
  return role;
}

/** The call if the caller is one of these in it, or belongs to it at all, and it has not ended. Throws `forbidden`, then `closed`. */
export function requireRunning(call: Call, accountId: AccountId, roles?: readonly CallRole[]): RunningState {
  requireRole(call, accountId, roles);
  if (call.state === 'ended') throw new AppError('closed', 'the call has ended');
  return call;
}

/** A call as its people see it. */
export function viewOf(call: Call): CallView {
  const { callId, conversationId, state, citizenId, official, held, startedAt, answeredAt } = call;
  const [reason, endedAt] = call.state === 'ended' ? [call.reason, call.endedAt] : [null, null];
  const participants = participantsOf(call);
  const expected = call.companions.filter(({ role, hasJoined }) => role === 'colleague' && !hasJoined);
  const asked = expected.map(({ accountId }) => accountId);
  return { callId, conversationId, state, reason, citizenId, official, participants, asked, held, startedAt, answeredAt, endedAt };
}
