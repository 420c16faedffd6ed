import type { HttpRoutes } from '../../server/protocol/accounts.ts';
import type { CommandName, Request, Response } from '../../server/protocol/commands.ts';
import type { Result } from '../../server/protocol/errors.ts';
import type { Notifications } from '../../server/protocol/notifications.ts';
import type { OfficeView } from '../../server/protocol/offices.ts';

interface Routes extends HttpRoutes {
  'GET /api/offices': () => readonly OfficeView[];
}
export type Fact<Event extends keyof Notifications> = Parameters<Notifications[Event]>[0];
type Forge = (value: unknown, request: unknown) => unknown;

interface Lie {
  readonly kind: 'answer' | 'invention' | 'page' | 'hint';
  readonly name: string;
  /** The browser that is lied to; undefined for everybody. */
  readonly to: string | undefined;
  readonly forge: Forge;
}

/** What the evil server says otherwise than the honest one behind it. Empty, it is honest. */
export class Lies {
  #lies: Lie[] = [];

  /** Changes what a command is answered with, when it is answered at all. */
  answer<Name extends CommandName>(
    name: Name,
    forge: (value: Response<Name>, request: Request<Name>) => Response<Name>,
    to?: string,
  ): void {
    this.#add('answer', name, forge, to);
  }

  /** Answers a command itself: the honest server never hears of it. `silence` is no answer at all; undefined leaves it to the honest one. */
  invent<Name extends CommandName>(
    name: Name,
    invent: (request: Request<Name>) => Result<Response<Name>> | 'silence' | undefined,
    to?: string,
  ): void {
    this.#add('invention', name, (_value: unknown, request: Request<Name>) => invent(request), to);
  }

  /** The same for whoever needs time to think of an answer. */
  relay<Name extends CommandName>(name: Name, invent: (request: Request<Name>) => Promise<Result<Response<Name>>>, to?: string): void {
    this.#add('invention', name, async (_value: unknown, request: Request<Name>) => await invent(request), to);
  }

  /** Changes what an HTTP route is answered with. */
  page<Route extends keyof Routes>(
    route: Route,
    forge: (value: ReturnType<Routes[Route]>) => ReturnType<Routes[Route]>,
    to?: string,
  ): void {
    this.#add('page', route, forge, to);
  }

  /** Changes a notification; null swallows it. */
  hint<Event extends keyof Notifications>(name: Event, forge: (fact: Fact<Event>) => Fact<Event> | null, to?: string): void {
    this.#add('hint', name, forge, to);
  }

  /** From now on the truth. */
  recant(): void {
    this.#lies = [];
  }

  invented(name: string, request: unknown, to: string): unknown {
    return this.#find('invention', name, to)
      .map((lie) => lie.forge(undefined, request))
      .find((answer) => answer !== undefined);
  }

  told(kind: 'answer' | 'page' | 'hint', name: string, value: unknown, request: unknown, to: string): unknown {
    return this.#find(kind, name, to).reduce((told, lie) => (told === null ? null : lie.forge(told, request)), value);
  }

  #find(kind: Lie['kind'], name: string, to: string): Lie[] {
    return this.#lies.filter((lie) => lie.kind === kind && lie.name === name && (lie.to === undefined || lie.to === to));
  }

  /** The names keep each lie with its own type, which TypeScript cannot follow through a list. */
  #add(kind: Lie['kind'], name: string, forge: unknown, to: string | undefined): void {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    this.#lies.push({ kind, name, to, forge: forge as Forge });
  }
}
