import { expect, test } from 'vitest';
import { askWhenBack } from '../../../client/net/ask-when-back.ts';
import { Subject } from '../../../client/net/observable.ts';
import { RequestError } from '../../../client/net/request-error.ts';
import type { ConnectionState } from '../../../client/net/socket.ts';
import { type ErrorCode, isRetryable } from '../../../server/protocol/errors.ts';

function refusal(code: ErrorCode): RequestError {
  return new RequestError({ code, retryable: isRetryable(code), ref: 'ref' });
}

/** Asks with one answer after the other: null is a good one. */
function asking(status: ConnectionState['status'], answers: readonly (ErrorCode | null)[]) {
  const connection = new Subject<Pick<ConnectionState, 'status'>>({ status });
  const refused: ErrorCode[] = [];
  let asked = 0;
  const { ask, stop } = askWhenBack(
    { connection },
    async () => {
      const code = answers[asked] ?? null;
      asked += 1;
      await Promise.resolve();
      if (code !== null) throw refusal(code);
    },
    ({ code }) => refused.push(code),
  );
  return { connection, refused, ask, stop, asked: () => asked };
}

test('asks once when the line is there, and once more each time it is back', async () => {
  const { connection, asked, stop } = asking('connecting', []);
  expect(asked()).toBe(0);
  connection.set({ status: 'connected' });
  await expect.poll(asked).toBe(1);
  connection.set({ status: 'reconnecting' });
  connection.set({ status: 'connected' });
  await expect.poll(asked).toBe(2);
  stop();
  connection.set({ status: 'reconnecting' });
  connection.set({ status: 'connected' });
  expect(asked()).toBe(2);
});

test('asks again while no answer comes, though the line stands', async () => {
  const { refused, asked, ask, stop } = asking('connected', ['unavailable', 'unavailable']);
  await ask();
  expect([asked(), refused]).toEqual([4, []]);
  stop();
});

test('tells a refusal, and leaves it for the next time', async () => {
  const { connection, refused, asked, stop } = asking('connected', ['forbidden']);
  await expect.poll(() => refused).toEqual(['forbidden']);
  expect(asked()).toBe(1);
  connection.set({ status: 'reconnecting' });
  connection.set({ status: 'connected' });
  await expect.poll(asked).toBe(2);
  stop();
});
