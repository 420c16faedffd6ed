import { z } from 'zod';
import type { AppointmentCommands } from '../protocol/appointments.ts';
import type { Request } from '../protocol/commands.ts';
import { idSchema, localeSchema, needsSchema, slugSchema } from '../platform/wire-schemas.ts';

const appointment = z.strictObject({ appointmentId: idSchema<'appointment'>() });
const serviceId = slugSchema<'service'>();
/** Milliseconds since 1970, up to the year 2100. */
const moment = z.int().min(0).max(Date.UTC(2100, 0));

export const schemas = {
  'appointment:list-slots': z.strictObject({ serviceId }),
  'appointment:hold': appointment.extend({ serviceId, startsAt: moment }),
  'appointment:book': appointment.extend({ conversationId: idSchema<'conversation'>(), needs: needsSchema }),
  'appointment:cancel': appointment,
  'appointment:list': z.strictObject({}),
  'appointment:check-in': appointment.extend({ language: localeSchema }),
} satisfies { [Name in keyof AppointmentCommands]: z.ZodType<Request<Name>> };
