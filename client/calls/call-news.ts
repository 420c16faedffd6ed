import type { CallId } from '../../server/protocol/ids.ts';
import type { Subscribe } from '../net/subscribe.ts';
import type { CallPeer } from './media/call-peer.ts';

/** What the server tells those who are in a call, as what it means to this page's part in it. Returns the functions that stop it. */
export function listenToCall(callId: CallId, on: Subscribe, tell: (news: (peer: CallPeer) => void) => void): readonly (() => void)[] {
  const ofCall = (fact: { readonly callId: CallId }, news: (peer: CallPeer) => void): void => {
    if (fact.callId === callId) tell(news);
  };
  return [
    on('inbox:changed', () => tell((peer) => peer.security.verifyAgain())),
    on('call:members-changed', (fact) => ofCall(fact, (peer) => peer.setMembers(fact.members))),
    on('call:signalled', (fact) => ofCall(fact, (peer) => peer.security.receive(fact.from, fact.signal))),
    on('call:producer-added', (fact) => ofCall(fact, (peer) => peer.remote.meet([fact.producer]))),
    on('call:producer-paused', (fact) => ofCall(fact, (peer) => peer.remote.setPaused(fact.producerId, fact.paused))),
    on('call:producer-closed', (fact) => ofCall(fact, (peer) => peer.remote.drop(fact.producerId))),
    on('call:data-producer-added', (fact) => ofCall(fact, (peer) => peer.channel.meet([fact.dataProducer]))),
    on('call:data-producer-closed', (fact) => ofCall(fact, (peer) => peer.channel.drop(fact.dataProducerId))),
    on('call:quality-changed', (fact) =>
      ofCall(fact, (peer) => fact.peerId === peer.peerId && peer.remote.setQuality(fact.producerId, fact.quality)),
    ),
  ];
}
