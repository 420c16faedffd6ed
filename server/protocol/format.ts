import { type CborValue, decode, encode, isCborValue } from './codec.ts';
import { CryptoError, ensure } from './sodium.ts';

/** How values of one kind are written as CBOR items, and read back. `read` throws `malformed` for anything else. */
export interface Format<Value> {
  write(value: Value): CborValue;
  read(item: unknown): Value;
}

/** The values of a format. */
export type ValueOf<Of> = Of extends Format<infer Value> ? Value : never;

/** Suite 1 = {Ed25519, X-Wing, XChaCha20-Poly1305, BLAKE2b}. */
export const [version, suite] = [1, 1];

export function toBytes<Value>(format: Format<Value>, value: Value): Uint8Array {
  return encode(format.write(value));
}

export function fromBytes<Value>(format: Format<Value>, encoded: Uint8Array, maxBytes: number): Value {
  return format.read(decode(encoded, maxBytes));
}

/** An item that stands for itself. */
function plain<Value extends CborValue>(what: string, isOne: (item: unknown) => item is Value): Format<Value> {
  return {
    write: (value) => value,
    read: (item) => {
      ensure(isOne(item), 'malformed', `expected ${what}`);
      return item;
    },
  };
}

export function uint(max: number = Number.MAX_SAFE_INTEGER): Format<number> {
  return plain('an unsigned integer', (item): item is number => typeof item === 'number' && item >= 0 && item <= max);
}

export function bytes(length: number): Format<Uint8Array> {
  return plain(`${length} bytes`, (item): item is Uint8Array => item instanceof Uint8Array && item.length === length);
}

export function bytesUpTo(maxLength: number): Format<Uint8Array> {
  return plain(`at most ${maxLength} bytes`, (item): item is Uint8Array => item instanceof Uint8Array && item.length <= maxLength);
}

export function text(maxLength: number): Format<string> {
  return plain('a text', (item): item is string => typeof item === 'string' && item.length <= maxLength);
}

export const u32 = uint(0xffff_ffff);
export const hash32 = bytes(32);
export const anything = plain('an item', isCborValue);

export function nullable<Value>(format: Format<Value>): Format<Value | null> {
  return {
    write: (value) => (value === null ? null : format.write(value)),
    read: (item) => (item === null ? null : format.read(item)),
  };
}

export function list<Value>(format: Format<Value>, maxLength: number): Format<readonly Value[]> {
  return {
    write: (values) => values.map((value) => format.write(value)),
    read: (items) => {
      ensure(Array.isArray(items) && items.length <= maxLength, 'malformed', `expected an array of at most ${maxLength}`);
      return items.map((item: unknown) => format.read(item));
    },
  };
}

/** A name that is written as a number. Unknown numbers are `unsupported`: the object is from a newer program. */
export function named<Name extends string>(numbers: Readonly<Record<Name, number>>): Format<Name> {
  return {
    write: (name) => numbers[name],
    read: (item) => {
      for (const name in numbers) if (numbers[name] === item) return name;
      throw new CryptoError('unsupported', 'unknown type number');
    },
  };
}

/** An array of exactly these fields, in the order they are written here. */
export function tuple<Values extends object>(fields: { readonly [Key in keyof Values]: Format<Values[Key]> }): Format<Readonly<Values>> {
  const formats = Object.entries<Format<unknown>>(fields);
  return {
    write: (value) => {
      const values = new Map<string, unknown>(Object.entries(value));
      return formats.map(([name, format]) => format.write(values.get(name)));
    },
    read: (items) => {
      ensure(Array.isArray(items) && items.length === formats.length, 'malformed', `expected an array of ${formats.length}`);
      const read = formats.map(([name, format], index) => [name, format.read(items[index])] as const);
      // The compiler cannot follow names into values: here, in `alone` and in `variants` they are put together again.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      return Object.fromEntries(read) as Values;
    },
  };
}

/** An array of version, suite and these fields, so that an object of a newer program is told from a broken one. */
export function versioned<Values extends object>(fields: { readonly [Key in keyof Values]: Format<Values[Key]> }): Format<
  Readonly<Values>
> {
  const inner = tuple(fields);
  return {
    write: (value) => {
      const items = inner.write(value);
      return [version, suite, ...(Array.isArray(items) ? items : [])];
    },
    read: (items) => {
      ensure(Array.isArray(items) && items.length >= 2, 'malformed', 'expected a versioned object');
      ensure(items[0] === version && items[1] === suite, 'unsupported', 'unknown version or suite');
      return inner.read(items.slice(2));
    },
  };
}

/** A value that has a name in the program, but stands alone where it is written. */
export function alone<Name extends string, Value>(name: Name, format: Format<Value>): Format<{ readonly [Key in Name]: Value }> {
  return {
    write: (value) => format.write(value[name]),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    read: (item) => ({ [name]: format.read(item) }) as { readonly [Key in Name]: Value },
  };
}

/** Where there is nothing to say: null. */
export const nothing: Format<object> = {
  write: () => null,
  read: (item) => {
    ensure(item === null, 'malformed', 'expected nothing');
    return {};
  },
};

/** One of several kinds of object; which one is written elsewhere, as a number. */
export type Variant<Formats> = { readonly [Type in keyof Formats]: { readonly type: Type } & ValueOf<Formats[Type]> }[keyof Formats];

export function variants<Formats extends { readonly [Type in keyof Formats]: Format<object> }>(formats: Formats) {
  return {
    write: (value: Variant<Formats>): CborValue => formats[value.type].write(value),
    read: (type: keyof Formats, item: unknown): Variant<Formats> => {
      const read: object = { type, ...formats[type].read(item) };
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      return read as Variant<Formats>;
    },
  };
}
