/** An audit row as an OTLP log record (opentelemetry-proto, logs/v1, JSON encoding). */
import type { AuditRow } from '@gethelio/proxy/contracts/audit';

/** SeverityNumber of the OpenTelemetry log data model: INFO 9, WARN 13, ERROR 17. */
function severityOf(row: AuditRow): readonly [number: number, text: string] {
  if (row.outcome === 'unknown' || row.outcome === 'withheld') return [17, 'ERROR'];
  if (row.outcome === 'denied' || row.outcome === 'not_sent' || row.is_error) return [13, 'WARN'];
  return [9, 'INFO'];
}

export function logRecord(row: AuditRow): object {
  const [severityNumber, severityText] = severityOf(row);
  const what = row.tool ?? row.method ?? row.kind;
  return {
    timeUnixNano: nanoseconds(row.time),
    observedTimeUnixNano: nanoseconds(row.time),
    severityNumber,
    severityText,
    eventName: `helio.${row.kind}`,
    body: { stringValue: `${what}: ${row.outcome}${row.reason ? ` - ${row.reason}` : ''}` },
    attributes: Object.entries(row)
      .filter(([, value]) => value !== null)
      .map(([key, value]) => ({ key: `helio.${key}`, value: anyValue(value) })),
  };
}

/** Nested values as their JSON text: most backends cannot search maps. 64-bit integers are strings in OTLP's JSON. */
function anyValue(value: unknown): object {
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  return { stringValue: typeof value === 'string' ? value : JSON.stringify(value) };
}

function nanoseconds(time: string): string {
  return `${Date.parse(time)}000000`;
}

export function logsRequest(rows: readonly AuditRow[], serviceName: string, version: string): string {
  return JSON.stringify({
    resourceLogs: [
      {
        resource: {
          attributes: [
            { key: 'service.name', value: { stringValue: serviceName } },
            { key: 'service.version', value: { stringValue: version } },
          ],
        },
        scopeLogs: [{ scope: { name: 'helio.audit', version }, logRecords: rows.map(logRecord) }],
      },
    ],
  });
}
