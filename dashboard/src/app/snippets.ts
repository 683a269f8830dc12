/** Text to copy: how clients connect, and a call to try. */

/** A call that any terminal can make, in front of any server: a session first, then the call. */
export function curlCall(endpoint: string, tool = 'echo', args = '{"text":"hello"}'): string {
  const headers = `-H 'content-type: application/json' -H 'accept: application/json, text/event-stream'`;
  const hello =
    '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"curl","version":"1"}}}';
  const call = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":${JSON.stringify(tool)},"arguments":${args}}}`;
  const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  return `S=$(curl -si ${endpoint} ${headers} \\
  -d ${quoted(hello)} | tr -d '\\r' | grep -i '^mcp-session-id:' | cut -d' ' -f2)
curl -s ${endpoint} ${headers} -H "mcp-session-id: $S" \\
  -d ${quoted(call)}`;
}

export interface ClientSnippet {
  readonly client: string;
  /** Where the text goes. */
  readonly where: string;
  readonly text: string;
  readonly note?: string;
}

export function clientSnippets(endpoint: string): readonly ClientSnippet[] {
  const json = (value: unknown): string => JSON.stringify(value, null, 2);
  return [
    {
      client: 'Claude Code',
      where: 'in a terminal, or .mcp.json',
      text: `claude mcp add --transport http helio ${endpoint}\n\n${json({ mcpServers: { helio: { type: 'http', url: endpoint } } })}`,
    },
    {
      client: 'Claude Desktop',
      where: 'claude_desktop_config.json',
      text: json({
        mcpServers: {
          helio: { command: 'npx', args: ['-y', '@gethelio/proxy', 'stdio', '-c', '/absolute/path/to/helio.yaml'] },
        },
      }),
      note: 'Quit it completely and start it again: it reads the file only then.',
    },
    { client: 'Cursor', where: '.cursor/mcp.json', text: json({ mcpServers: { helio: { url: endpoint } } }) },
    {
      client: 'VS Code',
      where: '.vscode/mcp.json',
      text: json({ servers: { helio: { type: 'http', url: endpoint } } }),
    },
    {
      client: 'Windsurf',
      where: '~/.codeium/windsurf/mcp_config.json',
      text: json({ mcpServers: { helio: { serverUrl: endpoint } } }),
    },
    { client: 'Codex', where: '~/.codex/config.toml', text: `[mcp_servers.helio]\nurl = "${endpoint}"` },
    {
      client: 'Gemini CLI',
      where: '~/.gemini/settings.json',
      text: json({ mcpServers: { helio: { httpUrl: endpoint } } }),
    },
    {
      client: 'LangChain',
      where: 'Python',
      text: `client = MultiServerMCPClient({"helio": {"transport": "http", "url": "${endpoint}"}})`,
    },
    {
      client: 'OpenAI Agents',
      where: 'Python',
      text: `server = MCPServerStreamableHttp(\n    params={"url": "${endpoint}"},\n    client_session_timeout_seconds=60,\n)`,
      note: 'Its own timeout is five seconds: approvals need more, or the agent asks again.',
    },
    {
      client: 'stdio',
      where: 'any client that starts a command',
      text: 'helio stdio -- npx -y @modelcontextprotocol/server-github',
      note: 'Put "helio stdio --" in front of the command that the client starts now.',
    },
  ];
}
