/** Reads something for an element: the latest question wins, what was read stays on screen while it is read again. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';

export class Resource<T> implements ReactiveController {
  value: T | undefined;
  error: Error | undefined;
  loading = false;
  private readonly host: ReactiveControllerHost;
  private readonly read: (signal: AbortSignal) => Promise<T>;
  private stop: AbortController | undefined;

  constructor(host: ReactiveControllerHost, read: (signal: AbortSignal) => Promise<T>) {
    this.host = host;
    this.read = read;
    host.addController(this);
  }
  hostConnected(): void {
    void this.load();
  }
  hostDisconnected(): void {
    this.stop?.abort();
  }
  /** Reads again; with `clear` what was read before leaves the screen first. */
  async load(options: { readonly clear?: boolean } = {}): Promise<void> {
    this.stop?.abort();
    const mine = new AbortController();
    this.stop = mine;
    if (options.clear === true) this.value = undefined;
    this.loading = true;
    this.error = undefined;
    this.host.requestUpdate();
    try {
      const value = await this.read(mine.signal);
      if (this.stop === mine) this.value = value;
    } catch (error) {
      if (this.stop === mine && !mine.signal.aborted) this.error = error as Error;
    }
    if (this.stop !== mine) return;
    this.loading = false;
    this.host.requestUpdate();
  }
}
