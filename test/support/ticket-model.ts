import { limits } from '../../server/protocol/limits.ts';

export type TicketState = 'none' | 'waiting' | 'called' | 'parked' | 'accepted' | 'ended' | 'left';
export type Service = 'passport' | 'licence';

/** A citizen and his one ticket, as reliability.md R35 and the protocol's comments say they behave: nothing here knows the server's code. */
export interface ModelTicket {
  state: TicketState;
  service: Service;
  missedTurns: number;
  extended: boolean;
  answerBy: number;
  rings: number[];
  official: number;
  redirects: number;
  joins: number[];
}

export interface ModelOfficial {
  state: 'available' | 'break' | 'off';
  services: readonly Service[];
}

/** Whether a command is accepted, or the code of its refusal. Where it is accepted, the model has changed already. */
export type Verdict = 'accepted' | 'bad_state' | 'conflict' | 'forbidden' | 'closed' | 'slow_down';

const ringsMs = 10 * 60_000;

/** What should become of some citizens' tickets at one office, said a second time and independently. */
export class TicketModel {
  readonly tickets: readonly ModelTicket[];
  readonly officials: readonly ModelOfficial[];

  constructor({ citizens, officials }: { citizens: number; officials: number }) {
    this.tickets = Array.from({ length: citizens }, () => ({ ...nobody, rings: [], joins: [] }));
    this.officials = Array.from({ length: officials }, () => ({ state: 'available', services: [] }));
  }

  ticket(citizen: number): ModelTicket {
    const ticket = this.tickets[citizen];
    if (!ticket) throw new RangeError('no such citizen');
    return ticket;
  }

  join(citizen: number, at: number): Verdict {
    const ticket = this.ticket(citizen);
    if (isOpen(ticket)) return 'accepted';
    const joins = ticket.joins.filter((joinedAt) => joinedAt > at - 60 * 60_000);
    if (joins.length >= 5) return 'slow_down';
    Object.assign(ticket, { ...nobody, state: 'waiting', rings: [], joins: [...joins, at] });
    return 'accepted';
  }

  leave(citizen: number): Verdict {
    const ticket = this.ticket(citizen);
    if (ticket.state === 'accepted' || ticket.state === 'ended') return 'bad_state';
    ticket.state = 'left';
    return 'accepted';
  }

  call(by: number, citizen: number, at: number): Verdict {
    const [ticket, official] = [this.ticket(citizen), this.officials[by]];
    if (ticket.state === 'left' || ticket.state === 'parked') return 'bad_state';
    if (ticket.state !== 'waiting') return ticket.official === by ? 'accepted' : 'conflict';
    if (official?.state !== 'available') return 'forbidden';
    if (official.services.length > 0 && !official.services.includes(ticket.service)) return 'forbidden';
    if (this.tickets.some((other) => isWithOfficial(other) && other.official === by)) return 'bad_state';
    Object.assign(ticket, { state: 'called', official: by, answerBy: at + limits.answerMs, extended: false });
    ticket.rings = [...recent(ticket, at), at];
    return 'accepted';
  }

  answer(citizen: number): Verdict {
    const ticket = this.ticket(citizen);
    if (!isWithOfficial(ticket)) return 'closed';
    ticket.state = 'accepted';
    return 'accepted';
  }

  extend(citizen: number): Verdict {
    const ticket = this.ticket(citizen);
    if (ticket.state !== 'called') return 'bad_state';
    if (!ticket.extended) ticket.answerBy += limits.answerMs;
    ticket.extended = true;
    return 'accepted';
  }

  ringAgain(by: number, citizen: number, at: number): Verdict {
    const ticket = this.ticket(citizen);
    if (ticket.state !== 'called') return 'bad_state';
    if (ticket.official !== by) return 'forbidden';
    const rings = recent(ticket, at);
    if (at - Math.max(0, ...rings) < 3_000) return 'accepted';
    if (rings.length >= limits.ringsPerTenMinutes) return 'slow_down';
    ticket.rings = [...rings, at];
    ticket.answerBy = Math.max(ticket.answerBy, at + limits.answerMs);
    return 'accepted';
  }

  /** By the citizen himself (`by` null) or the official. */
  missTurn(by: number | null, citizen: number): Verdict {
    const ticket = this.ticket(citizen);
    if (ticket.state === 'called') {
      if (by !== null && ticket.official !== by) return 'forbidden';
      return this.#miss(ticket);
    }
    return (ticket.state === 'waiting' || ticket.state === 'parked') && ticket.missedTurns > 0 ? 'accepted' : 'bad_state';
  }

  park(citizen: number): Verdict {
    const ticket = this.ticket(citizen);
    if (ticket.state !== 'waiting' && ticket.state !== 'parked') return 'bad_state';
    ticket.state = 'parked';
    return 'accepted';
  }

  comeBack(citizen: number): Verdict {
    const ticket = this.ticket(citizen);
    if (ticket.state === 'parked') ticket.state = 'waiting';
    return ticket.state === 'waiting' || ticket.state === 'called' ? 'accepted' : 'bad_state';
  }

  /** Priority and needs: as long as nobody has answered. */
  mayStillBeSaid(citizen: number): Verdict {
    return ['waiting', 'called', 'parked'].includes(this.ticket(citizen).state) ? 'accepted' : 'bad_state';
  }

  redirect(citizen: number, service: Service): Verdict {
    const ticket = this.ticket(citizen);
    if (ticket.state !== 'waiting' && ticket.state !== 'parked') return 'bad_state';
    if (ticket.service === service) return 'accepted';
    if (ticket.redirects >= limits.redirects) return 'bad_state';
    Object.assign(ticket, { service, redirects: ticket.redirects + 1 });
    return 'accepted';
  }

  /** Of the ticket's latest call, by its citizen (`by` null) or an official. Once it has ended, it is answered alike. */
  hangUp(by: number | null, citizen: number): Verdict {
    const ticket = this.ticket(citizen);
    if (by !== null && ticket.official !== by) return 'forbidden';
    if (ticket.state === 'accepted') ticket.state = 'ended';
    else if (ticket.state === 'called' && by === null) this.#miss(ticket);
    else if (ticket.state === 'called') ticket.state = 'waiting';
    return 'accepted';
  }

  /** Time has passed until then. */
  passTo(at: number): void {
    for (const ticket of this.tickets) if (ticket.state === 'called' && ticket.answerBy <= at) this.#miss(ticket);
  }

  /** An official was not there for the time of the lease. */
  vanish(official: number): void {
    for (const ticket of this.tickets) if (isWithOfficial(ticket) && ticket.official === official) ticket.state = 'waiting';
  }

  #miss(ticket: ModelTicket): Verdict {
    ticket.missedTurns += 1;
    ticket.state = ticket.missedTurns >= limits.missedTurns ? 'parked' : 'waiting';
    return 'accepted';
  }
}

const nobody = {
  state: 'none',
  service: 'passport',
  missedTurns: 0,
  extended: false,
  answerBy: 0,
  official: -1,
  redirects: 0,
} as const;

export function isOpen({ state }: ModelTicket): boolean {
  return state === 'waiting' || state === 'called' || state === 'parked' || state === 'accepted';
}

function isWithOfficial({ state }: ModelTicket): boolean {
  return state === 'called' || state === 'accepted';
}

function recent({ rings }: ModelTicket, at: number): number[] {
  return rings.filter((rungAt) => rungAt > at - ringsMs);
}
