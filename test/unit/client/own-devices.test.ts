import { expect, test } from 'vitest';
import { browserName } from '../../../client/account/browser-name.ts';
import { type AccountDevice, otherWaysIn } from '../../../client/account/device-list.ts';
import { idOf } from '../../../server/protocol/ids.ts';

test.each([
  ['Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox, Windows'],
  ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36', 'Chrome, Windows'],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0',
    'Edge, Windows',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
    'Safari, iPhone',
  ],
  ['Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36', 'Chrome, Android'],
  ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15', 'Safari, Mac'],
  ['something else', ''],
])('%s is called %s', (userAgent, name) => {
  expect(browserName(userAgent)).toBe(name);
});

function device(number: number, isOwn = false): AccountDevice {
  const id = new Uint8Array(16).fill(number);
  return { deviceId: idOf(id), id, kind: 'browser', label: '', addedAt: number, isOwn };
}

test('this browser is no way in should it be lost, nor is what is about to be removed', () => {
  const [own, phone, code] = [device(1, true), device(2), device(3)];
  expect(otherWaysIn([own, phone, code], [phone.deviceId])).toEqual([code]);
  expect(otherWaysIn([own, phone], [phone.deviceId])).toEqual([]);
});
