import { performance } from 'node:perf_hooks';
import { AppError } from '../platform/app-error.ts';
import type { Log } from '../platform/log.ts';
import {
  connectSfu,
  type SfuClient,
  type SfuEventName,
  type SfuEvents,
  type SfuMethod,
  type SfuParams,
  type SfuResult,
} from './sfu-client.ts';

export interface SfuPoolOptions {
  /** One address a node; a node is called by its address. */
  readonly urls: readonly string[];
  /** All nodes know the same one. */
  readonly secret: string;
  readonly log: Log;
}

interface Node {
  readonly url: string;
  readonly client: SfuClient;
  /** Calls it carries, as it last said and as were given to it since. */
  rooms: number;
  isDraining: boolean;
  /** When it last answered; null before the first time. */
  heardAt: number | null;
  isAsked: boolean;
}

const askMs = 500;
/** A node that has not answered for this long is lost: its calls go on elsewhere. */
const lostMs = 2_000;

/** The sfu nodes of the installation: which of them live, and which has room. */
export class SfuPool {
  readonly #nodes: ReadonlyMap<string, Node>;
  readonly #since = performance.now();
  readonly #timer: NodeJS.Timeout;
  readonly #unfollow: readonly (() => void)[];

  constructor({ urls, secret, log }: SfuPoolOptions) {
    this.#nodes = new Map(
      urls.map((url) => [
        url,
        { url, client: connectSfu({ url, secret, log }), rooms: 0, isDraining: false, heardAt: null, isAsked: false },
      ]),
    );
    this.#unfollow = Array.from(this.#nodes.values()).flatMap((node) => [
      node.client.on('draining', () => (node.isDraining = true)),
      node.client.on('welcome', () => void this.#ask(node)),
    ]);
    this.#timer = setInterval(() => {
      for (const node of this.#nodes.values()) void this.#ask(node);
    }, askMs);
  }

  get urls(): readonly string[] {
    return [...this.#nodes.keys()];
  }

  /** Whether its line is up: what is asked is answered soon. */
  isConnected(url: string): boolean {
    return this.#nodes.get(url)?.client.connected ?? false;
  }

  /** Nodes that are gone, for all one can see. */
  get lost(): readonly string[] {
    return this.urls.filter((url) => !this.isLiving(url));
  }

  /** False for one that has not answered for two seconds, and for one that is none of ours. */
  isLiving(url: string): boolean {
    const node = this.#nodes.get(url);
    return node !== undefined && performance.now() - (node.heardAt ?? this.#since) <= lostMs;
  }

  /** It carries what it carries, and takes nothing new. */
  isDraining(url: string): boolean {
    return this.#nodes.get(url)?.isDraining ?? false;
  }

  /** The least loaded node; unless it must be living, else one that may come back. Null when there is none. */
  choose({ mustLive = false }: { readonly mustLive?: boolean } = {}): string | null {
    const living = [...this.#nodes.values()].filter(({ url, client, isDraining }) => client.connected && this.isLiving(url) && !isDraining);
    const candidates = living.length > 0 || mustLive ? living : [...this.#nodes.values()];
    const [best] = candidates.toSorted((one, other) => Number(one.isDraining) - Number(other.isDraining) || one.rooms - other.rooms);
    return best?.url ?? null;
  }

  /** One more call goes there: known before the node says so. */
  load(url: string): void {
    const node = this.#nodes.get(url);
    if (node) node.rooms += 1;
  }

  /** As `SfuClient.request`; `not_found` for a node that is none of ours any more. */
  async request<Method extends SfuMethod>(url: string, method: Method, params: SfuParams<Method>): Promise<SfuResult<Method>> {
    const node = this.#nodes.get(url);
    if (!node) throw new AppError('not_found', 'no such sfu');
    return await node.client.request(method, params);
  }

  /** Listens to one kind of event of all nodes; returns the function that stops it. */
  on<Name extends SfuEventName>(event: Name, listener: (fact: SfuEvents[Name], url: string) => void): () => void {
    const stops = Array.from(this.#nodes.values(), ({ url, client }) => client.on(event, (fact) => listener(fact, url)));
    return () => {
      for (const stop of stops) stop();
    };
  }

  close(): void {
    clearInterval(this.#timer);
    for (const stop of this.#unfollow) stop();
    for (const { client } of this.#nodes.values()) client.close();
  }

  async #ask(node: Node): Promise<void> {
    if (node.isAsked || !node.client.connected) return;
    node.isAsked = true;
    try {
      const { workers, draining } = await node.client.request('node:status', {});
      node.heardAt = performance.now();
      node.rooms = workers.reduce((sum, { rooms }) => sum + rooms, 0);
      node.isDraining = draining;
    } catch {
      // Not hearing from it is what is to be known.
    } finally {
      node.isAsked = false;
    }
  }
}

/** Connects to all of them in the background, and again whenever a line is lost. */
export function connectSfus(options: SfuPoolOptions): SfuPool {
  return new SfuPool(options);
}
