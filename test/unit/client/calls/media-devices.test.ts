import { expect, test } from 'vitest';
import { failureOf } from '../../../../client/calls/media/media-devices.ts';

test.each([
  ['Permission denied', 'NotAllowedError', 'denied'],
  ['Permission dismissed', 'NotAllowedError', 'denied'],
  ['The request is not allowed by the user agent or the platform in the current context.', 'NotAllowedError', 'denied'],
  ['Permission denied by system', 'NotAllowedError', 'blocked-by-system'],
  ['Requested device not found', 'NotFoundError', 'none'],
  ['', 'OverconstrainedError', 'none'],
  ['Could not start video source', 'NotReadableError', 'busy'],
  ['Starting videoinput failed', 'AbortError', 'busy'],
  ['', 'InvalidStateError', 'failed'],
])('"%s" (%s) means %s', (message, name, failure) => {
  expect(failureOf(new DOMException(message, name))).toBe(failure);
});
