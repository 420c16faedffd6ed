import type { ErrorCode } from '../../server/protocol/errors.ts';

/**
 * What can go wrong with a file on this device: it cannot be read (any more), there is no room for its ciphertext, its ciphertext is gone
 * after a reload, it is larger than may be sent, it is not what its sender sealed.
 */
export type FileProblem = 'unreadable' | 'no_room_here' | 'lost' | 'too_large_file' | 'broken';

export type UploadFailure = ErrorCode | FileProblem;

export class FileError extends Error {
  override readonly name = 'FileError';
  readonly problem: FileProblem;

  constructor(problem: FileProblem, options?: ErrorOptions) {
    super(problem, options);
    this.problem = problem;
  }
}
