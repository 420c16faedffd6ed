import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createConnection, type Connection } from '../../client/net/socket.ts';
import { limits } from '../../server/protocol/limits.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { TestOffice } from '../support/test-office.ts';

let server: TestServer;
let office: TestOffice;

beforeAll(async () => {
  server = await startTestServer();
  office = await TestOffice.create(server);
});
afterAll(async () => await server.close());

test('the oldest of too many tabs gives way and does not push the others out in turn', async () => {
  const citizen = await office.addCitizen();
  const lines: Connection[] = [];
  const openLine = async (): Promise<void> => {
    const line = createConnection({ url: server.origin, headers: () => citizen.cookies.headers(), onUnauthenticated: () => undefined });
    lines.push(line);
    line.open();
    await vi.waitUntil(() => line.state.value.status === 'connected');
  };
  for (let count = 0; count < limits.socketsPerSession; count += 1) await openLine();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true });
  await openLine();
  const [oldest] = lines;
  await vi.waitUntil(() => oldest?.state.value.status === 'reconnecting');
  vi.advanceTimersByTime(60_000);
  vi.useRealTimers();
  // A line that had tried to come back would have begun its handshake before this one.
  await openLine();
  await expect(lines.at(-1)?.request('conversation:list', {})).resolves.toEqual({ conversations: [] });
  expect(oldest?.state.value.status).toBe('reconnecting');
  for (const line of lines) line.close();
});
