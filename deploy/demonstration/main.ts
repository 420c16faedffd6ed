import { parseArgs } from 'node:util';
import { z } from 'zod';
import { chainIdSchema, slugSchema } from '../../server/platform/wire-schemas.ts';
import { keysFileOf } from './keys.ts';
import { Owner } from './owner.ts';

const usage = `The demonstration's owner: says who belongs to an office's team. The server must be running.

  node deploy/demonstration/main.ts serve                       admits people who enrol, until stopped
  node deploy/demonstration/main.ts invite OFFICE ROLE NAME     prints a one-time link (role: official, supervisor, admin)
  node deploy/demonstration/main.ts admin OFFICE NAME           lets a member of the team let people in and remove them
  node deploy/demonstration/main.ts owner OFFICE NAME           lets a member of the team decide on everything
  node deploy/demonstration/main.ts registrar OFFICE NAME       makes a member of the team a registrar too: two of them give lost accounts back
  node deploy/demonstration/main.ts remove OFFICE ACCOUNT       ends a membership
`;

const invitation = z.tuple([slugSchema<'office'>(), z.enum(['official', 'supervisor', 'admin']), z.string().min(1)]);
const member = z.tuple([slugSchema<'office'>(), z.string().min(1)]);
const removal = z.tuple([slugSchema<'office'>(), chainIdSchema<'account'>()]);

try {
  await run(parseArgs({ allowPositionals: true }).positionals);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function run([command, ...rest]: string[]): Promise<void> {
  const invited = invitation.safeParse(rest);
  const removed = removal.safeParse(rest);
  const named = member.safeParse(rest);
  if (command === 'serve') {
    await serve();
  } else if (command === 'invite' && invited.success) {
    const [officeId, role, displayName] = invited.data;
    await once(async (owner) => console.log(await owner.invite({ officeId, role, displayName })));
  } else if ((command === 'admin' || command === 'owner') && named.success) {
    const [officeId, displayName] = named.data;
    await once(async (owner) => await owner.promote(officeId, displayName, command));
  } else if (command === 'registrar' && named.success) {
    const [officeId, displayName] = named.data;
    await once(async (owner) => await owner.makeRegistrar(officeId, displayName));
  } else if (command === 'remove' && removed.success) {
    const [officeId, accountId] = removed.data;
    await once(async (owner) => await owner.remove(officeId, accountId));
  } else {
    console.error(usage);
    process.exitCode = 1;
  }
}

async function connect(): Promise<Owner> {
  const origin = process.env['SCHALTER_ORIGIN'] || `http://localhost:${process.env['PORT'] || '3000'}`;
  return await Owner.connect({ origin, keysFile: keysFileOf(process.env) });
}

async function once(task: (owner: Owner) => Promise<void>): Promise<void> {
  const owner = await connect();
  try {
    await task(owner);
  } finally {
    owner.close();
  }
}

async function serve(): Promise<void> {
  const owner = await connect();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      owner.close();
      process.exit(0);
    });
  }
  await owner.admitAlways((displayName) => console.log(`admitted ${displayName}`));
}
