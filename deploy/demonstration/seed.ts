import { randomBytes } from 'node:crypto';
import { createDevice } from '../../client/crypto/device.ts';
import { createInbox, draftInbox } from '../../client/crypto/inbox-keys.ts';
import { registryKeysFromSeed, signRegistryStatement } from '../../client/crypto/registry.ts';
import { createUser } from '../../client/crypto/user-keys.ts';
import { toSignedLink } from '../../client/net/wire.ts';
import { createAccounts } from '../../server/accounts/accounts.ts';
import { createOwner } from '../../server/accounts/new-account.ts';
import { addRegistryKeys, createInbox as createOfficelessInbox, createOffice } from '../../server/offices/new-office.ts';
import type { Database } from '../../server/platform/database.ts';
import { registrarsName } from '../../server/protocol/inbox-state.ts';
import { cryptoReady } from '../../server/protocol/sodium.ts';
import { type DemonstrationKeys, writeKeys } from './keys.ts';
import { demonstrationOffices } from './offices.ts';

/** Round the clock, every day: whoever tries the demonstration finds it open. */
const alwaysOpen = [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, opens: '00:00', closes: '24:00' }));

/**
 * Sets up an empty installation: the registry's keys, the first owner with his keys, the registrars' inbox, two offices with theirs.
 * The keys are written before the first row, so that nothing is ever in the database that nobody holds the key of.
 */
export async function seedDemonstration({
  database,
  keysFile,
}: {
  readonly database: Database;
  readonly keysFile: string;
}): Promise<DemonstrationKeys> {
  await cryptoReady;
  const createdAt = Date.now();
  const registrySeeds = [1, 2, 3].map(() => new Uint8Array(randomBytes(32)));
  const registry = registrySeeds.map(registryKeysFromSeed);
  const device = createDevice('browser');
  const owner = createUser({ device, label: 'schalter owner', createdAt });
  const root = toSignedLink(owner);

  const keys: DemonstrationKeys = {
    registrySeeds,
    ownerSeed: device.seed,
    ownerId: Buffer.from(owner.state.userId).toString('base64url'),
    invitations: [],
  };
  await writeKeys(keysFile, keys);
  await addRegistryKeys(
    database,
    registry.map(({ registryPk }) => registryPk),
  );
  await createOwner(database, { root, displayName: 'Schalter' });

  const { loadChains } = createAccounts({ database });
  const inboxNamed = (name: string) => {
    const draft = draftInbox(name, { addsRequire: 1, requirePrf: false }, [owner.state]);
    const signatures = signRegistryStatement(draft.statement, registry.slice(0, 2));
    return toSignedLink(createInbox(draft, signatures, { userId: owner.state.userId, device, createdAt }));
  };
  await createOfficelessInbox(database, inboxNamed(registrarsName), { loadUserChains: loadChains });
  for (const { staff: _staff, services, ...office } of demonstrationOffices) {
    await createOffice(
      database,
      {
        ...office,
        services: services.map((service) => ({ ...service, lastAdmissionMinutes: 10, hours: alwaysOpen })),
        closedDays: [],
        inboxRoot: inboxNamed(office.name.en),
      },
      { loadUserChains: loadChains },
    );
  }
  return keys;
}
