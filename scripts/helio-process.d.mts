export declare const cli: string;

export interface HelioProcess {
  /** `http://127.0.0.1:PORT/mcp`, and the other listeners where they are loaded. */
  readonly mcp: string;
  readonly dashboard: string | undefined;
  readonly sideband: string | undefined;
  /** The whole line that `helio start` printed. */
  readonly banner: { readonly [name: string]: unknown };
  /** Where helio.yaml and .helio/ are. */
  readonly folder: string;
  readonly pid: number;
  readonly exited: Promise<{ code: number | null; signal: string | null }>;
  /** Everything it wrote so far, stdout and stderr together. */
  logs(): string;
  /** SIGTERM, after ten seconds SIGKILL; removes the folder unless it was given. */
  stop(): Promise<{ code: number | null; signal: string | null }>;
  /** kill -9; the folder stays. */
  kill(): Promise<{ code: number | null; signal: string | null }>;
  signal(name: NodeJS.Signals): boolean;
}
export interface HelioProcessOptions {
  /** Added to a bare environment: PATH and HOME only. */
  readonly env?: { readonly [name: string]: string };
  /** Use this folder and keep it: a second start sees what the first left. */
  readonly folder?: string;
  /** Runs before node: `['taskset', '-c', '0']`. */
  readonly prefix?: readonly string[];
  /** More arguments of `helio start`. */
  readonly args?: readonly string[];
}
/** Starts the built Helio; rejects with its output when it does not come to listen within 30 s. */
export declare function startHelioProcess(yaml: string, options?: HelioProcessOptions): Promise<HelioProcess>;
