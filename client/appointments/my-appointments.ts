import type { AppointmentView, SlotView } from '../../server/protocol/appointments.ts';
import { newId, type AppointmentId, type ConversationId, type ServiceId } from '../../server/protocol/ids.ts';
import type { Locale } from '../../server/protocol/locale.ts';
import type { Need, QueueEntryView } from '../../server/protocol/queue.ts';
import { askWhenBack, type Line } from '../net/ask-when-back.ts';
import { Subject, type Observable } from '../net/observable.ts';
import type { RequestFunction } from '../net/request.ts';

export interface MyAppointmentsState {
  /** False before the server has answered once. */
  readonly loaded: boolean;
  /** By start. */
  readonly appointments: readonly AppointmentView[];
}

/** The citizen's appointments and holds, kept up to date; and what can be done with them. All commands throw RequestErrors. */
export class MyAppointments {
  readonly #request: RequestFunction;
  readonly #state = new Subject<MyAppointmentsState>({ loaded: false, appointments: [] });
  readonly #stops: readonly (() => void)[];
  /** What was told, or answered to a command, since the list was last asked for: its answer may be older. */
  readonly #told = new Map<AppointmentId, AppointmentView>();

  constructor(line: Line) {
    this.#request = line.request;
    this.#stops = [
      line.on('appointment:changed', ({ appointment }) => this.#put(appointment)),
      askWhenBack(line, async () => await this.#refresh()).stop,
    ];
  }

  get state(): Observable<MyAppointmentsState> {
    return this.#state;
  }

  find(appointmentId: string): AppointmentView | undefined {
    return this.#state.value.appointments.find((appointment) => appointment.appointmentId === appointmentId);
  }

  /** Free times, in order. */
  async loadSlots(serviceId: ServiceId): Promise<readonly SlotView[]> {
    const { slots } = await this.#request('appointment:list-slots', { serviceId });
    return slots;
  }

  /** A hold of one's own is given up for the new one; the same time again is thereby held longer. */
  async hold(slot: { serviceId: ServiceId; startsAt: number }): Promise<AppointmentView> {
    return this.#put(await this.#request('appointment:hold', { appointmentId: newId<'appointment'>(), ...slot }));
  }

  async book(booking: { appointmentId: AppointmentId; conversationId: ConversationId; needs: readonly Need[] }): Promise<AppointmentView> {
    return this.#put(await this.#request('appointment:book', booking));
  }

  async cancel(appointmentId: AppointmentId): Promise<AppointmentView> {
    return this.#put(await this.#request('appointment:cancel', { appointmentId }));
  }

  /** Joins the line with the appointment's time. */
  async checkIn(appointmentId: AppointmentId, language: Locale): Promise<QueueEntryView> {
    const { appointment, entry } = await this.#request('appointment:check-in', { appointmentId, language });
    this.#put(appointment);
    return entry;
  }

  close(): void {
    for (const stop of this.#stops) stop();
  }

  async #refresh(): Promise<void> {
    this.#told.clear();
    const { appointments } = await this.#request('appointment:list', {});
    const others = appointments.filter(({ appointmentId }) => !this.#told.has(appointmentId));
    this.#state.set({ loaded: true, appointments: byStart([...others, ...this.#told.values()]) });
  }

  #put(appointment: AppointmentView): AppointmentView {
    this.#told.set(appointment.appointmentId, appointment);
    const { loaded, appointments } = this.#state.value;
    const others = appointments.filter(({ appointmentId }) => appointmentId !== appointment.appointmentId);
    this.#state.set({ loaded, appointments: byStart([...others, appointment]) });
    return appointment;
  }
}

function byStart(appointments: readonly AppointmentView[]): readonly AppointmentView[] {
  return appointments.toSorted((one, other) => one.startsAt - other.startsAt);
}
