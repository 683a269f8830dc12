/** Sends one request to one part and waits for its whole answer. */
import type { Answer } from '../../plugin.ts';
import type { ClientRequest, Responder } from '../door.ts';
import type { Relay } from '../relay.ts';
import { scanMessage } from '../scan.ts';
import { SseCutter } from '../sse-events.ts';
import type { Headers } from '../upstream.ts';

export interface Collected {
  /** 0: no answer in time. */
  readonly status: number;
  readonly headers: Headers;
  readonly answer: Answer | undefined;
}

export function collect(relay: Relay, request: ClientRequest, timeoutMs: number): Promise<Collected> {
  return new Promise((resolve) => {
    let status = 0;
    let headers: Headers = {};
    let answer: Answer | undefined;
    let gone: () => void = () => {};
    const timer = setTimeout(() => {
      responder.isGone = true;
      gone();
      resolve({ status: 0, headers: {}, answer: undefined });
    }, timeoutMs);
    const done = () => {
      clearTimeout(timer);
      resolve({ status, headers, answer });
    };
    const cutter = new SseCutter((event) => {
      if (event.data && event.data.length > 0) answer = scanMessage(event.data)?.answer ?? answer;
    });
    const responder: Responder & { isGone: boolean } = {
      takesStreams: true,
      isGone: false,
      answer(code, told, body) {
        status = code;
        headers = told;
        answer = body && body.length > 0 ? scanMessage(body)?.answer : undefined;
        done();
      },
      begin(code, told) {
        status = code;
        headers = told;
      },
      write(bytes) {
        cutter.push(bytes);
        return true;
      },
      end: done,
      onDrain() {},
      onGone(run) {
        gone = run;
      },
    };
    relay.take(request, responder);
  });
}
