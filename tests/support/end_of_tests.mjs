// Ends what tests have started, also when they fail.
import { after } from 'node:test';

const afterTheLastTestMs = 30_000; // files stop their servers then, which may take as long as a drain

/**
 * Runs `end` when the process exits; and some time after the last test, since a server that a failing test left running
 * keeps its process, and so the whole run, from ending at all.
 */
export function whenTestsEnd(end) {
  process.on('exit', end);
  if (process.env.NODE_TEST_CONTEXT) after(() => setTimeout(end, afterTheLastTestMs).unref());
}
