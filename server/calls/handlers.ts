import type { CallCommands } from '../protocol/calls.ts';
import type { Handlers } from '../platform/commands.ts';
import { AppError } from '../platform/app-error.ts';
import { requireRole, requireRunning, viewOf } from './call.ts';
import { lineCheckHandlers } from './line-checks.ts';
import { mediaHandlers } from './media-handlers.ts';
import { schemas } from './schemas.ts';
import type { CallParts } from './switchboard.ts';

const everybody = ['citizen', 'official', 'guest'] as const;
const theTwo = ['citizen', 'official'] as const;

/** The commands of calls. Who may do what in a call is decided by what he is in this one, under its lock. */
export function callHandlers(parts: CallParts): Handlers<keyof CallCommands> {
  const { calls, store, members, companions, invites, ratings, notify } = parts;
  return {
    ...mediaHandlers(parts),
    ...lineCheckHandlers(parts.lineChecks),
    'call:list-mine': {
      allow: everybody,
      schema: schemas['call:list-mine'],
      limit: { points: 120, perSeconds: 60 },
      run: async (_request, { accountId }) => ({ calls: (await store.listRunningOf(accountId)).map(viewOf) }),
    },
    'call:read': {
      allow: everybody,
      schema: schemas['call:read'],
      limit: { points: 120, perSeconds: 60 },
      async run({ callId }, { accountId }) {
        const call = await store.get(callId);
        requireRole(call, accountId);
        return viewOf(call);
      },
    },
    'call:signal': {
      allow: everybody,
      schema: schemas['call:signal'],
      // A round of six takes each some ten; many who come and go at once take many rounds.
      limit: { points: 600, perSeconds: 60 },
      async run({ callId, peerId, to, signal }, { accountId }) {
        requireRunning(await store.get(callId), accountId);
        const present = (await members.read(callId)).members;
        // Only between pages that are in the call: nobody hears what is meant for those whom all can see.
        if (!present.some((member) => member.peerId === peerId && member.accountId === accountId))
          throw new AppError('not_found', 'this page is not in the call');
        const receivers = present.filter((member) => (to === null ? member.peerId !== peerId : member.peerId === to));
        if (to !== null && receivers.length === 0) throw new AppError('not_found', 'that page is not in the call');
        for (const receiver of receivers) notify({ account: receiver.accountId }, 'call:signalled', { callId, from: peerId, signal });
        return {};
      },
    },
    'call:hold': {
      allow: ['official'],
      schema: schemas['call:hold'],
      limit: { points: 60, perSeconds: 60 },
      run: async ({ callId, held }, { accountId }) => viewOf(await calls.hold(callId, accountId, held)),
    },
    'call:invite': {
      allow: theTwo,
      schema: schemas['call:invite'],
      limit: { points: 20, perSeconds: 600 },
      run: async (request, { accountId }) => await invites.add(request, accountId),
    },
    'call:list-invites': {
      allow: theTwo,
      schema: schemas['call:list-invites'],
      limit: { points: 120, perSeconds: 60 },
      run: async ({ callId }, { accountId }) => ({ invites: await invites.list(callId, accountId) }),
    },
    'call:withdraw-invite': {
      allow: theTwo,
      schema: schemas['call:withdraw-invite'],
      limit: { points: 60, perSeconds: 60 },
      run: async ({ callId, inviteId }, { accountId }) => await invites.withdraw(callId, inviteId, accountId),
    },
    'call:list-colleagues': {
      allow: ['official'],
      schema: schemas['call:list-colleagues'],
      limit: { points: 60, perSeconds: 60 },
      run: async ({ callId }, { accountId }) => ({ colleagues: await companions.listColleagues(callId, accountId) }),
    },
    'call:invite-colleague': {
      allow: ['official'],
      schema: schemas['call:invite-colleague'],
      limit: { points: 30, perSeconds: 60 },
      run: async ({ callId, accountId: colleagueId }, { accountId }) =>
        viewOf(await companions.inviteColleague(callId, accountId, colleagueId)),
    },
    'call:transfer': {
      allow: ['official'],
      schema: schemas['call:transfer'],
      limit: { points: 30, perSeconds: 60 },
      run: async ({ callId, accountId: to }, { accountId }) => viewOf(await companions.transfer(callId, accountId, to)),
    },
    'call:remove': {
      allow: theTwo,
      schema: schemas['call:remove'],
      limit: { points: 30, perSeconds: 60 },
      run: async ({ callId, accountId: whom }, { accountId }) => viewOf(await companions.remove(callId, accountId, whom)),
    },
    'call:leave': {
      allow: ['official', 'guest'],
      schema: schemas['call:leave'],
      limit: { points: 30, perSeconds: 60 },
      async run({ callId }, { accountId }) {
        await companions.leave(callId, accountId);
        return {};
      },
    },
    'call:hang-up': {
      allow: theTwo,
      schema: schemas['call:hang-up'],
      limit: { points: 30, perSeconds: 60 },
      run: async ({ callId }, { accountId }) => viewOf(await calls.hangUp(callId, accountId)),
    },
    'call:rate': {
      allow: ['citizen'],
      schema: schemas['call:rate'],
      limit: { points: 10, perSeconds: 60 },
      async run({ callId, rating }, { accountId }) {
        await ratings.rate(callId, accountId, rating);
        return {};
      },
    },
  };
}
