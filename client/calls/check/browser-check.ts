/** `no-calls`: no WebRTC at all. `no-seal`: what it sends could not be encrypted from end to end, so it sends nothing. */
export type BrowserFinding = 'ok' | 'no-calls' | 'no-seal';

/** What the page's browser can do. `scope` is its global object. */
export function checkBrowser(scope: object = globalThis): BrowserFinding {
  if (!('RTCPeerConnection' in scope)) return 'no-calls';
  return 'RTCRtpScriptTransform' in scope ? 'ok' : 'no-seal';
}
