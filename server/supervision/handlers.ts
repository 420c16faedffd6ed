import { z } from 'zod';
import type { SupervisionCommands } from '../protocol/supervision.ts';
import { AppError } from '../platform/app-error.ts';
import type { Handlers } from '../platform/commands.ts';
import type { Load } from './load.ts';

/** What supervisors may ask: figures of their own office. There is no way to read. */
export function supervisionHandlers({ load }: { readonly load: Load }): Handlers<keyof SupervisionCommands> {
  return {
    'load:watch': {
      allow: ['supervisor'],
      schema: z.strictObject({}),
      limit: { points: 60, perSeconds: 60 },
      async run(_request, { accountId, officeId }) {
        if (officeId === null) throw new AppError('forbidden', 'a supervisor without an office');
        return await load.watch(officeId, accountId);
      },
    },
  };
}
