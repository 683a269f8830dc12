/** A client transport over two streams, as a desktop host has it with the program that it started. */
import { PassThrough } from 'node:stream';

export interface PipeTransport {
  readonly input: PassThrough;
  readonly output: PassThrough;
  readonly lines: string[];
  start(): Promise<void>;
  send(message: unknown): Promise<void>;
  close(): Promise<void>;
  onmessage?: (message: never) => void;
  onclose?: () => void;
  onerror?: (error: Error) => void;
}

export function pipeTransport(): PipeTransport {
  const input = new PassThrough();
  const output = new PassThrough();
  let rest = '';
  const transport: PipeTransport = {
    input,
    output,
    lines: [],
    async start() {
      output.on('data', (chunk: Buffer) => {
        rest += chunk.toString();
        const lines = rest.split('\n');
        rest = lines.pop()!;
        for (const line of lines) {
          transport.lines.push(line);
          transport.onmessage?.(JSON.parse(line) as never);
        }
      });
    },
    async send(message) {
      input.write(`${JSON.stringify(message)}\n`);
    },
    async close() {
      input.end();
      transport.onclose?.();
    },
  };
  return transport;
}
