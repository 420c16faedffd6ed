import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import { findOrigin } from '../../support/server.ts';
import { type Fleet, receiversPerRoom } from './fleets.ts';
import { payloadType } from './media-load.ts';

/** Where Debian's package puts them. */
const libraries = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/janus`;
const plugin = 'janus.plugin.videoroom';
const patienceMs = 10_000;
/** AES_CM_128_HMAC_SHA1_80, the strongest that it offers for this. */
const srtpSuite = 80;
const srtpKeyBytes = 30;

const answerSchema = z.object({
  data: z.object({ id: z.int() }).optional(),
  plugindata: z.object({ data: z.looseObject({ error: z.string().optional(), port: z.int().optional() }) }).optional(),
});

export async function hasJanus(): Promise<boolean> {
  return await promisify(execFile)('janus', ['--help']).then(
    () => true,
    () => false,
  );
}

/**
 * Janus' VideoRoom in the place of the sfu: a publisher a room, whose packets are forwarded to each receiver under a key of his own. It gets
 * them in the clear, and its receivers are plain sockets: no ICE, no handshake, nothing is kept for those who miss something. So this is
 * the least that forwarding costs it.
 */
export async function janusFleet(roomCount: number): Promise<Fleet> {
  const directory = await mkdtemp(join(tmpdir(), 'schalter-janus-'));
  const { port } = await findOrigin();
  await writeFile(
    join(directory, 'janus.jcfg'),
    `general: { configs_folder = "${directory}" plugins_folder = "${libraries}/plugins" transports_folder = "${libraries}/transports" debug_level = 2 }\n`,
  );
  await writeFile(join(directory, 'janus.transport.http.jcfg'), `general: { http = true port = ${port} interface = "lo" https = false }\n`);
  const child = spawn('janus', ['-F', directory, '-i', '127.0.0.1'], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  const sockets: Socket[] = [];
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.close();
    child.kill('SIGKILL');
    await exited;
    await rm(directory, { recursive: true });
  };
  try {
    const ask = await connect(`http://127.0.0.1:${port}/janus`);
    const receivers: { received: number }[] = [];
    const senders: Fleet['senders'][number][] = [];
    for (let room = 1; room <= roomCount; room += 1) {
      await ask({ request: 'create', room, publishers: 1, videocodec: 'vp8' });
      const streams = [{ type: 'video', mindex: 0, mid: '0', codec: 'vp8', pt: payloadType }];
      const { port: roomPort = 0 } = await ask({ request: 'add_remote_publisher', room, id: room, iface: '127.0.0.1', port: 0, streams });
      const sender = await bind();
      sockets.push(sender);
      senders.push({ sendRtp: (header, payload) => sender.send([header, payload], roomPort, '127.0.0.1') });
      for (let index = 0; index < receiversPerRoom; index += 1) {
        const [socket, receiver] = [await bind(), { received: 0 }];
        sockets.push(socket);
        receivers.push(receiver);
        socket.on('message', () => (receiver.received += 1));
        const to = { host: '127.0.0.1', host_family: 'ipv4', streams: [{ mid: '0', port: socket.address().port }] };
        const key = { srtp_suite: srtpSuite, srtp_crypto: randomBytes(srtpKeyBytes).toString('base64') };
        // It answers before a publisher is quite there.
        await first(async () => await ask({ request: 'rtp_forward', room, publisher_id: room, ...to, ...key }));
      }
    }
    return { senders, receivers, workerPid: child.pid ?? 0, controlPid: undefined, close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Ask = (body: object) => Promise<{ readonly port?: number | undefined }>;

/** Janus' HTTP interface: a session, and in it a handle of the plugin. */
async function connect(url: string): Promise<Ask> {
  const post = async (path: string, body: object): Promise<z.infer<typeof answerSchema>> => {
    const response = await fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify({ transaction: 'bench', ...body }) });
    return answerSchema.parse(await response.json());
  };
  const session = await first(async () => (await post('', { janus: 'create' })).data?.id);
  // It ends a session that says nothing for a minute, but not the rooms of it.
  const { data: handle } = await post(`/${session}`, { janus: 'attach', plugin });
  return async (body) => {
    const { plugindata } = await post(`/${session}/${handle?.id}`, { janus: 'message', body });
    if (!plugindata || plugindata.data.error !== undefined) throw new Error(`Janus: ${plugindata?.data.error ?? 'no answer'}`);
    return plugindata.data;
  };
}

/** As soon as it can. */
async function first<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (const until = performance.now() + patienceMs; ; await wait(50)) {
    try {
      return await ask();
    } catch (error) {
      if (performance.now() > until) throw error;
    }
  }
}

async function bind(): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1024 * 1024 });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}
