import { expect, test } from 'vitest';
import { MyAppointments } from '../../../client/appointments/my-appointments.ts';
import { Subject, waitUntil } from '../../../client/net/observable.ts';
import { slugSchema } from '../../../server/platform/wire-schemas.ts';
import type { AppointmentView } from '../../../server/protocol/appointments.ts';
import { newId } from '../../../server/protocol/ids.ts';
import type { Notifications } from '../../../server/protocol/notifications.ts';

function appointment(startsAt: number): AppointmentView {
  return {
    appointmentId: newId(),
    serviceId: slugSchema<'service'>().parse('residence'),
    officeId: slugSchema<'office'>().parse('citizens-office'),
    conversationId: newId(),
    startsAt,
    endsAt: startsAt + 1,
    state: 'booked',
    needs: [],
    holdExpiresAt: null,
    checkInFrom: startsAt,
    checkInUntil: startsAt,
  };
}

test('what is told while the list is on its way is not taken back by it, and no state in between is told', async () => {
  const [first, second] = [appointment(1), appointment(2)];
  const answer = Promise.withResolvers<{ appointments: readonly AppointmentView[] }>();
  const asked = Promise.withResolvers<void>();
  const listeners: Notifications['appointment:changed'][] = [];
  const mine = new MyAppointments({
    request: async () => {
      asked.resolve();
      return (await answer.promise) as never;
    },
    on: (name, listener) => {
      if (name === 'appointment:changed') listeners.push(listener as Notifications['appointment:changed']);
      return () => undefined;
    },
    connection: new Subject({ status: 'connected' as const }),
  });
  await asked.promise;
  for (const tell of listeners) tell({ appointment: { ...first, state: 'cancelled' } });
  const states: string[] = [];
  mine.state.subscribe(({ appointments }) => void states.push(appointments.map(({ state }) => state).join()));
  answer.resolve({ appointments: [first, second] });
  await waitUntil(mine.state, ({ loaded }) => loaded);
  expect(states).toEqual(['cancelled,booked']);
  mine.close();
});
