import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { connectSfu } from '../../server/calls/sfu-client.ts';
import { createLog } from '../../server/platform/log.ts';
import { startMediaCall } from '../support/media-call.ts';
import { startTestSfu } from '../support/sfu.ts';
import { bindingRequest, type IceCredentials, isSuccess } from '../support/stun.ts';

test('who asks for an ICE restart again hears the same until it is used; what media flows by is taken all the while', async () => {
  const sfu = await startTestSfu();
  const client = connectSfu({ ...sfu, log: createLog('silent') });
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  try {
    const call = await startMediaCall(client, 'room');
    const address = { roomId: 'room', peerId: 'citizen-page', ownerId: 'citizen' };
    const { send } = await client.request('peer:join', address);
    const restart = async (): Promise<IceCredentials> =>
      (await client.request('transport:restart-ice', { ...address, transportId: send.transportId })).iceParameters;
    const isTaken = async (ice: IceCredentials): Promise<boolean> => {
      const answered = once(socket, 'message');
      socket.send(bindingRequest(ice, { nominates: false }), call.port, '127.0.0.1');
      const [answer] = await answered;
      return isSuccess(answer);
    };

    const [first, atOnce] = await Promise.all([restart(), restart()]);
    expect(atOnce).toEqual(first);
    expect(first.usernameFragment).not.toBe(call.ice.usernameFragment);
    expect(await restart()).toEqual(first);
    expect(await isTaken(call.ice)).toBe(true);
    await call.exchange(20);

    expect(await isTaken(first)).toBe(true);
    const second = await restart();
    expect(second.usernameFragment).not.toBe(first.usernameFragment);
    expect(await restart()).toEqual(second);
    expect(await isTaken(first)).toBe(true);
    await call.exchange(20);
    await call.close();
  } finally {
    socket.close();
    client.close();
    await sfu.close();
  }
});
