/** Ties an element to something that changes: subscribes while it is on the page, stops when it leaves. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';

export class Watch implements ReactiveController {
  private readonly start: () => readonly (() => unknown)[];
  private stops: readonly (() => unknown)[] = [];
  /** `start` subscribes and returns how to stop each. */
  constructor(host: ReactiveControllerHost, start: () => readonly (() => unknown)[]) {
    this.start = start;
    host.addController(this);
  }
  hostConnected(): void {
    this.stops = this.start();
  }
  hostDisconnected(): void {
    this.stops.forEach((stop) => stop());
  }
}

/** A timer that lives with the element and rests while the tab is hidden. */
export class Every implements ReactiveController {
  private readonly run: () => void;
  private readonly everyMs: number;
  private timer: ReturnType<typeof setInterval> | undefined;
  constructor(host: ReactiveControllerHost, everyMs: number, run: () => void) {
    this.run = run;
    this.everyMs = everyMs;
    host.addController(this);
  }
  hostConnected(): void {
    this.timer = setInterval(() => {
      if (!document.hidden) this.run();
    }, this.everyMs);
  }
  hostDisconnected(): void {
    clearInterval(this.timer);
  }
}
