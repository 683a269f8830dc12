/** Cuts a byte stream into lines; what is longer than the limit is given up. */

const lf = 0x0a;
const cr = 0x0d;

export class LineCutter {
  readonly #limitBytes: number;
  readonly #line: (line: Buffer) => void;
  readonly #tooLong: () => void;
  #chunks: Buffer[] = [];
  #size = 0;

  constructor(limitBytes: number, line: (line: Buffer) => void, tooLong: () => void) {
    this.#limitBytes = limitBytes;
    this.#line = line;
    this.#tooLong = tooLong;
  }

  push(chunk: Buffer): void {
    let from = 0;
    for (let end = chunk.indexOf(lf); end >= 0; end = chunk.indexOf(lf, from)) {
      this.#emit(chunk.subarray(from, end));
      from = end + 1;
    }
    if (from === chunk.length) return;
    const rest = chunk.subarray(from);
    this.#chunks.push(rest);
    this.#size += rest.length;
    if (this.#size <= this.#limitBytes) return;
    this.#chunks = [];
    this.#size = 0;
    this.#tooLong();
  }

  #emit(last: Buffer): void {
    let line = last;
    if (this.#chunks.length > 0) {
      this.#chunks.push(last);
      line = Buffer.concat(this.#chunks);
      this.#chunks = [];
      this.#size = 0;
    }
    if (line[line.length - 1] === cr) line = line.subarray(0, -1);
    if (line.length > 0) this.#line(line);
  }
}
