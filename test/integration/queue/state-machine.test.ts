import * as fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId, type CallId, type QueueEntryId } from '../../../server/protocol/ids.ts';
import { startTestCounter, type Person, type TestCounter } from '../../support/counter.ts';
import { codeOf } from '../../support/refusal.ts';
import { startTestSfu, type TestSfu } from '../../support/sfu.ts';
import { isOpen, TicketModel, type Verdict } from '../../support/ticket-model.ts';
import { licence, passport } from '../../support/town.ts';

/** reliability.md R35. CI runs a few sequences; `TICKET_SEQUENCES=5000` all of them. */
const sequences = Number(process.env['TICKET_SEQUENCES'] ?? 60);
/** On one database, so that opening hours do not end. */
const sequencesAtATime = 15;
const maxPasses = 3;
const services = { passport, licence };

let sfu: TestSfu;
beforeAll(async () => {
  sfu = await startTestSfu();
});
afterAll(async () => await sfu.close());

/** The real thing, and what it was asked for. */
interface Scene {
  readonly counter: TestCounter;
  readonly citizens: readonly Person[];
  readonly officials: readonly Person[];
  readonly entries: (QueueEntryId | null)[];
  readonly calls: (CallId | null)[];
  passes: number;
}

interface Action {
  readonly name: string;
  readonly citizen: number;
  readonly official: number;
  readonly flag: boolean;
}

type Act = (model: TicketModel, scene: Scene, who: Action) => Promise<readonly [Verdict, string] | null>;

/** What an action that is about a ticket needs: its id, its people. */
function of(scene: Scene, { citizen, official }: Action) {
  const [person, clerk] = [scene.citizens[citizen], scene.officials[official]];
  if (!person || !clerk) throw new RangeError('nobody');
  return { person, clerk, entryId: scene.entries[citizen] ?? null, callId: scene.calls[citizen] ?? null, at: scene.counter.clock.at };
}

const onEntry =
  (
    verdict: (model: TicketModel, who: Action, at: number) => Verdict,
    send: (entryId: QueueEntryId, parts: ReturnType<typeof of>, who: Action) => Promise<unknown>,
  ): Act =>
  async (model, scene, who) => {
    const parts = of(scene, who);
    if (parts.entryId === null) return null;
    return [verdict(model, who, parts.at), await codeOf(send(parts.entryId, parts, who))];
  };
const onCall =
  (
    verdict: (model: TicketModel, who: Action) => Verdict,
    send: (callId: CallId, parts: ReturnType<typeof of>, scene: Scene) => Promise<unknown>,
  ): Act =>
  async (model, scene, who) => {
    const parts = of(scene, who);
    return parts.callId === null ? null : [verdict(model, who), await codeOf(send(parts.callId, parts, scene))];
  };

const acts: Readonly<Record<string, Act>> = {
  async join(model, scene, who) {
    const { person, at } = of(scene, who);
    const wasOpen = isOpen(model.ticket(who.citizen));
    const serviceId = services[model.ticket(who.citizen).service];
    const entryId = newId<'queue entry'>();
    const verdict = model.join(who.citizen, at);
    const conversationId = await scene.counter.openConversation(person, passport);
    const answer = person.request('queue:join', {
      entryId,
      serviceId: wasOpen ? serviceId : passport,
      conversationId,
      language: 'de',
      needs: [],
    });
    const code = await codeOf(answer);
    if (!wasOpen && code === 'accepted') {
      scene.entries[who.citizen] = entryId;
      scene.calls[who.citizen] = null;
    }
    return [verdict, code];
  },
  leave: onEntry(
    (model, { citizen }) => model.leave(citizen),
    (entryId, { person }) => person.request('queue:leave', { entryId }),
  ),
  async call(model, scene, who) {
    const { clerk, entryId, at } = of(scene, who);
    if (entryId === null) return null;
    const verdict = model.call(who.official, who.citizen, at);
    const answer = clerk.request('queue:accept', { entryId });
    const code = await codeOf(answer);
    if (code === 'accepted') scene.calls[who.citizen] = (await answer).callId;
    return [verdict, code];
  },
  answer: onCall(
    (model, { citizen }) => model.answer(citizen),
    (callId, { person }, { counter }) => counter.answer(person, callId),
  ),
  extend: onEntry(
    (model, { citizen }) => model.extend(citizen),
    (entryId, { person }) => person.request('queue:extend', { entryId }),
  ),
  pass: onEntry(
    (model, { citizen }) => model.missTurn(null, citizen),
    (entryId, { person }) => person.request('queue:pass', { entryId }),
  ),
  return: onEntry(
    (model, { citizen }) => model.comeBack(citizen),
    (entryId, { person }) => person.request('queue:return', { entryId }),
  ),
  needs: onEntry(
    (model, { citizen }) => model.mayStillBeSaid(citizen),
    (entryId, { person }) => person.request('queue:set-needs', { entryId, needs: ['sign-language'] }),
  ),
  readiness: onEntry(
    (model, { citizen }) => (isOpen(model.ticket(citizen)) ? 'accepted' : 'bad_state'),
    (entryId, { person }) => person.request('queue:set-readiness', { entryId, readiness: 'text-only' }),
  ),
  ringAgain: onEntry(
    (model, { citizen, official }, at) => model.ringAgain(official, citizen, at),
    (entryId, { clerk }) => clerk.request('queue:call-again', { entryId }),
  ),
  markMissed: onEntry(
    (model, { citizen, official }) => model.missTurn(official, citizen),
    (entryId, { clerk }) => clerk.request('queue:mark-missed', { entryId }),
  ),
  park: onEntry(
    (model, { citizen }) => model.park(citizen),
    (entryId, { clerk }) => clerk.request('queue:park', { entryId }),
  ),
  prioritise: onEntry(
    (model, { citizen }) => model.mayStillBeSaid(citizen),
    (entryId, { clerk }, { flag }) => clerk.request('queue:prioritise', { entryId, reason: flag ? 'deadline' : null }),
  ),
  redirect: onEntry(
    (model, { citizen, flag }) => model.redirect(citizen, flag ? 'licence' : 'passport'),
    (entryId, { clerk }, { flag }) => clerk.request('queue:redirect', { entryId, serviceId: flag ? licence : passport }),
  ),
  citizenHangsUp: onCall(
    (model, { citizen }) => model.hangUp(null, citizen),
    (callId, { person }) => person.request('call:hang-up', { callId }),
  ),
  officialHangsUp: onCall(
    (model, { citizen, official }) => model.hangUp(official, citizen),
    (callId, { clerk }) => clerk.request('call:hang-up', { callId }),
  ),
  async availability(model, scene, who) {
    const state = who.flag ? 'available' : who.citizen === 0 ? 'break' : 'off';
    const own = model.officials[who.official];
    const skills = who.citizen === 1 ? (['licence'] as const) : [];
    if (own) Object.assign(own, { state, services: skills });
    const said = { state, services: skills.map((skill) => services[skill]), languages: [] } as const;
    return ['accepted', await codeOf(of(scene, who).clerk.request('availability:set', said))];
  },
  async time(model, scene, { flag }) {
    if (scene.passes >= maxPasses) return null;
    scene.passes += 1;
    await scene.counter.pass(flag ? 100_000 : 20_000);
    model.passTo(scene.counter.clock.at);
    return null;
  },
  async vanish(model, scene, who) {
    if (scene.passes >= maxPasses) return null;
    scene.passes += 1;
    const { clerk, at } = of(scene, who);
    scene.counter.connected.delete(clerk.accountId);
    await scene.counter.pass(30_000);
    // Whose time is over earlier has missed his turn before the official counts as gone.
    model.passTo(at + 20_000);
    model.vanish(who.official);
    model.passTo(scene.counter.clock.at);
    scene.counter.connect(clerk);
    return null;
  },
};

class Step implements fc.AsyncCommand<TicketModel, Scene> {
  readonly #action: Action;

  constructor(action: Action) {
    this.#action = action;
  }

  check(): boolean {
    return true;
  }

  async run(model: TicketModel, scene: Scene): Promise<void> {
    const act = acts[this.#action.name];
    if (!act) throw new RangeError(this.#action.name);
    const outcome = await act(model, scene, this.#action);
    if (outcome) expect(outcome[1]).toBe(outcome[0]);
    for (const [index, citizen] of scene.citizens.entries()) {
      const ticket = model.ticket(index);
      const [entry] = (await citizen.request('queue:list-mine', {})).entries;
      if (!isOpen(ticket)) expect(entry).toBeUndefined();
      else
        expect({ state: entry?.state, missed: entry?.missedTurns, service: entry?.serviceId }).toEqual({
          state: ticket.state,
          missed: ticket.missedTurns,
          service: services[ticket.service],
        });
      if (ticket.state === 'called')
        expect({ answerBy: entry?.answerBy, extended: entry?.extended }).toEqual({ answerBy: ticket.answerBy, extended: ticket.extended });
    }
  }

  toString(): string {
    const { name, citizen, official, flag } = this.#action;
    return `${name}(${citizen}, ${official}, ${flag})`;
  }
}

const anyStep = fc
  .record({
    name: fc.oneof(
      { weight: 2, arbitrary: fc.constantFrom('join', 'call', 'answer') },
      { weight: 5, arbitrary: fc.constantFrom(...Object.keys(acts)) },
    ),
    citizen: fc.nat({ max: 1 }),
    official: fc.nat({ max: 1 }),
    flag: fc.boolean(),
  })
  .map((action) => new Step(action));

const addPeople = async (counter: TestCounter): Promise<Scene> => ({
  counter,
  citizens: [await counter.addCitizen(), await counter.addCitizen()],
  officials: [await counter.addOfficial(), await counter.addOfficial()],
  entries: [null, null],
  calls: [null, null],
  passes: 0,
});

/** So that the next sequence finds an empty line. */
async function tidyUp({ counter, citizens, officials, entries, calls }: Scene): Promise<void> {
  for (const [index, citizen] of citizens.entries()) {
    const [entryId, callId] = [entries[index], calls[index]];
    if (callId) await citizen.request('call:hang-up', { callId });
    if (entryId) await codeOf(citizen.request('queue:leave', { entryId }));
  }
  for (const person of [...citizens, ...officials]) counter.connected.delete(person.accountId);
  const { rows } = await sql<{ running: number }>`select count(*)::int as running from calls where state <> 'ended'`.execute(
    counter.database,
  );
  expect(rows).toEqual([{ running: 0 }]);
}

test(`R35: over ${sequences} random sequences of commands, sound and unsound, tickets do what their model does and nothing else`, async () => {
  let left = sequences;
  for (let batch = 0; left > 0; batch += 1) {
    const counter = await startTestCounter({ sfu });
    try {
      await counter.pass(30_000);
      const property = fc.asyncProperty(fc.commands([anyStep], { maxCommands: 40, size: 'max' }), async (steps) => {
        const scene = await addPeople(counter);
        await fc.asyncModelRun(() => ({ model: new TicketModel({ citizens: 2, officials: 2 }), real: scene }), steps);
        await tidyUp(scene);
      });
      await fc.assert(property, { numRuns: Math.min(left, sequencesAtATime), endOnFailure: true });
      left -= sequencesAtATime;
    } finally {
      await counter.close();
    }
  }
}, 3_600_000);
