import { z } from 'zod';
import {
  CallConnection,
  type CallConnectionState,
  type CallPerson,
  type CallSecurityState,
  type OwnPart,
} from '../../client/calls/call-connection.ts';
import { openDevice } from '../../client/calls/media/media-devices.ts';
import type { CallId } from '../../server/protocol/ids.ts';
import type { MediaSource } from '../../server/protocol/calls.ts';
import { BridgeLine } from './bridge-line.ts';
import { identityOf } from './test-identity.ts';

/** What has arrived at this page and was decoded, since it joined last. */
export interface Received {
  readonly framesDecoded: number;
  readonly audioPackets: number;
  /** Of the sound, after decoding. */
  readonly audioEnergy: number;
}

/** What a test does with the page. */
export interface CallPage {
  join(sources: readonly MediaSource[]): Promise<void>;
  state(): CallConnectionState;
  people(): readonly CallPerson[];
  own(): OwnPart | null;
  security(): CallSecurityState | null;
  /** "name: text" of each line. */
  lines(): readonly string[];
  remoteSources(): readonly string[];
  pausedSources(): readonly string[];
  call(): CallConnection;
  received(): Promise<Received>;
  /** Resolves when so much more has been decoded than now, and the sound was not silence. Playwright's waitForFunction does not await. */
  untilReceived(more: { frames: number; audioPackets: number }): Promise<void>;
  /** Of the sound of one person, after decoding. */
  energyOf(accountId: string): Promise<number>;
  /** How much of the next two seconds of sound was made up, because nothing came that could be opened; 1: all. */
  concealed(): Promise<number>;
  /** When the first frame was decoded after joining, in milliseconds since then. */
  firstFrameMs(): number | null;
  leave(): void;
  /** Cuts the line to the server; it comes back by itself. */
  cutLine(): void;
}

declare global {
  interface Window {
    callPage: CallPage;
    peerConnections: RTCPeerConnection[];
  }
}

const connections: RTCPeerConnection[] = [];
window.peerConnections = connections;
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(configuration?: RTCConfiguration) {
    super(configuration);
    connections.push(this);
  }
};

const name = location.pathname.slice(1);
const line = new BridgeLine();
const players = new Map<string, HTMLMediaElement>();
let connection: CallConnection | null = null;
let joinedAt = 0;
let firstFrameAt: number | null = null;

/** A picture that nobody looks at might not be decoded. */
function play(people: readonly CallPerson[]): void {
  for (const { producerId, kind, track } of people.flatMap((person) => person.tracks)) {
    if (players.has(producerId)) continue;
    const player = document.createElement(kind);
    player.autoplay = true;
    player.srcObject = new MediaStream([track]);
    if (player instanceof HTMLVideoElement) player.requestVideoFrameCallback(() => (firstFrameAt ??= performance.now()));
    document.body.append(player);
    players.set(producerId, player);
  }
}

async function join(sources: readonly MediaSource[]): Promise<void> {
  const identities = await identityOf(name);
  const callId = z.custom<CallId>().parse(document.documentElement.dataset['call']);
  joinedAt = performance.now();
  firstFrameAt = null;
  connection = new CallConnection({ callId, request: line.request, on: line.on, connection: line.status, identities });
  connection.people.subscribe(play);
  for (const source of sources) {
    if (source === 'screen') {
      connection.publish(source, screenTrack());
      continue;
    }
    const device = await openDevice(source === 'microphone' ? 'audio' : 'video');
    if (!device.ok) throw new Error(device.failure);
    connection.publish(source, device.track);
  }
}

/** Headless browsers share no screen. */
function screenTrack(): MediaStreamTrack {
  const canvas = document.createElement('canvas');
  canvas.width = 1_280;
  canvas.height = 720;
  const context = canvas.getContext('2d');
  setInterval(() => context?.fillText(String(performance.now()), 20, 20 + (performance.now() % 700)), 50);
  const [track] = canvas.captureStream(15).getTracks();
  if (!track) throw new Error('a canvas without a track');
  return track;
}

async function received(): Promise<Received> {
  const sum = { framesDecoded: 0, audioPackets: 0, audioEnergy: 0 };
  for (const each of connections.filter(({ connectionState }) => connectionState !== 'closed')) {
    for (const report of (await each.getStats()).values()) {
      if (report.type !== 'inbound-rtp') continue;
      if (report.kind === 'video') sum.framesDecoded += report.framesDecoded;
      else {
        sum.audioPackets += report.packetsReceived;
        sum.audioEnergy += report.totalAudioEnergy;
      }
    }
  }
  return sum;
}

async function energyOf(accountId: string): Promise<number> {
  const sounds = tracks().filter((track) => track.accountId === accountId && track.kind === 'audio');
  const energies = connections.map(async (each) =>
    [...(await each.getStats()).values()]
      .filter(({ type, trackIdentifier }) => type === 'inbound-rtp' && sounds.some(({ track }) => track.id === trackIdentifier))
      .map(({ totalAudioEnergy }) => Number(totalAudioEnergy)),
  );
  return (await Promise.all(energies)).flat().reduce((sum, energy) => sum + energy, 0);
}

async function soundSoFar(): Promise<{ readonly packets: number; readonly samples: number; readonly concealed: number }> {
  for (const each of connections)
    for (const stats of (await each.getStats()).values())
      if (stats.type === 'inbound-rtp' && stats.kind === 'audio')
        return { packets: stats.packetsReceived, samples: stats.totalSamplesReceived, concealed: stats.concealedSamples };
  return { packets: 0, samples: 0, concealed: 0 };
}

async function concealed(): Promise<number> {
  const before = await soundSoFar();
  for (;;) {
    const now = await soundSoFar();
    // Packets did arrive.
    if (now.samples - before.samples > 96_000 && now.packets - before.packets > 20)
      return (now.concealed - before.concealed) / (now.samples - before.samples);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function untilReceived({ frames, audioPackets }: { frames: number; audioPackets: number }): Promise<void> {
  let before = await received();
  for (;;) {
    const now = await received();
    // After joining again there are other connections, and they count from nothing.
    if (now.framesDecoded < before.framesDecoded || now.audioPackets < before.audioPackets)
      before = { framesDecoded: 0, audioPackets: 0, audioEnergy: 0 };
    const heard = audioPackets === 0 || (now.audioPackets >= before.audioPackets + audioPackets && now.audioEnergy > before.audioEnergy);
    if (heard && now.framesDecoded >= before.framesDecoded + frames) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function tracks() {
  return (connection?.people.value ?? []).flatMap((person) => person.tracks);
}

function theCall(): CallConnection {
  if (!connection) throw new Error('not joined');
  return connection;
}

window.callPage = {
  join,
  state: () => connection?.state.value ?? 'closed',
  people: () => connection?.people.value ?? [],
  own: () => connection?.own.value ?? null,
  security: () => connection?.security.value ?? null,
  lines: () =>
    theCall().text.lines.value.map(({ accountId, text }) => {
      const person = theCall().call.value?.participants.find((participant) => participant.accountId === accountId);
      return `${person?.displayName}: ${text}`;
    }),
  remoteSources: () =>
    tracks()
      .map(({ source }) => source)
      .sort(),
  pausedSources: () =>
    tracks()
      .filter(({ paused }) => paused)
      .map(({ source }) => source),
  call: theCall,
  received,
  untilReceived,
  energyOf,
  concealed,
  firstFrameMs: () => (firstFrameAt === null ? null : firstFrameAt - joinedAt),
  leave: () => connection?.close(),
  cutLine: () => line.cut(),
};
