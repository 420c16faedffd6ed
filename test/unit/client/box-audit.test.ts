import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BoxAudit } from '../../../client/inbox/box-audit.ts';
import { Subject, waitUntil } from '../../../client/net/observable.ts';
import type { RequestFunction } from '../../../client/net/request.ts';
import type { ConnectionState } from '../../../client/net/socket.ts';
import { idOf } from '../../../server/protocol/ids.ts';
import { staffed } from '../../support/staffed-inbox.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const request: RequestFunction = async (name) => {
  throw new Error(`${name} was not expected`);
};

/** A member who looks at his inbox, which is in order; how often he has looked. */
function watching(random: number, { pause = async () => undefined }: { readonly pause?: () => Promise<void> } = {}) {
  const { world, inbox, member } = staffed();
  const inboxId = idOf<'inbox'>(inbox.id);
  const looks: number[] = [];
  const connection = new Subject<ConnectionState>({ status: 'connected', since: 0 });
  const audit = new BoxAudit({
    parts: () => ({
      signer: { userId: member.id, device: member.device },
      inboxId,
      inboxChains: {
        find: () => inbox.state,
        load: async () => {
          looks.push(Date.now());
          await pause();
          return inbox.state;
        },
        signedAt: () => null,
      },
      inboxKeys: { open: async () => inbox.ring(member) },
      loadUsers: async () => undefined,
      findUser: world.user,
      now: Date.now,
    }),
    request,
    on: () => () => undefined,
    connection,
    random: () => random,
  });
  return { audit, inboxId, looks, connection };
}

test.each([
  [0, 5],
  [0.5, 10],
])('an inbox that is open is looked at again at a moment that chance decides', async (random, minutes) => {
  const { audit, inboxId, looks } = watching(random);
  await waitUntil(audit.state(inboxId), (state) => state === 'sound');
  await vi.advanceTimersByTimeAsync(minutes * 60_000 - 1);
  expect(looks).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(looks).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(minutes * 60_000);
  expect(looks).toHaveLength(3);
  audit.close();
  await vi.advanceTimersByTimeAsync(60 * 60_000);
  expect(looks).toHaveLength(3);
});

test('a line that comes back is a reason to look', async () => {
  const { audit, inboxId, looks, connection } = watching(0);
  await waitUntil(audit.state(inboxId), (state) => state === 'sound');
  connection.set({ status: 'offline', since: 1 });
  connection.set({ status: 'connected', since: 2 });
  await vi.advanceTimersByTimeAsync(0);
  expect(looks).toHaveLength(2);
  audit.close();
});

test('an inbox that changes while it is looked at is looked at once more: the chain may have been read before', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { audit, inboxId, looks } = watching(0, { pause: async () => await promise });
  const state = audit.state(inboxId);
  const changed = audit.check(inboxId);
  resolve();
  await changed;
  expect([state.value, looks.length]).toEqual(['sound', 2]);
  audit.close();
});
