import { errorText } from '../i18n/error-text.ts';
import { t } from '../i18n/translate.ts';
import { RequestError } from '../net/request-error.ts';
import { FileError, type FileProblem, type UploadFailure } from './file-error.ts';

const problems = {
  unreadable: 'conversations.fileUnreadable',
  no_room_here: 'conversations.fileNoRoomHere',
  lost: 'conversations.fileLost',
  too_large_file: 'conversations.fileTooLargeFile',
  broken: 'conversations.fileBroken',
} as const satisfies Record<FileProblem, string>;

/** Why a file could not be sent, and what the person can do. */
export function uploadFailureText(failure: UploadFailure): string {
  if (isProblem(failure)) return t(problems[failure]);
  // The same word is said of counters: here it is the conversation.
  return failure === 'closed' ? t('conversations.fileClosed') : errorText(failure);
}

/** Why a file could not be fetched or opened. */
export function downloadFailureText(error: unknown): string {
  if (error instanceof FileError) return t(problems[error.problem]);
  if (error instanceof RequestError) return error.code === 'not_found' ? t('conversations.fileGone') : errorText(error.code);
  return errorText('internal');
}

function isProblem(failure: UploadFailure): failure is FileProblem {
  return failure in problems;
}
