// Ends what tests have started, also when they fail.
import { after } from 'node:test';

/** How long a test waits for something before it says that it never came. Slow builds (sanitizers) raise it. */
export const deadlineMs = Number(process.env.TEST_DEADLINE_MS ?? 15_000);

/**
 * Runs `end` when the process exits; and some time after the last test, since a server that a failing test left running
 * keeps its process, and so the whole run, from ending at all. Until then a file may end its servers one by one.
 */
export function whenTestsEnd(end) {
  process.on('exit', end);
  if (process.env.NODE_TEST_CONTEXT) after(() => setTimeout(end, 4 * deadlineMs).unref());
}
