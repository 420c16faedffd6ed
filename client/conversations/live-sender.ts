import type { MessageHeader } from '../../server/protocol/envelope.ts';
import type { EpochVerification, Parties } from '../../server/protocol/epoch-rules.ts';
import { findMembership } from '../../server/protocol/inbox-state.ts';
import { equalBytes } from '../../server/protocol/sodium.ts';
import { requireInbox, requireUser } from '../../server/protocol/verification.ts';

/**
 * Whether what arrives just now comes from a device that has not been taken out of its account, of somebody who still takes part. The
 * keys it is sealed with are not judged: a rotation may have overtaken it on the way, and the next message goes by the new ones.
 */
export function isActiveSender(
  { senderUser, senderDevice }: Pick<MessageHeader, 'senderUser' | 'senderDevice'>,
  { citizenId, inboxId }: Parties,
  verification: EpochVerification,
): boolean {
  const device = requireUser(verification, senderUser).devices.find(({ deviceId }) => equalBytes(deviceId, senderDevice));
  if (device === undefined || device.revokedAt !== null) return false;
  return equalBytes(senderUser, citizenId) || findMembership(requireInbox(verification, inboxId), senderUser) !== undefined;
}
