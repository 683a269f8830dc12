/** The Ed25519 key that signs the trail: made once, 0600, beside the database. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hkdfSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

export interface SigningKey {
  /** First 16 hex digits of the sha256 of the public key. */
  readonly id: string;
  sign(statement: string): Buffer;
  /** A secret for `mode: hash` of the redaction, so that a hash cannot be guessed by trying card numbers. */
  readonly redactionKey: Buffer;
}
export interface PublicKeys {
  /** Whether the statement was signed by the key with this id. Undefined: no such key is known. */
  verify(keyId: string, statement: string, signature: Uint8Array): boolean | undefined;
  readonly ids: readonly string[];
}

const privateFile = 'audit.key';
const publicFile = 'audit.pub';

/**
 * Reads `audit.key` in the state folder, or makes it (0600) with `audit.pub` beside it. Of several processes that start at
 * once one makes it and all use the same. A key that was lost is replaced; `audit.pub` keeps the older public keys.
 */
export function readOrCreateKey(stateDir: string): SigningKey {
  const path = join(stateDir, privateFile);
  if (!existsSync(path)) create(stateDir, path);
  const key = createPrivateKey(readFileSync(path));
  const publicKey = createPublicKey(key);
  const known = readPublicKeys(stateDir);
  if (!known.ids.includes(keyId(publicKey))) publish(stateDir, publicKey);
  return {
    id: keyId(publicKey),
    sign: (statement) => sign(null, Buffer.from(statement), key),
    redactionKey: Buffer.from(
      hkdfSync('sha256', key.export({ format: 'der', type: 'pkcs8' }), '', 'helio redaction', 32),
    ),
  };
}

/** Every public key in `audit.pub`, or in the file given. No file: no keys. */
export function readPublicKeys(stateDir: string, file = join(stateDir, publicFile)): PublicKeys {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const blocks = text.match(/-----BEGIN PUBLIC KEY-----[^-]*-----END PUBLIC KEY-----/g) ?? [];
  const keys = new Map(blocks.map((block) => createPublicKey(block)).map((key) => [keyId(key), key]));
  return {
    ids: [...keys.keys()],
    verify(id, statement, signature) {
      const key = keys.get(id);
      return key && verify(null, Buffer.from(statement), key, signature);
    },
  };
}

function create(stateDir: string, path: string): void {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const { privateKey } = generateKeyPairSync('ed25519');
  const temporary = `${path}.${process.pid}.${Date.now()}`;
  writePrivately(temporary, privateKey.export({ format: 'pem', type: 'pkcs8' }) as string);
  try {
    linkSync(temporary, path); // fails when another process was first: never replaces a key
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(temporary);
  }
}

function writePrivately(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function publish(stateDir: string, key: KeyObject): void {
  appendFileSync(join(stateDir, publicFile), key.export({ format: 'pem', type: 'spki' }) as string, { mode: 0o644 });
}

function keyId(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ format: 'der', type: 'spki' }))
    .digest('hex')
    .slice(0, 16);
}
