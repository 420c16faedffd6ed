import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BoxAudit } from '../../../client/inbox/box-audit.ts';
import { Subject } from '../../../client/net/observable.ts';
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
function watching(random: number) {
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
  audit.state(inboxId);
  await audit.check(inboxId);
  expect(audit.state(inboxId).value).toBe('sound');
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
  audit.state(inboxId);
  await audit.check(inboxId);
  connection.set({ status: 'offline', since: 1 });
  connection.set({ status: 'connected', since: 2 });
  await audit.check(inboxId);
  expect(looks).toHaveLength(2);
  audit.close();
});
