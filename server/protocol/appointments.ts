import type { AppointmentId, ConversationId, OfficeId, ServiceId } from './ids.ts';
import type { Locale } from './locale.ts';
import type { Need, QueueEntryView } from './queue.ts';

export interface SlotView {
  readonly startsAt: number;
  readonly endsAt: number;
}

export type AppointmentState = 'held' | 'booked' | 'checked-in' | 'completed' | 'released' | 'cancelled' | 'missed';

export interface AppointmentView {
  readonly appointmentId: AppointmentId;
  readonly serviceId: ServiceId;
  readonly officeId: OfficeId;
  /** Null while it is only held. */
  readonly conversationId: ConversationId | null;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly state: AppointmentState;
  /** Stated at booking, taken along into the line. */
  readonly needs: readonly Need[];
  /** When a hold ends; null once booked. */
  readonly holdExpiresAt: number | null;
  readonly checkInFrom: number;
  readonly checkInUntil: number;
}

export interface AppointmentCommands {
  /** Free slots of the service in the next 14 days, in order. */
  'appointment:list-slots': (request: { serviceId: ServiceId }) => { slots: readonly SlotView[] };
  /** Reserves a slot for `limits.holdMs`; one hold a person (an earlier one is released). `slot_taken`, `invalid_slot`. */
  'appointment:hold': (request: { appointmentId: AppointmentId; serviceId: ServiceId; startsAt: number }) => AppointmentView;
  /** held → booked, into a conversation of the citizen with the same service's office. `invalid_slot` when the hold is over, `bad_state` with too many bookings. */
  'appointment:book': (request: {
    appointmentId: AppointmentId;
    conversationId: ConversationId;
    needs: readonly Need[];
  }) => AppointmentView;
  'appointment:cancel': (request: { appointmentId: AppointmentId }) => AppointmentView;
  /** The citizen's own, or those of the official's office from today on; by start. */
  'appointment:list': (request: Record<string, never>) => { appointments: readonly AppointmentView[] };
  /** booked → checked-in, and joins the line with its time. `closed` outside of checkInFrom … checkInUntil. Whoever leaves the line can check in again until then. */
  'appointment:check-in': (request: { appointmentId: AppointmentId; language: Locale }) => {
    appointment: AppointmentView;
    entry: QueueEntryView;
  };
}
