/** One MCP server over a shop: eleven tools, a few resources, two prompts. */
import { McpServer, ResourceTemplate } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';
import { orders, products } from './data.ts';
import { paymentTools } from './payment-tools.ts';
import { isRefused, money, type Shop } from './shop.ts';
import { shopTools } from './shop-tools.ts';
import { asResult } from './tool.ts';

const refundPolicy = `# Refunds

- Delivered orders are refunded within 30 days, cancelled ones never.
- Look the order up first, and verify the customer, before any money goes back.
- Above 100 GBP a colleague has to agree.
`;

/** A server for one client; every client of a process shares the shop. */
export function createDemoServer(shop: Shop): McpServer {
  const server = new McpServer(
    { name: 'helio-demo-upstream', title: 'Demo shop', version: '1.0.0' },
    { instructions: 'A demo shop with a payment provider. Nothing here is real, and nothing leaves this process.' },
  );

  for (const { name, title, description, annotations, input, output, run } of [...shopTools, ...paymentTools]) {
    server.registerTool(
      name,
      { title, description, annotations, inputSchema: input, ...(output ? { outputSchema: output } : {}) },
      (args) => asResult(run(args, shop)),
    );
  }

  server.registerResource(
    'refund-policy',
    'shop://policies/refunds',
    { title: 'Refund policy', mimeType: 'text/markdown' },
    ({ href }) => ({ contents: [{ uri: href, mimeType: 'text/markdown', text: refundPolicy }] }),
  );
  server.registerResource(
    'catalogue',
    'shop://catalogue',
    { title: 'Catalogue', mimeType: 'application/json' },
    ({ href }) => {
      const listed = products.map(({ price, ...rest }) => ({ ...rest, price: money(price.minor, price.currency) }));
      return { contents: [{ uri: href, mimeType: 'application/json', text: JSON.stringify(listed, null, 2) }] };
    },
  );
  server.registerResource(
    'order',
    new ResourceTemplate('shop://orders/{order_id}', {
      list: () => ({ resources: orders.map(({ id }) => ({ uri: `shop://orders/${id}`, name: `Order ${id}` })) }),
      complete: {
        order_id: (typed) => orders.map(({ id }) => id).filter((id) => id.startsWith(typed)),
      },
    }),
    { title: 'Order', mimeType: 'application/json' },
    ({ href }, { order_id }) => {
      const found = shop.order(String(order_id));
      if (isRefused(found)) throw new Error(found.refused);
      return { contents: [{ uri: href, mimeType: 'application/json', text: JSON.stringify(found, null, 2) }] };
    },
  );

  server.registerPrompt(
    'refund_reply',
    {
      title: 'Answer a refund request',
      description: 'Drafts an answer to a customer who wants their money back.',
      argsSchema: { order_id: z.string(), tone: z.string().optional() },
    },
    ({ order_id, tone }) => ({
      messages: [
        {
          role: 'user',
          content: {
            type: 'text',
            text: `Look up order ${order_id}, check the refund policy, and write a ${tone ?? 'friendly'} answer to the customer.`,
          },
        },
      ],
    }),
  );
  server.registerPrompt(
    'daily_report',
    { title: 'Daily report', description: 'Sums up orders and refunds of the day.' },
    () => ({
      messages: [
        { role: 'user', content: { type: 'text', text: "Sum up today's orders and refunds in five short lines." } },
      ],
    }),
  );
  return server;
}
