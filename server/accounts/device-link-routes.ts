import { randomInt } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '../platform/app-error.ts';
import { limitByAddress, parseBody } from '../platform/http.ts';
import type { Limit } from '../platform/rate-limit.ts';
import { fromBase64Url, toBase64Url } from '../protocol/base64url.ts';
import type { DeviceLinkId } from '../protocol/ids.ts';
import { bindBrowser, readBrowser } from './cookies.ts';
import { type DeviceLink, DeviceLinkStore } from './device-link-store.ts';
import type { AccountRouteParts, Answer } from './route-parts.ts';
import { deviceLinkSchema, receiveSchema, sendSchema } from './device-link-schemas.ts';

/** Of one address; the new device asks every second or so. */
const beginLimit: Limit = { points: 20, perSeconds: 60 };
const talkLimit: Limit = { points: 600, perSeconds: 60 };
const maxTries = 5;

/** The new device's side of a link: whoever holds the cookie of the browser that began it. */
export function deviceLinkRoutes(http: FastifyInstance, { database, rateLimit }: Pick<AccountRouteParts, 'database' | 'rateLimit'>): void {
  const store = new DeviceLinkStore(database);
  const requireOwn = async (request: FastifyRequest, deviceLinkId: DeviceLinkId): Promise<DeviceLink> => {
    const browserHash = readBrowser(request);
    const link = browserHash && (await store.findOfBrowser(deviceLinkId, browserHash));
    if (!link) throw new AppError('not_found', 'no such link of this browser');
    return link;
  };

  http.post('/api/device-links', async (request, reply): Answer<'POST /api/device-links'> => {
    await limitByAddress(rateLimit, 'device-link:begin', request, beginLimit);
    const { deviceLinkId } = parseBody(deviceLinkSchema, request);
    const browserHash = bindBrowser(request, reply);
    // A number that somebody else has is drawn again.
    for (let tries = 0; tries < maxTries; tries += 1) {
      await store.add({ deviceLinkId, number: drawNumber(), browserHash, address: request.ip });
      const link = await store.findOfBrowser(deviceLinkId, browserHash);
      if (link) return { number: link.number, expiresAt: link.expiresAt.getTime() };
    }
    throw new AppError('conflict', "the id is another link's");
  });

  http.post('/api/device-links/send', async (request): Answer<'POST /api/device-links/send'> => {
    await limitByAddress(rateLimit, 'device-link:talk', request, talkLimit);
    const { deviceLinkId, index, message } = parseBody(sendSchema, request);
    const { isOver } = await requireOwn(request, deviceLinkId);
    if (isOver) throw new AppError('closed', 'the link is over');
    if (!(await store.addMessage(deviceLinkId, 'new', index, fromBase64Url(message))))
      throw new AppError('conflict', 'another message has this index');
    return {};
  });

  http.post('/api/device-links/receive', async (request): Answer<'POST /api/device-links/receive'> => {
    await limitByAddress(rateLimit, 'device-link:talk', request, talkLimit);
    const { deviceLinkId, after } = parseBody(receiveSchema, request);
    const { isOver } = await requireOwn(request, deviceLinkId);
    return { messages: (await store.findMessages(deviceLinkId, 'old', after)).map(toBase64Url), isOver };
  });

  http.post('/api/device-links/end', async (request): Answer<'POST /api/device-links/end'> => {
    await limitByAddress(rateLimit, 'device-link:talk', request, talkLimit);
    const { deviceLinkId } = parseBody(deviceLinkSchema, request);
    await requireOwn(request, deviceLinkId);
    await store.end(deviceLinkId);
    return {};
  });
}

/** Eight digits, for somebody to type or to say. */
export function drawNumber(): string {
  return String(randomInt(100_000_000)).padStart(8, '0');
}
