import type { CallView } from '../protocol/calls.ts';
import type { CallEndReason } from '../protocol/conversations.ts';
import type { AccountId, CallId, ConversationId, QueueEntryId } from '../protocol/ids.ts';
import { AppError } from '../platform/app-error.ts';

/** What stays as long as the call is remembered. Times are milliseconds since 1970. */
interface CallBase {
  readonly callId: CallId;
  readonly conversationId: ConversationId;
  readonly entryId: QueueEntryId;
  readonly citizenId: AccountId;
  readonly official: CallView['official'];
  readonly startedAt: number;
  /** When the media of each first came through; null until then. */
  readonly citizenConnectedAt: number | null;
  readonly officialConnectedAt: number | null;
}

export type ConnectingState = CallBase & { readonly state: 'connecting' };
export type ActiveState = CallBase & {
  readonly state: 'active';
  readonly citizenConnectedAt: number;
  readonly officialConnectedAt: number;
};
export type EndedState = CallBase & { readonly state: 'ended'; readonly reason: CallEndReason; readonly endedAt: number };

/** connecting → active → ended, connecting → ended. Losing a connection or a node is not an end. */
export type Call = ConnectingState | ActiveState | EndedState;

export function start(call: Omit<CallBase, 'citizenConnectedAt' | 'officialConnectedAt'>): ConnectingState {
  return { ...call, state: 'connecting', citizenConnectedAt: null, officialConnectedAt: null };
}

/** The media of one of the two came through. Active when it has for both; later times change nothing. */
export function connect(call: Call, accountId: AccountId, at: number): Call {
  requireParticipant(call, accountId);
  if (call.state !== 'connecting') return call;
  const citizenConnectedAt = call.citizenConnectedAt ?? (accountId === call.citizenId ? at : null);
  const officialConnectedAt = call.officialConnectedAt ?? (accountId === call.official.accountId ? at : null);
  if (citizenConnectedAt === call.citizenConnectedAt && officialConnectedAt === call.officialConnectedAt) return call;
  if (citizenConnectedAt === null || officialConnectedAt === null) return { ...call, citizenConnectedAt, officialConnectedAt };
  return { ...call, state: 'active', citizenConnectedAt, officialConnectedAt };
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

/** Throws `forbidden` for anybody but the two. */
export function requireParticipant<Some extends Call>(call: Some, accountId: AccountId): Some {
  if (accountId !== call.citizenId && accountId !== call.official.accountId) throw new AppError('forbidden', 'the call of others');
  return call;
}

/** Throws `forbidden` for anybody but the two, `closed` for them once it has ended. */
export function requireRunning(call: Call, accountId: AccountId): ConnectingState | ActiveState {
  requireParticipant(call, accountId);
  if (call.state === 'ended') throw new AppError('closed', 'the call has ended');
  return call;
}

/** A call as its people see it. */
export function viewOf(call: Call): CallView {
  const { callId, conversationId, state, citizenId, official, startedAt } = call;
  const [reason, endedAt] = call.state === 'ended' ? [call.reason, call.endedAt] : [null, null];
  return { callId, conversationId, state, reason, citizenId, official, startedAt, endedAt };
}
