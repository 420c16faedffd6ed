import { newId } from '../../../server/protocol/ids.ts';
import type { RequestFunction } from '../../net/request.ts';
import { report } from '../ask-again.ts';

/** As long as a person looks on: firewalls that drop packets never say no. */
const timeoutMs = 10_000;

/**
 * Opens a connection as a call does, and gives it up again. The round trip to the media server in milliseconds. Throws a RequestError
 * when nobody could be asked, and another error when the connection did not come about.
 */
export async function openMediaProbe(request: RequestFunction): Promise<number> {
  const checkId = newId<'line check'>();
  const [{ Device }, { routerRtpCapabilities, send }] = await Promise.all([
    import('mediasoup-client'),
    request('call:open-check', { checkId }),
  ]);
  const device = await Device.factory();
  await device.load({ routerRtpCapabilities });
  const { transportId, ...parameters } = send;
  const transport = device.createSendTransport({ id: transportId, ...parameters });
  const { promise: connected, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error('no answer of the media server')), timeoutMs);
  transport.on('connect', ({ dtlsParameters }, done, fail) => {
    void report(request('call:connect-check', { checkId, transportId, dtlsParameters }), done, fail);
  });
  // Nothing is sent on it: it is only there for the connection to begin.
  transport.on('producedata', (_parameters, done) => done({ id: checkId }));
  transport.on('connectionstatechange', (state) => {
    if (state === 'connected') resolve();
    if (state === 'failed') reject(new Error('the connection to the media server failed'));
  });
  try {
    transport.produceData({ label: 'check' }).catch(reject);
    await connected;
    return await roundTripMs(transport);
  } finally {
    clearTimeout(timer);
    transport.close();
    // Nobody waits for it: the server closes it by itself.
    request('call:close-check', { checkId }).catch(() => undefined);
  }
}

async function roundTripMs(transport: { getStats(): Promise<RTCStatsReport> }): Promise<number> {
  const stats: unknown[] = [];
  (await transport.getStats()).forEach((entry: unknown) => stats.push(entry));
  const seconds = stats.flatMap((entry) =>
    typeof entry === 'object' && entry !== null && 'currentRoundTripTime' in entry && typeof entry.currentRoundTripTime === 'number'
      ? [entry.currentRoundTripTime]
      : [],
  );
  return seconds.length === 0 ? 0 : Math.min(...seconds) * 1_000;
}
