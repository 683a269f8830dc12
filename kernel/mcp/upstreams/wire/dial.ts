/** Opens the socket to an HTTP server: TCP, or TLS on it. */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

const readBytes = 64 * 1024;
/**
 * One buffer for all sockets of the process: a read is handed on before the next begins. Not on Windows, where a read owns
 * its buffer from the moment that it waits.
 */
const shared = process.platform === 'win32' ? undefined : Buffer.allocUnsafeSlow(readBytes);

export interface Dial {
  /** Opens a socket. `read` is given bytes that the next read overwrites; `open` runs once it can be written to. */
  (read: (bytes: Buffer) => void, open: () => void): Socket;
}

export function createDial(url: URL): Dial {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isTls = url.protocol === 'https:';
  const to = { host, port: Number(url.port || (isTls ? 443 : 80)), noDelay: true, keepAlive: true };
  const settings = { ...to, keepAliveInitialDelay: 60_000 };
  let session: Buffer | undefined;

  function tls(read: (bytes: Buffer) => void, open: () => void): Socket {
    const socket = connectTls({
      ...settings,
      ALPNProtocols: ['http/1.1'],
      ...(isIP(host) === 0 && { servername: host }), // an address is no server name (RFC 6066, section 3)
      ...(session && { session }),
    });
    socket.on('session', (next: Buffer) => (session = next));
    // An address that breaks off instead of forgetting a session would break off for ever.
    const forget = () => void (session = undefined);
    socket.on('error', forget);
    socket.on('secureConnect', () => {
      socket.off('error', forget);
      open();
    });
    // TLS sockets of Node ignore both options.
    socket.setNoDelay(true);
    socket.setKeepAlive(true, settings.keepAliveInitialDelay);
    socket.on('data', read);
    return socket;
  }

  function tcp(read: (bytes: Buffer) => void, open: () => void): Socket {
    const buffer = shared ?? Buffer.allocUnsafeSlow(readBytes);
    const callback = (size: number): boolean => {
      read(buffer.subarray(0, size));
      return true;
    };
    return connectTcp({ ...settings, onread: { buffer, callback } }, open);
  }

  return isTls ? tls : tcp;
}
