/** What a list shows while it is read, when it could not be read, and when its plugin is not loaded. */
import { html, nothing, type TemplateResult } from 'lit';
import type { Resource } from '../app/resource.ts';
import './empty.ts';

/** The template for a value that is there; else a quiet word or the error with a way to try again. */
export function whenRead<T>(resource: Resource<T>, show: (value: T) => unknown): unknown {
  if (resource.value !== undefined) {
    return html`${resource.error === undefined ? nothing : failure(resource.error, () => void resource.load())}${show(resource.value)}`;
  }
  if (resource.error !== undefined) return failure(resource.error, () => void resource.load());
  return html`<p class="muted loading" aria-busy="true">Reading…</p>`;
}

function failure(error: Error, again: () => void): TemplateResult {
  return html`<div class="notice bad row" role="alert">
    <span class="grow">${error.message}</span><button class="small" @click=${again}>Try again</button>
  </div>`;
}

/** A page whose plugin is not in the list says so, and how to get it. */
export function notLoaded(plugin: string, what: string): TemplateResult {
  return html`<section class="card">
    <helio-empty heading="${what} is off" icon="plugins"
      ><p>
        The plugin <code>${plugin}</code> is not loaded. Add it to <code>plugins:</code> in helio.yaml to switch this
        on.
      </p></helio-empty
    >
  </section>`;
}
