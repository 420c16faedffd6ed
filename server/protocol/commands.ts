import type { AccountCommands } from './accounts.ts';
import type { AppointmentCommands } from './appointments.ts';
import type { CallCommands } from './calls.ts';
import type { ConversationCommands } from './conversations.ts';
import type { DeviceLinkCommands } from './device-links.ts';
import type { Result } from './errors.ts';
import type { OfficeCommands } from './offices.ts';
import type { PushCommands } from './push.ts';
import type { QueueCommands } from './queue.ts';
import type { ResetCommands } from './resets.ts';
import type { RetentionCommands } from './retention.ts';
import type { SupervisionCommands } from './supervision.ts';

/** Every command of the socket, by the feature that offers it. A command without a handler does not compile. */
export interface Commands
  extends
    AccountCommands,
    DeviceLinkCommands,
    ResetCommands,
    OfficeCommands,
    RetentionCommands,
    ConversationCommands,
    QueueCommands,
    AppointmentCommands,
    CallCommands,
    PushCommands,
    SupervisionCommands {}

export type CommandName = keyof Commands;
export type Request<Name extends CommandName> = Parameters<Commands[Name]>[0];
export type Response<Name extends CommandName> = ReturnType<Commands[Name]>;

/** The same commands as Socket.IO's typed events: each with its acknowledgement. */
export type CommandEvents = { [Name in CommandName]: (request: Request<Name>, answer: (result: Result<Response<Name>>) => void) => void };
