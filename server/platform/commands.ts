import type { Socket } from 'socket.io';
import type { z } from 'zod';
import type { CommandName, Request, Response } from '../protocol/commands.ts';
import type { Result } from '../protocol/errors.ts';
import { limits } from '../protocol/limits.ts';
import type { Role } from '../protocol/roles.ts';
import { AppError } from './app-error.ts';
import type { Caller } from './caller.ts';
import { failure } from './failure.ts';
import type { Log } from './log.ts';
import type { Limit, RateLimit } from './rate-limit.ts';

/** One command: who may send it, what it looks like, how often, what it does. `run` holds no `try`: everything thrown is caught here. */
export interface Handler<Name extends CommandName> {
  readonly allow: readonly Role[];
  readonly schema: z.ZodType<Request<Name>>;
  /** Per account; where it depends on who asks, a function of him. */
  readonly limit: Limit | ((caller: Caller) => Limit);
  run(request: Request<Name>, caller: Caller): Promise<Response<Name>>;
}

export type Handlers<Names extends CommandName = CommandName> = { readonly [Name in Names]: Handler<Name> };

/** Unknown commands on one socket before it is closed. */
const maxUnknownCommands = 10;
/** Commands of one socket that may be running at the same time. */
const maxInFlight = 64;

export interface CommandDependencies {
  readonly handlers: Handlers;
  readonly rateLimit: RateLimit;
  readonly log: Log;
  /** Who the socket belongs to right now, or null when its session is over. */
  readonly callerOf: (socket: Socket) => Caller | null;
}

/** The one door for everything that comes over a socket. */
export function serve(socket: Socket, { handlers, rateLimit, log, callerOf }: CommandDependencies): void {
  // Each handler takes what its own schema lets through, which TypeScript cannot follow through a name that comes from outside.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const byName = new Map(Object.entries(handlers as unknown as Record<string, Handler<CommandName>>));
  let unknownCommands = 0;
  let inFlight = 0;

  socket.onAny((event: unknown, ...rest: unknown[]) => {
    const answer = rest.at(-1);
    const reply = typeof answer === 'function' ? (result: Result<unknown>) => void answer(result) : null;
    const name = typeof event === 'string' ? event : '';
    const handler = byName.get(name);
    const refuse = (error: AppError) => reply?.({ ok: false, error: failure(error, log, { command: handler ? name : 'unknown' }) });
    if (!handler || !reply || rest.length !== 2) {
      unknownCommands += 1;
      refuse(new AppError('unknown_command', 'no such command, or no acknowledgement asked'));
      if (unknownCommands >= maxUnknownCommands) socket.disconnect(true);
      return;
    }
    if (inFlight >= maxInFlight) {
      refuse(new AppError('slow_down', 'too many commands at once', { retryAfterMs: 1_000 }));
      return;
    }
    const run = async (): Promise<void> => {
      inFlight += 1;
      const result = await answerTo(handler, name, rest[0], callerOf(socket), { rateLimit, log });
      inFlight -= 1;
      reply(result);
    };
    void run();
  });
}

/** Role, rate, schema, time: in this order, so that nothing expensive is done for those who may not. Never rejects. */
async function answerTo(
  handler: Handler<CommandName>,
  name: string,
  payload: unknown,
  caller: Caller | null,
  { rateLimit, log }: Pick<CommandDependencies, 'rateLimit' | 'log'>,
): Promise<Result<unknown>> {
  try {
    if (!caller) throw new AppError('unauthenticated', 'the session is over');
    if (!handler.allow.includes(caller.role)) throw new AppError('forbidden', `${caller.role} may not send ${name}`);
    await rateLimit.take(name, caller.accountId, typeof handler.limit === 'function' ? handler.limit(caller) : handler.limit);
    const parsed = handler.schema.safeParse(payload);
    if (!parsed.success)
      throw new AppError(
        'bad_request',
        `${name}: ${parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.code}`).join(', ')}`,
      );
    return { ok: true, value: await withTimeout(handler.run(parsed.data, caller), name) };
  } catch (error) {
    return { ok: false, error: failure(error, log, { command: name, ...(caller ? { account: caller.accountId } : {}) }) };
  }
}

/** A handler that never returns is answered `unavailable`; what it does later is not lost, since everything can be sent again. */
async function withTimeout<Value>(work: Promise<Value>, name: string): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new AppError('unavailable', `${name} took too long`)), limits.requestTimeoutMs);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
