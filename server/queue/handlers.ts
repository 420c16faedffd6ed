import type { QueueCommands } from '../protocol/queue.ts';
import type { Handlers } from '../platform/commands.ts';
import { citizenHandlers } from './citizen-handlers.ts';
import { deskHandlers } from './desk-handlers.ts';
import type { WaitingLineParts } from './waiting-line.ts';

/** The commands of the waiting line. */
export function queueHandlers(parts: WaitingLineParts): Handlers<keyof QueueCommands> {
  return { ...citizenHandlers(parts), ...deskHandlers(parts) };
}
