/** Where a file's ciphertext lies on this device until the server has all of it. */
export interface Staging {
  /** Whether it is still there after a reload. */
  readonly isLasting: boolean;
  /** Empties what had the name before. Throws a QuotaExceededError when the device is full. */
  write(name: string): Promise<StagedWriter>;
  /** Null when there is nothing of the name, or less. */
  read(name: string, offset: number, length: number): Promise<Uint8Array | null>;
  remove(name: string): Promise<void>;
  /** Takes away what is neither among these nor younger than a day. */
  tidy(names: ReadonlySet<string>): Promise<void>;
}

export interface StagedWriter {
  append(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** In workers only, so the library for pages does not know it. */
interface SyncAccessHandle {
  truncate(size: number): void;
  write(bytes: Uint8Array<ArrayBuffer>, options: { at: number }): number;
  flush(): void;
  close(): void;
}

declare global {
  interface FileSystemFileHandle {
    createSyncAccessHandle(): Promise<SyncAccessHandle>;
  }
}

const folderName = 'uploads';
const dayMs = 24 * 60 * 60_000;

/** In the origin's private files where there are any and a worker may write them, else in memory that the browser keeps on disk. */
export async function openStaging(): Promise<Staging> {
  try {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle(folderName, { create: true });
    return 'createSyncAccessHandle' in FileSystemFileHandle.prototype ? fileStaging(folder) : blobStaging();
  } catch {
    // Private windows of some browsers have none.
    return blobStaging();
  }
}

function fileStaging(folder: FileSystemDirectoryHandle): Staging {
  const find = async (name: string): Promise<File | null> => {
    try {
      return await (await folder.getFileHandle(name)).getFile();
    } catch (error) {
      if (error instanceof DOMException && error.name === 'NotFoundError') return null;
      throw error;
    }
  };
  const remove = async (name: string): Promise<void> => {
    // Not there, or just being written: then it is tidied up another day.
    await folder.removeEntry(name).catch(() => undefined);
  };
  return {
    isLasting: true,
    write: async (name) => {
      const handle = await (await folder.getFileHandle(name, { create: true })).createSyncAccessHandle();
      handle.truncate(0);
      let length = 0;
      return {
        append: async (bytes) => {
          const written = handle.write(new Uint8Array(bytes), { at: length });
          if (written < bytes.length) throw new DOMException('the device is full', 'QuotaExceededError');
          length += written;
        },
        close: async () => {
          handle.flush();
          handle.close();
        },
      };
    },
    read: async (name, offset, length) => await slice(await find(name), offset, length),
    remove,
    tidy: async (names) => {
      for await (const name of folder.keys()) {
        const found = names.has(name) ? null : await find(name);
        if (found !== null && Date.now() - found.lastModified > dayMs) await remove(name);
      }
    },
  };
}

/** Blobs, which browsers keep outside the page's memory; a program has them in its own. */
export function blobStaging(): Staging {
  const staged = new Map<string, Blob>();
  return {
    isLasting: false,
    write: async (name) => {
      const collected = new BlobCollector();
      return {
        append: async (bytes) => collected.add(bytes),
        close: async () => void staged.set(name, collected.blob()),
      };
    },
    read: async (name, offset, length) => await slice(staged.get(name) ?? null, offset, length),
    remove: async (name) => void staged.delete(name),
    tidy: async () => {},
  };
}

const pieceBytes = 1024 * 1024;

/** Many small pieces of bytes as one Blob, of which no more than a megabyte is in the page's own memory. */
export class BlobCollector {
  readonly #pieces: Blob[] = [];
  #pending: Uint8Array<ArrayBuffer>[] = [];
  #pendingBytes = 0;

  add(bytes: Uint8Array): void {
    this.#pending.push(new Uint8Array(bytes));
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes >= pieceBytes) this.#flush();
  }

  blob(): Blob {
    this.#flush();
    return new Blob(this.#pieces, { type: 'application/octet-stream' });
  }

  #flush(): void {
    this.#pieces.push(new Blob(this.#pending));
    this.#pending = [];
    this.#pendingBytes = 0;
  }
}

async function slice(blob: Blob | null, offset: number, length: number): Promise<Uint8Array | null> {
  if (blob === null || blob.size < offset + length) return null;
  return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
}
