/**
 * What one upstream advertises, as each client sees it: learned from the tools/list answers that pass, else fetched
 * with that client's session and credentials.
 */
import { createHash } from 'node:crypto';
import type { Answer, Awaitable, ToolDefinition } from '../plugin.ts';
import type { Lookup } from './incoming.ts';
import { isObject } from './messages.ts';
import { nearName } from './near-name.ts';
import { toolDefinition } from './tool-definition.ts';

/** A client that the catalogue may ask in the name of. */
export interface Asker {
  /** Equal for clients that see the same list: the legacy session, or the credentials. */
  readonly viewKey: string;
  /** Sends one tools/list. Rejects with a sentence. */
  list(cursor: string | undefined): Promise<Answer>;
}

type Tools = ReadonlyMap<string, ToolDefinition>;
interface Page {
  readonly tools: Tools;
  readonly nextCursor: string | undefined;
}
interface View {
  /** The last complete list. */
  tools: Tools | undefined;
  isStale: boolean;
  /** A list whose last page has not come yet. */
  draft: Map<string, ToolDefinition> | undefined;
  draftCursor: string | undefined;
  fetching: Promise<Tools> | undefined;
  /** Fresh lists that unknown names may still cause, and when the last was taken. */
  refreshes: number;
  refreshedAtMs: number;
}

const maxViews = 10_000;
const maxPages = 1_000;
const refreshBurst = 3;
const refreshEveryMs = 5_000;

export interface Catalogue {
  /** Byte for byte: a near miss is unknown. */
  lookup(name: string, asker: Asker): Awaitable<Lookup>;
  learn(viewKey: string, cursor: string | undefined, answer: Answer): void;
  /** `notifications/tools/list_changed`, or the connection is a new one. */
  invalidate(viewKey?: string): void;
  /** The whole list as this client sees it. Rejects with a sentence. */
  all(asker: Asker): Promise<readonly ToolDefinition[]>;
  /** The list that was seen last, by whomever. */
  latest(): readonly ToolDefinition[] | undefined;
}

export function createCatalogue(trust: 'trusted' | 'untrusted', nowMs: () => number = Date.now): Catalogue {
  const views = new Map<string, View>();
  const readPage = pageReader(trust);
  let latest: Tools | undefined;

  function viewOf(key: string): View {
    const known = views.get(key);
    if (known) return known;
    const view: View = {
      tools: undefined,
      isStale: false,
      draft: undefined,
      draftCursor: undefined,
      fetching: undefined,
      refreshes: refreshBurst,
      refreshedAtMs: nowMs(),
    };
    views.set(key, view);
    if (views.size > maxViews) views.delete(views.keys().next().value!);
    return view;
  }

  function complete(view: View, tools: Tools): Tools {
    view.tools = latest = tools;
    view.isStale = false;
    view.draft = view.draftCursor = undefined;
    return tools;
  }

  /** All pages. One at a time per view: a flood of unknown names waits for the same list. */
  function fetchAll(view: View, asker: Asker): Promise<Tools> {
    return (view.fetching ??= (async () => {
      const tools = new Map<string, ToolDefinition>();
      let cursor: string | undefined;
      for (let pages = 0; pages < maxPages; pages++) {
        const page = readPage(await asker.list(cursor));
        if (page === undefined) throw new Error('the upstream answered tools/list with something that is no list');
        if (pages === 0 && page.nextCursor === undefined) return complete(view, page.tools);
        for (const [name, tool] of page.tools) tools.set(name, tool);
        if (page.nextCursor === undefined) return complete(view, tools);
        cursor = page.nextCursor;
      }
      throw new Error(`the tool list has more than ${maxPages} pages`);
    })().finally(() => (view.fetching = undefined)));
  }

  function mayRefresh(view: View): boolean {
    const earned = Math.floor((nowMs() - view.refreshedAtMs) / refreshEveryMs);
    if (earned > 0) {
      view.refreshes = Math.min(refreshBurst, view.refreshes + earned);
      view.refreshedAtMs = nowMs();
    }
    if (view.refreshes === 0) return false;
    view.refreshes--;
    return true;
  }

  return {
    lookup(name, asker) {
      const view = viewOf(asker.viewKey);
      if (!view.isStale) {
        const found = view.draft?.get(name) ?? view.tools?.get(name);
        if (found) return { found };
        if (view.tools && !view.fetching && !mayRefresh(view)) return unknownOf(name, view.tools);
      }
      return fetchAll(view, asker).then(
        (tools): Lookup => {
          const found = tools.get(name);
          return found ? { found } : unknownOf(name, tools);
        },
        (error: Error): Lookup => ({ unavailable: error.message }),
      );
    },
    learn(viewKey, cursor, answer) {
      const page = answer.kind === 'result' ? readPage(answer) : undefined;
      if (page === undefined) return;
      const view = viewOf(viewKey);
      if (cursor === undefined) {
        if (page.nextCursor === undefined) return void complete(view, page.tools);
        view.draft = new Map(page.tools);
      } else if (view.draft && view.draftCursor === cursor) {
        for (const [name, tool] of page.tools) view.draft.set(name, tool);
        if (page.nextCursor === undefined) return void complete(view, view.draft);
      } else return;
      view.draftCursor = page.nextCursor;
    },
    invalidate(viewKey) {
      for (const view of viewKey === undefined ? views.values() : [views.get(viewKey)]) if (view) view.isStale = true;
    },
    async all(asker) {
      const view = viewOf(asker.viewKey);
      return [...(view.tools && !view.isStale ? view.tools : await fetchAll(view, asker)).values()];
    },
    latest: () => latest && [...latest.values()],
  };
}

const keptPages = 256;

/** Equal pages are read once and shared: a hundred thousand sessions with one list hold one list. */
function unknownOf(name: string, tools: Tools): Lookup {
  const near = nearName(name, tools.keys());
  return { unknown: true, ...(near !== undefined && { near }) };
}

function pageReader(trust: 'trusted' | 'untrusted'): (answer: Answer) => Page | undefined {
  const pages = new Map<string, Page>();
  return (answer) => {
    const hash = createHash('sha1').update(answer.bytes).digest('base64');
    const known = pages.get(hash);
    if (known) return known;
    const page = readOnePage(answer, trust);
    if (page === undefined) return undefined;
    pages.set(hash, page);
    if (pages.size > keptPages) pages.delete(pages.keys().next().value!);
    return page;
  };
}

function readOnePage(answer: Answer, trust: 'trusted' | 'untrusted'): Page | undefined {
  let result;
  try {
    result = answer.value();
  } catch {
    return undefined;
  }
  if (!isObject(result) || !Array.isArray(result['tools'])) return undefined;
  const tools = new Map<string, ToolDefinition>();
  for (const raw of result['tools'] as readonly unknown[]) {
    const tool = toolDefinition(raw, trust);
    if (tool) tools.set(tool.name, tool);
  }
  const next = result['nextCursor'];
  return { tools, nextCursor: typeof next === 'string' ? next : undefined };
}
