/**
 * Makes an upstream's OAuth work under Helio's URL: clients compare `resource` of the protected-resource metadata (RFC
 * 9728) with the URL that they dialled, so that document is served here with our own URL in it. The rest stays.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { headerOf } from './headers.ts';
import type { Headers, Upstream } from './upstream.ts';

const wellKnown = '/.well-known/oauth-protected-resource';
/** Other documents of the upstream's origin that clients look for there (MCP 2025-03-26, authorization). */
const passedDocuments = /^\/\.well-known\/(oauth-authorization-server|openid-configuration)(\/|$)/;

export interface OAuthMetadata {
  /** `WWW-Authenticate` with the address of the metadata on this door. */
  challenge(upstream: Upstream, headers: Headers, publicUrl: string | undefined): Headers;
  /** Answers what is under `/.well-known/`; false: not mine. */
  serve(request: IncomingMessage, response: ServerResponse, path: string): boolean;
}

export function createOAuthMetadata(upstreamAt: (path: string) => Upstream | undefined): OAuthMetadata {
  /** Where an upstream said that its metadata is, by its name. */
  const told = new Map<string, string>();

  async function document(upstream: Upstream, paths: readonly string[]) {
    for (const path of paths) {
      const found = await upstream.document?.(path).catch(() => undefined);
      if (found?.status === 200) return found;
    }
    return undefined;
  }

  async function answer(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const suffix = path.startsWith(wellKnown) ? path.slice(wellKnown.length) : undefined;
    const mcpPath = suffix === undefined || suffix === '' ? '/mcp' : suffix;
    const upstream = upstreamAt(mcpPath);
    const own = upstream?.url === undefined ? undefined : new URL(upstream.url);
    if (!upstream || !own) return void response.writeHead(404).end();
    const paths =
      suffix === undefined
        ? [path.replace(/\/mcp(\/[^/]*)?$/, own.pathname), path.replace(/\/mcp(\/[^/]*)?$/, '')]
        : [told.get(upstream.name), `${wellKnown}${own.pathname}`, wellKnown];
    const found = await document(upstream, [...new Set(paths.filter((one) => one !== undefined))]);
    if (!found) return void response.writeHead(404).end();
    const body =
      suffix === undefined ? found.body : withResource(found.body, `http://${request.headers.host}${mcpPath}`);
    response
      .writeHead(200, {
        'content-type': 'application/json',
        'cache-control': 'no-store',
        'access-control-allow-origin': '*',
      })
      .end(body);
  }

  return {
    challenge(upstream, headers, publicUrl) {
      const challenge = headerOf(headers, 'www-authenticate');
      if (challenge === undefined || publicUrl === undefined || upstream.url === undefined) return headers;
      const public_ = new URL(publicUrl);
      const rewritten = challenge.replace(/resource_metadata="([^"]*)"/i, (whole, named: string) => {
        const url = parse(named, upstream.url!);
        // Another origin is none of this door's business: it goes on as it is.
        if (url?.origin !== new URL(upstream.url!).origin) return whole;
        told.set(upstream.name, url.pathname + url.search);
        return `resource_metadata="${public_.origin}${wellKnown}${public_.pathname}"`;
      });
      return { ...headers, 'www-authenticate': rewritten };
    },
    serve(request, response, path) {
      if (!path.startsWith(wellKnown) && !passedDocuments.test(path)) return false;
      void answer(request, response, path).catch(() => response.writeHead(502).end());
      return true;
    },
  };
}

function parse(text: string, base: string): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}

function withResource(body: Buffer, resource: string): Buffer {
  try {
    return Buffer.from(JSON.stringify({ ...(JSON.parse(body.toString()) as object), resource }));
  } catch {
    return body;
  }
}
