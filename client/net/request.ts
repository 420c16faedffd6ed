import type { Socket } from 'socket.io-client';
import type { CommandEvents, CommandName, Request, Response } from '../../server/protocol/commands.ts';
import type { Result } from '../../server/protocol/errors.ts';
import { limits } from '../../server/protocol/limits.ts';
import type { Notifications } from '../../server/protocol/notifications.ts';
import { noAnswer, RequestError } from './request-error.ts';

export type ClientSocket = Socket<Notifications, CommandEvents>;

/** Sends a command and gives its answer; throws a RequestError. */
export type RequestFunction = <Name extends CommandName>(name: Name, payload: Request<Name>) => Promise<Response<Name>>;

/** Commands over a socket. While the line is down, one waits for it, no longer than its five seconds. */
export function requestOver(socket: ClientSocket): RequestFunction {
  return async (name, payload) => {
    const result = await emit(socket, name, payload);
    if (result.ok) return result.value;
    throw new RequestError(result.error);
  };
}

/** The one cast: Socket.IO's types cannot follow a generic event name to its acknowledgement. */
async function emit<Name extends CommandName>(socket: ClientSocket, name: Name, payload: Request<Name>): Promise<Result<Response<Name>>> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const untyped = socket as unknown as Socket<
    Record<string, never>,
    Record<string, (payload: unknown, answer: (result: unknown) => void) => void>
  >;
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return (await untyped.timeout(limits.requestTimeoutMs).emitWithAck(name, payload)) as Result<Response<Name>>;
  } catch (error) {
    throw noAnswer(error);
  }
}
