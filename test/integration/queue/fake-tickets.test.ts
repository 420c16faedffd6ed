import { Agent } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../../server/platform/database.ts';
import type { Response } from '../../../server/protocol/commands.ts';
import { type ConversationId, newId } from '../../../server/protocol/ids.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { agentFrom } from '../../support/fetch-from.ts';
import { printFigures } from '../../support/figures.ts';
import { startLimitedServer } from '../../support/limited-server.ts';
import { type Line, type RegistrationBody, Somebody } from '../../support/people.ts';
import { codeOf } from '../../support/refusal.ts';
import { TestOffice } from '../../support/test-office.ts';

/** reliability.md R37. CI tries a few; `FAKE_TICKETS=10000` all of a minute, `FAKE_TICKETS_LIMITER=off` shows what they do without limits. */
const attempts = Number(process.env['FAKE_TICKETS'] ?? 300);
const isLimited = process.env['FAKE_TICKETS_LIMITER'] !== 'off';
const attemptsPerMinute = 10_000;
const scriptCount = Math.min(50, Math.ceil(attempts / 60));
const realCount = scriptCount;
/** What the server lets one address have in an hour (server/accounts/registration-routes.ts). */
const newCitizensPerAddress = 20;

let own: TestDatabase;
let database: Database;
let server: Awaited<ReturnType<typeof startLimitedServer>>;
let office: TestOffice;
const agents: Agent[] = [];
const people: Somebody[] = [];

beforeAll(async () => {
  own = await createTestDatabase();
  database = openDatabase({ url: own.url, log: pino({ level: 'silent' }) });
  server = await startLimitedServer(own.url, { isLimited });
  office = await TestOffice.create({ ...server, database, databaseUrl: own.url, log: [] });
});
afterAll(async () => {
  for (const somebody of people) somebody.close();
  for (const agent of agents) agent.destroy();
  office.close();
  await server.close();
  await database.destroy();
  await own.drop();
});

interface Visitor {
  readonly somebody: Somebody;
  readonly line: Line;
  readonly conversationId: ConversationId;
}

function agentOf(address: string): Agent {
  const agent = agentFrom(address);
  agents.push(agent);
  return agent;
}

function newcomer(agent: Agent): Somebody {
  const somebody = new Somebody(server, office.world.person(), undefined, agent);
  people.push(somebody);
  return somebody;
}

async function arrive(somebody: Somebody): Promise<Visitor> {
  const line = await somebody.connect();
  return { somebody, line, conversationId: (await office.open(somebody, line)).conversationId };
}

const join = async ({ line, conversationId }: Visitor): Promise<Response<'queue:join'>> =>
  await line.request('queue:join', {
    entryId: newId<'queue entry'>(),
    serviceId: office.serviceId,
    conversationId,
    language: 'fr',
    needs: [],
  });

/** One address whose program wants as many places as it can get, by all ways there are. */
class Script {
  readonly outcomes = new Map<string, number>();
  readonly #agent: Agent;
  readonly #first: Visitor;
  readonly #victim: Visitor;
  /** One registration after the other: a challenge is good for one. */
  #registering: Promise<unknown> = Promise.resolve();
  #prepared: { readonly somebody: Somebody; readonly body: RegistrationBody } | null = null;

  constructor(agent: Agent, first: Visitor, victim: Visitor) {
    this.#agent = agent;
    this.#first = first;
    this.#victim = victim;
  }

  async try(attempt: number): Promise<void> {
    const [kind, work] = this.#way(attempt);
    const outcome = `${kind}: ${await codeOf(work)}`;
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
  }

  #way(attempt: number): readonly [string, Promise<unknown>] {
    const { line } = this.#first;
    const { conversationId } = this.#victim;
    if (attempt % 2 === 0) {
      const registered = this.#registering.then(async () => await this.#asSomebodyElse());
      this.#registering = registered.catch(() => undefined);
      return ['a new account', registered];
    }
    if (attempt % 8 === 1) return ['a second place', join(this.#first)];
    if (attempt % 8 === 3) return ["another's conversation", join({ ...this.#first, conversationId })];
    if (attempt % 8 === 5) return ['out and in', this.#outAndIn()];
    return ['nonsense', line.request('queue:join', { ...JSON.parse('{"place":1}') })];
  }

  async #outAndIn(): Promise<void> {
    const { entryId } = await join(this.#first);
    await this.#first.line.request('queue:leave', { entryId });
    await join(this.#first);
  }

  /** Sends the same again when it was refused for having come too often: that is what a script would do. */
  async #asSomebodyElse(): Promise<void> {
    const { somebody, body } = (this.#prepared ??= await this.#prepare());
    somebody.session = await somebody.http('POST /api/passkeys/registration', body);
    this.#prepared = null;
    await join(await arrive(somebody));
  }

  async #prepare(): Promise<{ readonly somebody: Somebody; readonly body: RegistrationBody }> {
    const somebody = newcomer(this.#agent);
    return { somebody, body: await somebody.prepareRegistration() };
  }
}

test(`R37: ${attempts} fake attempts from ${scriptCount} addresses refuse no real citizen, pass nobody who waits, and hold one place a person`, async () => {
  const real: Visitor[] = [];
  for (let index = 1; index <= realCount; index += 1) real.push(await arrive(await newcomer(agentOf(`127.0.2.${index}`)).register()));
  const scripts: Script[] = [];
  for (let index = 1; index <= scriptCount; index += 1) {
    const agent = agentOf(`127.0.1.${index}`);
    const [victim] = real;
    if (victim) scripts.push(new Script(agent, await arrive(await newcomer(agent).register()), victim));
  }
  const [quietMs, besideMs]: [number[], number[]] = [[], []];
  const take = async (visitor: Visitor, waitedMs: number[]): Promise<void> => {
    const askedAt = performance.now();
    await join(visitor);
    waitedMs.push(performance.now() - askedAt);
  };
  const [before, during] = [real.slice(0, Math.ceil(realCount / 2)), real.slice(Math.ceil(realCount / 2))];
  // Whoever is refused anything ends the test.
  for (const visitor of before) await take(visitor, quietMs);

  const everyMs = (60_000 / attemptsPerMinute) * scriptCount;
  const attemptsEach = Math.ceil(attempts / scriptCount);
  const attack = scripts.map(async (script) => {
    const underWay: Promise<void>[] = [];
    for (let attempt = 0; attempt < attemptsEach; attempt += 1) {
      underWay.push(script.try(attempt));
      await pause(everyMs);
    }
    await Promise.all(underWay);
  });
  for (const visitor of during) {
    await pause((everyMs * attemptsEach) / (during.length + 1));
    await take(visitor, besideMs);
    expect((await visitor.line.request('queue:list-mine', {})).entries).toHaveLength(1);
  }
  await Promise.all(attack);

  const outcomes = new Map<string, number>();
  for (const script of scripts) for (const [outcome, count] of script.outcomes) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + count);
  const { rows } = await sql<{ people: number; tickets: number; most: number }>`
    select count(*)::int as people, sum(open)::int as tickets, max(open)::int as most
    from (select count(*) as open from queue_entries where state = 'waiting' group by citizen_id, office_id) as each`.execute(database);
  const [held] = rows;
  if (!held) throw new Error('nobody waits');
  printFigures('a number, before', quietMs);
  printFigures('a number, beside them', besideMs);
  if (process.env['FIGURES'] !== undefined)
    process.stdout.write(`${JSON.stringify(Object.fromEntries(outcomes), null, 2)}\nfake tickets: ${held.tickets - realCount}\n`);

  expect(held.most).toBe(1);
  for (const [index, { line }] of before.entries())
    expect((await line.request('queue:list-mine', {})).entries).toMatchObject([{ state: 'waiting', place: index + 1 }]);
  expect(held.tickets - realCount).toBeLessThanOrEqual(scriptCount * newCitizensPerAddress);
  expect(outcomes.get('a new account: slow_down') ?? 0).toBeGreaterThan(0);
}, 300_000);
