/** Why a wait ended: the signal of a call whose caller is still there, but Helio is not much longer. */

const name = 'HelioStops';

export function shutdownReason(): Error {
  return Object.assign(new Error('Helio is being stopped'), { name });
}

/** Whether a call's signal aborted because Helio is being stopped: its caller is still there to be answered. */
export function isShutdown(signal: AbortSignal): boolean {
  return signal.aborted && (signal.reason as Error | undefined)?.name === name;
}
