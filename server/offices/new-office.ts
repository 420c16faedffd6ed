import { type Database, type Transaction, transaction } from '../platform/database.ts';
import type { InboxId, OfficeId, ServiceId } from '../protocol/ids.ts';
import type { LocalisedText } from '../protocol/locale.ts';
import type { SignedLink } from '../protocol/offices.ts';
import type { HoursRule } from './calendar.ts';
import { InboxChains, type LoadUserChains } from './inbox-chains.ts';
import { InboxStore } from './inbox-store.ts';
import { Inboxes } from './inboxes.ts';
import { OfficeStore } from './office-store.ts';

export interface NewService {
  readonly serviceId: ServiceId;
  readonly name: LocalisedText;
  readonly summary: LocalisedText;
  readonly keywords: readonly string[];
  /** First character of its ticket numbers. */
  readonly letter: string;
  readonly appointmentMinutes: number;
  readonly desks: number;
  /** So long before closing the last number is given. */
  readonly lastAdmissionMinutes: number;
  readonly hours: readonly HoursRule[];
}

export interface NewOffice {
  readonly officeId: OfficeId;
  readonly name: LocalisedText;
  readonly phone: string;
  readonly address: string;
  readonly services: readonly NewService[];
  /** Local dates: "2026-12-25". */
  readonly closedDays: readonly string[];
  /** Signed by its owner and the registry. */
  readonly inboxRoot: SignedLink;
}

/** Vouches for the inboxes of this installation. Before the first office, by who sets it up. */
export async function addRegistryKeys(database: Database, publicKeys: readonly Uint8Array[]): Promise<void> {
  await new InboxStore(database).addRegistryKeys(publicKeys);
}

/** An office with its services and its inbox, whose root is verified like any link; its owners' accounts are there already. */
export async function createOffice(
  database: Database,
  { inboxRoot, services, closedDays, ...office }: NewOffice,
  { loadUserChains }: { readonly loadUserChains: LoadUserChains },
): Promise<InboxId> {
  return await transaction(database, async (trx) => {
    const inboxId = await beginInbox(trx, inboxRoot, { loadUserChains });
    await new OfficeStore(trx).add(
      { ...office, inboxId },
      services.map((service, position) => ({ ...service, officeId: office.officeId, position })),
      services.flatMap(({ serviceId, hours }) => hours.map((rule) => ({ ...rule, serviceId }))),
      closedDays,
    );
    return inboxId;
  });
}

/** An inbox that belongs to no office: the registrars'. Its owners' accounts are there already. */
export async function createInbox(
  database: Database,
  inboxRoot: SignedLink,
  parts: { readonly loadUserChains: LoadUserChains },
): Promise<InboxId> {
  return await transaction(database, async (trx) => await beginInbox(trx, inboxRoot, parts));
}

async function beginInbox(
  trx: Transaction,
  inboxRoot: SignedLink,
  { loadUserChains }: { readonly loadUserChains: LoadUserChains },
): Promise<InboxId> {
  const chains = new InboxChains({ loadUserChains });
  const inboxes = new Inboxes({ database: trx, chains, mayBecome: async () => false, onAppended: async () => undefined });
  return await inboxes.begin(trx, inboxRoot);
}
