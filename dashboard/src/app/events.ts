/**
 * One event stream for all tabs of a browser: browsers allow six connections per host over HTTP/1.1, and the seventh tab
 * would hang. The tab that holds the lock reads the stream and hands every event to the others.
 */
import { parseExact } from './exact-json.ts';
import type { StreamEvents } from '../api-types.ts';

export type StreamType = keyof StreamEvents;
const types: readonly StreamType[] = ['call', 'approval', 'budget', 'config', 'plugin', 'resync'];

/** `live`: events arrive. `connecting`: not yet. `stale`: nothing arrives since `sinceMs`. */
export interface StreamState {
  readonly state: 'connecting' | 'live' | 'stale';
  readonly sinceMs: number;
}

export interface EventStream {
  start(): void;
  stop(): void;
  state(): StreamState;
  on<T extends StreamType>(type: T, listener: (event: StreamEvents[T]) => void): () => void;
  onState(listener: (state: StreamState) => void): () => void;
}

type Message =
  | { readonly kind: 'event'; readonly type: StreamType; readonly text: string; readonly id: string }
  | { readonly kind: 'state'; readonly state: StreamState }
  | { readonly kind: 'hello' };

const shortestRetryMs = 1_000;
const longestRetryMs = 30_000;
/** The server sends something every 15 s; twice that without a word means that the connection is dead. */
const silenceMs = 35_000;
const staleAfterMs = 5_000;

export function createEventStream(path = '/api/events'): EventStream {
  const listeners = new Map<StreamType, Set<(event: never) => void>>();
  const stateListeners = new Set<(state: StreamState) => void>();
  let state: StreamState = { state: 'connecting', sinceMs: Date.now() };
  let lastId = '';
  let channel: BroadcastChannel | undefined;
  let leads = false;
  let running = false;
  let source: EventSource | undefined;
  let resign: (() => void) | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;
  let waitMs = shortestRetryMs;

  function setState(next: StreamState['state']): void {
    if (next === state.state) return;
    state = { state: next, sinceMs: Date.now() };
    if (leads) send({ kind: 'state', state });
    stateListeners.forEach((listener) => listener(state));
  }
  function send(message: Message): void {
    channel?.postMessage(message);
  }
  function deliver(type: StreamType, text: string, id: string): void {
    if (id !== '') lastId = id;
    let event: unknown;
    try {
      event = parseExact(text);
    } catch {
      return; // an event of a newer server that this page cannot read
    }
    listeners.get(type)?.forEach((listener) => listener(event as never));
  }

  function open(): void {
    clearTimeout(retry);
    source?.close();
    if (!running) return;
    source = new EventSource(lastId === '' ? path : `${path}?last=${encodeURIComponent(lastId)}`);
    source.onopen = () => {
      waitMs = shortestRetryMs;
      setState('live');
      heard();
    };
    source.onerror = () => {
      // A reload of helio.yaml ends the stream for a moment; only what lasts is worth a warning.
      if (state.state === 'live') {
        setState('connecting');
        clearTimeout(silence);
        silence = setTimeout(() => setState('stale'), staleAfterMs);
      }
      // The browser retries a broken connection by itself, but not one that was refused.
      if (source?.readyState === EventSource.CLOSED) later();
    };
    source.addEventListener('heartbeat', heard);
    for (const type of types) {
      source.addEventListener(type, (event: MessageEvent<string>) => {
        heard();
        send({ kind: 'event', type, text: event.data, id: event.lastEventId });
        deliver(type, event.data, event.lastEventId);
      });
    }
  }
  function heard(): void {
    setState('live');
    clearTimeout(silence);
    silence = setTimeout(() => {
      setState('stale');
      open();
    }, silenceMs);
  }
  function later(): void {
    clearTimeout(retry);
    retry = setTimeout(open, waitMs * (0.75 + Math.random() / 2));
    waitMs = Math.min(waitMs * 2, longestRetryMs);
  }

  function lead(): void {
    leads = true;
    open();
  }

  return {
    start() {
      if (running) return;
      running = true;
      const canShare = 'locks' in navigator && 'BroadcastChannel' in globalThis;
      if (!canShare) return lead(); // no secure context: every tab reads for itself
      channel = new BroadcastChannel('helio-events');
      channel.onmessage = ({ data }: MessageEvent<Message>) => {
        if (data.kind === 'event') deliver(data.type, data.text, data.id);
        else if (data.kind === 'state' && !leads) {
          state = data.state;
          stateListeners.forEach((listener) => listener(state));
        } else if (data.kind === 'hello' && leads) send({ kind: 'state', state });
      };
      send({ kind: 'hello' });
      void navigator.locks.request('helio-events', () => {
        if (!running) return undefined;
        lead();
        return new Promise<void>((resolve) => (resign = resolve));
      });
    },
    stop() {
      running = false;
      leads = false;
      clearTimeout(retry);
      clearTimeout(silence);
      source?.close();
      source = undefined;
      resign?.();
      channel?.close();
      channel = undefined;
      lastId = '';
      state = { state: 'connecting', sinceMs: Date.now() };
    },
    state: () => state,
    on(type, listener) {
      const set = listeners.get(type) ?? new Set();
      listeners.set(type, set);
      set.add(listener as (event: never) => void);
      return () => set.delete(listener as (event: never) => void);
    },
    onState(listener) {
      stateListeners.add(listener);
      return () => stateListeners.delete(listener);
    },
  };
}
