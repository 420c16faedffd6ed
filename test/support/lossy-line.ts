import type { Request, Response } from '../../server/protocol/commands.ts';
import type { Notifications } from '../../server/protocol/notifications.ts';
import type { Subscribe } from '../../client/net/subscribe.ts';
import { Subject } from '../../client/net/observable.ts';
import { noAnswer } from '../../client/net/request-error.ts';
import type { RequestFunction } from '../../client/net/request.ts';
import type { ConnectionState } from '../../client/net/socket.ts';
import type { Fact, Member, MemoryServer } from './memory-server.ts';

/** What chance decides about the line: each question once for each packet. */
export interface Chance {
  /** Milliseconds a packet takes. */
  delay(): number;
  isLost(): boolean;
  isDoubled(): boolean;
}

/** One person's line to a MemoryServer: slow, lossy, out of order, and now and then gone. */
export class LossyLine {
  readonly state = new Subject<ConnectionState>({ status: 'connected', since: 0 });
  readonly #server: MemoryServer;
  readonly #member: Member;
  readonly #chance: Chance;
  readonly #listeners = new Map<keyof Notifications, Set<(fact: Fact['fact']) => void>>();
  readonly #stop: () => void;

  constructor(server: MemoryServer, member: Member, chance: Chance) {
    this.#server = server;
    this.#member = member;
    this.#chance = chance;
    this.#stop = server.listen(member, (fact) => this.#hint(fact));
  }

  readonly request: RequestFunction = async (name, payload) => {
    await this.#travel('request');
    // Whether the answer comes or not: the server has done it.
    const answer = this.#ask(name, payload);
    answer.catch(() => undefined);
    await this.#travel('answer');
    return await answer;
  };

  readonly on: Subscribe = (name, listener) => {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    // The map keeps each name's listeners apart, which its type cannot say.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const untyped = listener as (fact: Fact['fact']) => void;
    listeners.add(untyped);
    return () => void listeners.delete(untyped);
  };

  breakOff(): void {
    this.state.set({ status: 'reconnecting', since: 0 });
  }

  restore(): void {
    this.state.set({ status: 'connected', since: 0 });
  }

  close(): void {
    this.#stop();
  }

  async #ask<Name extends Parameters<RequestFunction>[0]>(name: Name, payload: Request<Name>): Promise<Response<Name>> {
    return this.#server.answer(name, payload, this.#member);
  }

  async #travel(leg: string): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, this.#chance.delay()));
    if (this.state.value.status !== 'connected' || this.#chance.isLost()) throw noAnswer(`the ${leg} was lost`);
  }

  #hint({ name, fact }: Fact): void {
    for (let copies = this.#chance.isDoubled() ? 2 : 1; copies > 0; copies -= 1) {
      if (this.#chance.isLost()) continue;
      setTimeout(() => {
        if (this.state.value.status !== 'connected') return;
        for (const listener of Array.from(this.#listeners.get(name) ?? [])) listener(fact);
      }, this.#chance.delay());
    }
  }
}
