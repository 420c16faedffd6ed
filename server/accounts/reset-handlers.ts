import { AppError } from '../platform/app-error.ts';
import type { Caller } from '../platform/caller.ts';
import type { Handlers } from '../platform/commands.ts';
import type { Database } from '../platform/database.ts';
import type { DeviceId } from '../protocol/ids.ts';
import { mayWrite } from '../protocol/inbox-rules.ts';
import type { ResetCommands } from '../protocol/resets.ts';
import { memberRoles } from '../protocol/roles.ts';
import { attestSchema, findResetSchema, resetSchema } from './reset-schemas.ts';
import { ResetStore } from './reset-store.ts';
import type { Resets } from './resets.ts';
import { nothingSchema } from './schemas.ts';

const staff = ['official', 'owner'] as const;

/** Registrars, who identify people; and people's own devices, which hear of it and can refuse. */
export function resetHandlers({
  database,
  resets,
}: {
  readonly database: Database;
  readonly resets: Resets;
}): Handlers<keyof ResetCommands> {
  const store = new ResetStore(database);
  const isRegistrar = async (caller: Caller): Promise<boolean> => {
    const registrarsId = await resets.registrarsId();
    const role = registrarsId && caller.inboxRoles.get(registrarsId);
    return role !== null && role !== undefined && mayWrite(role);
  };
  const requireRegistrar = async (caller: Caller): Promise<{ accountId: Caller['accountId']; deviceId: DeviceId }> => {
    if (!caller.deviceId || !(await isRegistrar(caller))) throw new AppError('forbidden', 'for registrars only');
    return { accountId: caller.accountId, deviceId: caller.deviceId };
  };
  return {
    'reset:find': {
      allow: staff,
      schema: findResetSchema,
      limit: { points: 10, perSeconds: 60 },
      async run({ number }, caller) {
        await requireRegistrar(caller);
        const row = await store.look(number);
        const [reset] = row ? await resets.view([row]) : [];
        if (!row || !reset) throw new AppError('not_found', 'no open request has this number');
        await resets.tell(row);
        return { reset };
      },
    },
    'reset:list': {
      allow: staff,
      schema: nothingSchema,
      limit: { points: 60, perSeconds: 60 },
      async run(_, caller) {
        await requireRegistrar(caller);
        return { resets: await resets.view(await store.listOpen()) };
      },
    },
    'reset:attest': {
      allow: staff,
      schema: attestSchema,
      limit: { points: 10, perSeconds: 60 },
      async run({ resetId, attestation }, caller) {
        const [reset] = await resets.view([await resets.attest(resetId, attestation, await requireRegistrar(caller))]);
        if (!reset) throw new AppError('not_found', 'no such request');
        return { reset };
      },
    },
    'reset:own': {
      allow: memberRoles,
      schema: nothingSchema,
      limit: { points: 60, perSeconds: 60 },
      run: async (_, { accountId }) => ({ resets: await resets.view(await store.listOpenOf(accountId)) }),
    },
    'reset:refuse': {
      allow: memberRoles,
      schema: resetSchema,
      limit: { points: 20, perSeconds: 60 },
      async run({ resetId }, caller) {
        const row = await store.find(resetId);
        const isOwn = row?.accountId === caller.accountId && caller.deviceId !== null;
        if (!row || !(isOwn || (await isRegistrar(caller)))) throw new AppError('not_found', 'no such request for the caller');
        await resets.cancel(row);
        return {};
      },
    },
  };
}
