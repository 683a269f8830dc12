/** The address bar: the path names the page, the query its filters and the open call. */

export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
}

export interface Router {
  place(): Place;
  /** Goes to a path with its query. */
  go(href: string, options?: { readonly replace?: boolean }): void;
  /** Changes parts of the query and keeps the rest; undefined takes a part out. */
  set(parts: { readonly [name: string]: string | undefined }, options?: { readonly replace?: boolean }): void;
  /** Tells of every change; returns how to stop. */
  onChange(listener: () => void): () => void;
}

/** Follows plain links of this origin without a page load; everything else stays the browser's. */
export function createRouter(): Router {
  const listeners = new Set<() => void>();
  const changed = (): void => listeners.forEach((listener) => listener());
  addEventListener('popstate', changed);
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const link = event.composedPath().find((node): node is HTMLAnchorElement => node instanceof HTMLAnchorElement);
    if (link === undefined || link.origin !== location.origin || link.target !== '' || link.hasAttribute('download'))
      return;
    if (link.pathname.startsWith('/api/')) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });

  function go(href: string, options: { readonly replace?: boolean } = {}): void {
    if (href === location.pathname + location.search) return;
    history[options.replace === true ? 'replaceState' : 'pushState'](null, '', href);
    changed();
  }

  return {
    place: () => ({ path: location.pathname, query: new URLSearchParams(location.search) }),
    go,
    set(parts, options) {
      const query = new URLSearchParams(location.search);
      for (const [name, value] of Object.entries(parts)) {
        if (value === undefined || value === '') query.delete(name);
        else query.set(name, value);
      }
      const text = query.toString();
      go(location.pathname + (text === '' ? '' : `?${text}`), options);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
