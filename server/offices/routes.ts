import type { FastifyInstance } from 'fastify';
import type { Database } from '../platform/database.ts';
import { type Base64Url, toBase64Url } from '../protocol/base64url.ts';
import type { HttpRoutes } from '../protocol/accounts.ts';
import type { ServiceId } from '../protocol/ids.ts';
import type { OfficeView } from '../protocol/offices.ts';
import type { InboxChains } from './inbox-chains.ts';
import { InboxStore } from './inbox-store.ts';
import type { Offices, ServiceLoad } from './offices.ts';

export interface OfficeRoutesDependencies {
  readonly database: Database;
  readonly offices: Offices;
  readonly now: () => number;
  readonly loads: () => Promise<ReadonlyMap<ServiceId, ServiceLoad>>;
  readonly chains: InboxChains;
  /** What the receipts of stored messages are signed with. */
  readonly receiptKey: () => Promise<Base64Url>;
}

type Pinned = ReturnType<HttpRoutes['GET /api/registry']>;

/** What anybody may know before he signs in. */
export function officeRoutes(http: FastifyInstance, { database, offices, now, loads, chains, receiptKey }: OfficeRoutesDependencies): void {
  let listing: Promise<readonly OfficeView[]> | null = null;
  let pinned: Promise<Pinned> | null = null;
  const readPinned = async (): Promise<Pinned> => {
    const keys = await new InboxStore(database).findRegistryKeys();
    return { keys: keys.map(toBase64Url), registrars: await chains.findRegistrars(database), receiptKey: await receiptKey() };
  };

  http.get('/api/offices', async (_request, reply): Promise<readonly OfficeView[]> => {
    reply.header('cache-control', 'no-store');
    // It takes several queries an office and asks for no session: however many ask, one at a time is made for all of them.
    listing ??= loads()
      .then(async (all) => await offices.list(now(), all))
      .finally(() => (listing = null));
    return await listing;
  });

  http.get('/api/registry', async (_request, reply): Promise<Pinned> => {
    reply.header('cache-control', 'no-store');
    // It is read from every chain, and asks for no session: as above.
    pinned ??= readPinned().finally(() => (pinned = null));
    return await pinned;
  });
}
