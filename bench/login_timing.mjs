// Does the time of a refused log-in tell whether the name exists? Tries known and unknown names in random order against
// a parleyd of its own, and compares. With `spent` the address has spent its failures, so that all are refused, but
// names that have logged in there are still checked; behind a flood of failures, many at once.
// Usage: PARLEYD=build/release/bin/parleyd node bench/login_timing.mjs [tries] [spent]
import http from 'node:http';
import { startParleyd } from '../tests/support/parleyd.mjs';

const tries = Number(process.argv[2] ?? 10_000);
const isSpent = process.argv[3] === 'spent';
// Of a name and address only so many failures are checked.
const names = isSpent ? Math.ceil(tries / 5) : 50;
const limits = isSpent
  ? { 'limits.login_address_rate_per_minute': 1, 'limits.login_account_rate_per_minute': 0 }
  : { 'limits.login_rate_per_minute': 0 };
const node = await startParleyd({ set: { ...limits, 'log.level': 'warn' } });
const refusal = isSpent ? 429 : 401;
// A refusal of that kind takes half a second.
const sideBySide = isSpent ? 16 : 1;
const agent = new http.Agent({ keepAlive: true, maxSockets: sideBySide });

/** One request over a connection that is kept; answers its status and its milliseconds. */
function post(path, body) {
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const options = { agent, method: 'POST', headers: { 'Content-Type': 'application/json' } };
    const request = http.request(`${node.url}/api/v1/auth/${path}`, options, (answer) => {
      answer.resume();
      answer.on('end', () => resolve({ status: answer.statusCode, ms: performance.now() - begun }));
    });
    request.on('error', reject).end(JSON.stringify(body));
  });
}

const median = (sorted) => sorted[Math.floor(sorted.length / 2)];
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const variance = (values, around) => mean(values.map((value) => (value - around) ** 2));

for (let i = 0; i < names; i += 1) {
  const account = { username: `known-${i}`, password: 'the right one' };
  await post('register', account);
  if (isSpent) await post('login', account);
}
if (isSpent) {
  const flood = Array.from({ length: 40 }, (_, i) => ({ username: `nobody-${i}`, password: 'a wrong guess' }));
  await Promise.all(flood.map((body) => post('login', body)));
}
const times = { known: [], unknown: [] };
let made = 0;
async function guess() {
  while (made < tries) {
    made += 1;
    const kind = Math.random() < 0.5 ? 'known' : 'unknown';
    const body = { username: `${kind}-${made % names}`, password: 'a wrong guess' };
    const { status, ms } = await post('login', body);
    if (status !== refusal) throw new Error(`a wrong guess was answered with ${status}`);
    times[kind].push(ms);
  }
}
await Promise.all(Array.from({ length: sideBySide }, guess));
await node.stop();

// How often a known name's time is the longer of two taken at random: 0.5 tells nothing (Mann-Whitney).
const ranked = Object.entries(times)
  .flatMap(([kind, list]) => list.map((ms) => ({ kind, ms })))
  .sort((a, b) => a.ms - b.ms);
let ranks = 0;
ranked.forEach(({ kind }, place) => (ranks += kind === 'known' ? place + 1 : 0));
const [n, m] = [times.known.length, times.unknown.length];
const longer = (ranks - (n * (n + 1)) / 2) / (n * m);
const spread = Math.sqrt((n + m + 1) / (12 * n * m));

for (const [kind, list] of Object.entries(times)) {
  const sorted = list.toSorted((a, b) => a - b);
  const average = mean(sorted);
  console.log(
    `${kind.padEnd(8)} ${list.length} tries, median ${median(sorted).toFixed(3)} ms, mean ${average.toFixed(3)} ms,` +
      ` deviation ${Math.sqrt(variance(sorted, average)).toFixed(3)} ms`,
  );
}
console.log(`known is the longer of two with probability ${longer.toFixed(4)} (0.5 +- ${(2 * spread).toFixed(4)} is chance)`);
