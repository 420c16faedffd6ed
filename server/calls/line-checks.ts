import type { CallCommands, LineCheckId } from '../protocol/calls.ts';
import type { AccountId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import { AppError } from '../platform/app-error.ts';
import type { Handlers } from '../platform/commands.ts';
import type { Log } from '../platform/log.ts';
import { checkPrefix } from './rooms.ts';
import { mediaIdSchema, schemas } from './schemas.ts';
import type { SfuParams, SfuResult } from './sfu-client.ts';
import type { SfuPool } from './sfu-pool.ts';

interface LineCheck {
  readonly accountId: AccountId;
  readonly url: string;
  readonly address: { readonly roomId: string; readonly peerId: string; readonly ownerId: string };
  readonly timer: NodeJS.Timeout;
}

/** Rooms of one, for a moment: whether somebody's line carries a call. They belong to the node of the server that was asked. */
export class LineChecks {
  readonly #pool: SfuPool;
  readonly #log: Log;
  readonly #checks = new Map<LineCheckId, LineCheck>();

  constructor({ pool, log }: { readonly pool: SfuPool; readonly log: Log }) {
    this.#pool = pool;
    this.#log = log;
  }

  /** Opens a room where a call would be opened now. Throws `unavailable` when there is nowhere, `conflict` for somebody else's check. */
  async open(checkId: LineCheckId, accountId: AccountId): Promise<SfuResult<'peer:join'>> {
    const check = this.#checks.get(checkId) ?? this.#add(checkId, accountId);
    if (check.accountId !== accountId) throw new AppError('conflict', 'a check of somebody else');
    await this.#pool.request(check.url, 'room:open', { roomId: check.address.roomId });
    return await this.#pool.request(check.url, 'peer:join', check.address);
  }

  async connect(
    checkId: LineCheckId,
    accountId: AccountId,
    transport: Pick<SfuParams<'transport:connect'>, 'transportId' | 'dtlsParameters'>,
  ): Promise<void> {
    const check = this.#checks.get(checkId);
    if (check?.accountId !== accountId) throw new AppError('not_found', 'no such check');
    await this.#pool.request(check.url, 'transport:connect', { ...check.address, ...transport });
  }

  /** Somebody else's check, or one that is over, stays as it is. */
  async end(checkId: LineCheckId, accountId: AccountId): Promise<void> {
    if (this.#checks.get(checkId)?.accountId === accountId) await this.#end(checkId);
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#checks.keys(), async (checkId) => await this.#end(checkId)));
  }

  #add(checkId: LineCheckId, accountId: AccountId): LineCheck {
    const url = this.#pool.choose();
    if (url === null) throw new AppError('unavailable', 'no sfu takes calls');
    const address = { roomId: `${checkPrefix}${checkId}`, peerId: checkId, ownerId: accountId };
    const check = { accountId, url, address, timer: setTimeout(() => void this.#end(checkId), limits.lineCheckMs) };
    this.#checks.set(checkId, check);
    return check;
  }

  /** Should the sfu not hear of it, it closes a room that nobody is in by itself. */
  async #end(checkId: LineCheckId): Promise<void> {
    const check = this.#checks.get(checkId);
    if (!check) return;
    this.#checks.delete(checkId);
    clearTimeout(check.timer);
    try {
      await this.#pool.request(check.url, 'room:close', { roomId: check.address.roomId });
    } catch (error) {
      this.#log.warn({ err: error }, 'the room of a line check could not be closed');
    }
  }
}

type LineCheckCommandName = 'call:open-check' | 'call:connect-check' | 'call:close-check';

const everybody = ['citizen', 'official', 'guest'] as const;
const transportIdSchema = mediaIdSchema<'transport'>();

export function lineCheckHandlers(lineChecks: LineChecks): Handlers<LineCheckCommandName & keyof CallCommands> {
  return {
    'call:open-check': {
      allow: everybody,
      schema: schemas['call:open-check'],
      limit: { points: 10, perSeconds: 60 },
      async run({ checkId }, { accountId }) {
        const { routerRtpCapabilities, send } = await lineChecks.open(checkId, accountId);
        return { routerRtpCapabilities, send: { ...send, transportId: transportIdSchema.parse(send.transportId) } };
      },
    },
    'call:connect-check': {
      allow: everybody,
      schema: schemas['call:connect-check'],
      limit: { points: 10, perSeconds: 60 },
      async run({ checkId, ...transport }, { accountId }) {
        await lineChecks.connect(checkId, accountId, transport);
        return {};
      },
    },
    'call:close-check': {
      allow: everybody,
      schema: schemas['call:close-check'],
      limit: { points: 30, perSeconds: 60 },
      async run({ checkId }, { accountId }) {
        await lineChecks.end(checkId, accountId);
        return {};
      },
    },
  };
}
