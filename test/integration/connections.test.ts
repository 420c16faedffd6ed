import { once } from 'node:events';
import { createServer } from 'node:http';
import { pino } from 'pino';
import type { Socket } from 'socket.io';
import { expect, onTestFinished, test } from 'vitest';
import { createLocalBus } from '../../server/platform/bus.ts';
import type { Caller } from '../../server/platform/caller.ts';
import { Connections, type SessionState } from '../../server/platform/connections.ts';
import { createSockets } from '../../server/platform/sockets.ts';
import { type AccountId, type InboxId, newId, type SessionId } from '../../server/protocol/ids.ts';
import { openSocket } from '../support/people.ts';
import { findOrigin } from '../support/server.ts';

test('rights that were read before a removal and arrive after it give nothing back', async () => {
  const inboxId = newId<'inbox'>();
  const member = callerWith(new Map([[inboxId, 'member']]));
  const removed = { ...member, inboxRoles: new Map() };
  const reads: ((state: SessionState) => void)[] = [];
  const log = pino({ level: 'silent' });
  const { origin, port } = await findOrigin();
  const http = createServer().listen(port, '127.0.0.1');
  const opened = Promise.withResolvers<Socket>();
  const io = createSockets({ server: http, origin, log, authenticate: async () => member, onConnection: opened.resolve });
  const readSessions = async (): Promise<Map<SessionId, SessionState>> => {
    const { promise, resolve } = Promise.withResolvers<SessionState>();
    reads.push(resolve);
    return new Map([[member.sessionId, await promise]]);
  };
  const connections = new Connections({ io, bus: createLocalBus(), log, readSessions });
  await once(http, 'listening');
  const client = openSocket(origin, { origin, cookie: 'a=b' });
  onTestFinished(async () => {
    connections.close();
    client.disconnect();
    await io.close();
  });
  const socket = await opened.promise;
  connections.add(socket, member);

  const before = connections.refreshRights(member.accountId);
  const after = connections.refreshRights(member.accountId);
  reads[1]?.({ caller: removed });
  await after;
  reads[0]?.({ caller: member });
  await before;
  expect(connections.callerOf(socket)?.inboxRoles).toEqual(new Map());
  expect([...socket.rooms]).not.toContain(`readers:${inboxId}`);
});

function callerWith(inboxRoles: Caller['inboxRoles']): Caller {
  const accountId: AccountId = newId<'account'>();
  const inboxId: InboxId = newId<'inbox'>();
  return {
    sessionId: newId<'session'>(),
    accountId,
    role: 'official',
    displayName: 'Nora Weber',
    officeId: null,
    deviceId: null,
    confirmedUntil: 0,
    expiresAt: 0,
    inboxId,
    inboxRoles,
  };
}
