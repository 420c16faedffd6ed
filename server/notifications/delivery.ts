import { Agent, request } from 'node:https';
import { isPublicAddress, lookupWithin } from './endpoint.ts';

/** One request to a push service, as the library made it. */
export interface PushRequest {
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: Buffer;
}

/** Hands a request to a push service; resolves with its status, rejects when it cannot be reached in time. */
export type Deliver = (request: PushRequest) => Promise<number>;

const timeoutMs = 5_000;
/** At the same time, to one service: the others wait their turn. */
const maxSockets = 8;

export interface DeliveryOptions {
  /** Which addresses may be reached at all. */
  readonly mayReach?: (address: string) => boolean;
  /** Whose certificates are trusted besides the usual ones. */
  readonly ca?: string;
}

/** Over HTTPS to public addresses only. A redirect is an answer like any other: nobody is followed. */
export function createDelivery({ mayReach = isPublicAddress, ca }: DeliveryOptions = {}): Deliver {
  const agent = new Agent({ maxSockets, keepAlive: false, lookup: lookupWithin(mayReach), ...(ca === undefined ? {} : { ca }) });
  return async ({ endpoint, headers, body }) => {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const sent = request(endpoint, { method: 'POST', headers, agent, signal: AbortSignal.timeout(timeoutMs) }, (answer) => {
      // What it says is of no interest, and may be endless.
      answer.destroy();
      resolve(answer.statusCode ?? 0);
    });
    sent.on('error', reject);
    sent.end(body);
    return await promise;
  };
}
