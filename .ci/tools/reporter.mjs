/**
 * A reporter for Node's test runner that prints what failed and one line in the end.
 *
 * @module
 */

/** @param {AsyncIterable<{ type: string, data: any }>} events */
export default async function* report(events) {
  let passed = 0;
  let failed = 0;
  for await (const { type, data } of events) {
    if (data.details?.type === "suite") continue;
    if (type === "test:pass") passed += 1;
    if (type === "test:stderr") yield data.message;
    if (type === "test:fail") {
      failed += 1;
      const error = data.details.error?.cause ?? data.details.error;
      yield `FAILED: ${data.name}\n  ${data.file}\n  ${String(error?.stack ?? error).replaceAll("\n", "\n  ")}\n\n`;
    }
  }
  yield `${passed} passed, ${failed} failed\n`;
}
