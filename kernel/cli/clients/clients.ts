/** The MCP clients that `helio connect` and `helio init --from` know: where they keep their servers, and how an entry looks. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '../../plugin.ts';

export type ServersKey = 'mcpServers' | 'servers' | 'context_servers' | 'mcp_servers';

/** The two ways to Helio. */
export interface Ways {
  readonly url: string;
  /** node, main.js, stdio, -c, helio.yaml: absolute, because desktop clients start with `/` and a thin PATH. */
  readonly command: string;
  readonly args: readonly string[];
}

export interface Client {
  readonly name: string;
  readonly title: string;
  /** Absolute; the first is where `--write` writes. None: servers are entered elsewhere. */
  readonly files: readonly string[];
  readonly key: ServersKey;
  readonly isToml?: boolean;
  /** Left out: the client takes no URL in its file. */
  readonly http?: (ways: Ways) => JsonObject;
  readonly stdio: (ways: Ways) => JsonObject;
  /** For clients without a file: what to enter or write. */
  readonly text?: (ways: Ways) => string;
  readonly afterwards: string;
}

const stdio = ({ command, args }: Ways): JsonObject => ({ command, args });
const typedStdio = (ways: Ways): JsonObject => ({ type: 'stdio', ...stdio(ways) });

export function clients(
  home: string = homedir(),
  cwd: string = process.cwd(),
  platform: string = process.platform,
  env: { readonly [name: string]: string | undefined } = process.env,
): readonly Client[] {
  const appData = env['APPDATA'] ?? join(home, 'AppData', 'Roaming');
  const byPlatform = (mac: string, windows: string, linux: string): string =>
    platform === 'darwin' ? mac : platform === 'win32' ? windows : linux;
  const claude = 'claude_desktop_config.json';
  return [
    {
      name: 'claude-desktop',
      title: 'Claude Desktop',
      files: [
        byPlatform(
          join(home, 'Library', 'Application Support', 'Claude', claude),
          join(appData, 'Claude', claude),
          join(env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'Claude', claude),
        ),
      ],
      key: 'mcpServers',
      stdio,
      afterwards: 'Quit Claude Desktop whole and start it again.',
    },
    {
      name: 'claude-code',
      title: 'Claude Code',
      files: [join(cwd, '.mcp.json'), join(home, '.claude.json')],
      key: 'mcpServers',
      http: ({ url }) => ({ type: 'http', url }),
      stdio: typedStdio,
      afterwards: 'Start claude in this folder and approve the server; /mcp shows it.',
    },
    {
      name: 'cursor',
      title: 'Cursor',
      files: [join(cwd, '.cursor', 'mcp.json'), join(home, '.cursor', 'mcp.json')],
      key: 'mcpServers',
      http: ({ url }) => ({ url }),
      stdio,
      afterwards: 'Switch the server on in the settings of Cursor, under MCP.',
    },
    {
      name: 'vscode',
      title: 'VS Code',
      files: [join(cwd, '.vscode', 'mcp.json')],
      key: 'servers',
      http: ({ url }) => ({ type: 'http', url }),
      stdio: typedStdio,
      afterwards: 'Press Start above the entry in .vscode/mcp.json.',
    },
    {
      name: 'copilot',
      title: 'Copilot CLI',
      files: [join(home, '.copilot', 'mcp-config.json')],
      key: 'mcpServers',
      http: ({ url }) => ({ type: 'http', url, tools: ['*'] }),
      stdio: (ways) => ({ type: 'local', ...stdio(ways), tools: ['*'] }),
      afterwards: 'Start copilot again.',
    },
    {
      name: 'windsurf',
      title: 'Windsurf',
      files: [join(home, '.codeium', 'windsurf', 'mcp_config.json')],
      key: 'mcpServers',
      http: ({ url }) => ({ serverUrl: url }),
      stdio,
      afterwards: 'Refresh the servers in Cascade.',
    },
    {
      name: 'codex',
      title: 'Codex',
      files: [join(env['CODEX_HOME'] ?? join(home, '.codex'), 'config.toml'), join(cwd, '.codex', 'config.toml')],
      key: 'mcp_servers',
      isToml: true,
      http: ({ url }) => ({ url }),
      stdio,
      afterwards: 'Start codex again.',
    },
    {
      name: 'gemini',
      title: 'Gemini CLI',
      files: [join(home, '.gemini', 'settings.json')],
      key: 'mcpServers',
      http: ({ url }) => ({ httpUrl: url }),
      stdio,
      afterwards: 'Start gemini again; /mcp shows it.',
    },
    {
      name: 'zed',
      title: 'Zed',
      files: [
        platform === 'win32'
          ? join(appData, 'Zed', 'settings.json')
          : join(env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'zed', 'settings.json'),
      ],
      key: 'context_servers',
      http: ({ url }) => ({ url }),
      stdio,
      afterwards: 'Zed reads it at once.',
    },
    ...frameworks.map(([name, title, text, afterwards]) => ({
      name,
      title,
      files: [],
      key: 'mcpServers' as const,
      stdio,
      text,
      afterwards,
    })),
  ];
}

/** Those that are told in code, or on a page: nothing is written for them. */
const frameworks: readonly (readonly [name: string, title: string, text: Client['text'] & {}, afterwards: string])[] = [
  [
    'chatgpt',
    'ChatGPT',
    ({ url }) =>
      `Settings > Apps & Connectors > Advanced > Developer mode, then Create:\n  the public HTTPS URL that leads to ${url}`,
    'ChatGPT reaches only public HTTPS: docs/clients/chatgpt.md says what that asks for.',
  ],
  [
    'langchain',
    'LangChain and LangGraph',
    ({ url }) =>
      `from langchain_mcp_adapters.client import MultiServerMCPClient\n\nclient = MultiServerMCPClient({"helio": {"transport": "http", "url": "${url}"}})\ntools = await client.get_tools()`,
    'docs/clients/langchain.md',
  ],
  [
    'crewai',
    'CrewAI',
    ({ url }) =>
      `from crewai_tools import MCPServerAdapter\n\nwith MCPServerAdapter({"url": "${url}", "transport": "streamable-http"}) as tools:\n    agent = Agent(..., tools=tools)`,
    'docs/clients/crewai.md',
  ],
  [
    'autogen',
    'AutoGen',
    ({ url }) =>
      `from autogen_ext.tools.mcp import McpWorkbench, StreamableHttpServerParams\n\nasync with McpWorkbench(StreamableHttpServerParams(url="${url}")) as workbench:\n    agent = AssistantAgent(..., workbench=workbench)`,
    'docs/clients/autogen.md',
  ],
  [
    'openai-agents',
    'OpenAI Agents SDK',
    ({ url }) =>
      `from agents.mcp import MCPServerStreamableHttp\n\nasync with MCPServerStreamableHttp(\n    params={"url": "${url}"}, client_session_timeout_seconds=60\n) as server:\n    agent = Agent(..., mcp_servers=[server])`,
    'Its own timeout is 5 seconds: docs/clients/openai-agents.md',
  ],
];

/** Whether an entry leads to Helio already. */
export function isHelio(entry: JsonObject, urls: readonly string[] = []): boolean {
  const url = urlOf(entry);
  if (url !== undefined) return urls.some((known) => url === known || url.startsWith(`${known}/`));
  const words = [entry['command'], ...(Array.isArray(entry['args']) ? entry['args'] : [])].map(String);
  const at = words.findIndex((word) =>
    /(^|[\\/])helio(\.cmd)?$|@gethelio[\\/]proxy|kernel[\\/]cli[\\/]main\.[jt]s$/.test(word),
  );
  return at >= 0 && words.slice(at + 1).includes('stdio');
}

export function urlOf(entry: JsonObject): string | undefined {
  for (const key of ['url', 'serverUrl', 'httpUrl']) if (typeof entry[key] === 'string') return entry[key];
  return undefined;
}
