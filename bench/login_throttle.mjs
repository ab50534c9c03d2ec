// How many guesses get through to one account, from one address and from many, and what its owner notices. A parleyd of
// its own believes this script's X-Forwarded-For. Usage: PARLEYD=build/release/bin/parleyd node bench/login_throttle.mjs [tries]
import http from 'node:http';
import { startParleyd } from '../tests/support/parleyd.mjs';

const tries = Number(process.argv[2] ?? 10_000);
const set = { 'net.trusted_proxies': '["127.0.0.1"]', 'limits.login_rate_per_minute': 5, 'log.level': 'warn' };
const node = await startParleyd({ set });
const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
const password = 'the right one';

/** One request as if from that address; answers its status. */
function post(path, body, address) {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'application/json', 'X-Forwarded-For': address };
    const options = { agent, method: 'POST', headers };
    const request = http.request(`${node.url}/api/v1/auth/${path}`, options, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode));
    });
    request.on('error', reject).end(JSON.stringify(body));
  });
}

/** Guesses from so many addresses, eight at a time; its owner logs in now and then, from home and from elsewhere. */
async function attack(username, addresses) {
  await post('register', { username, password }, '198.51.100.1');
  await post('login', { username, password }, '198.51.100.1');
  const seen = { judged: 0, held: 0, busy: 0 };
  const owner = { home: [0, 0], elsewhere: [0, 0] };
  const begun = performance.now();
  let next = 0;
  const guesser = async () => {
    while (next < tries) {
      const i = next++;
      const address = `10.${(i % addresses) >> 16}.${((i % addresses) >> 8) & 255}.${(i % addresses) & 255}`;
      const status = await post('login', { username, password: `guess ${i}` }, address);
      seen[{ 401: 'judged', 429: 'held' }[status] ?? 'busy'] += 1;
      if (i % 500 !== 0) continue;
      const from = { home: '198.51.100.1', elsewhere: `203.0.113.${i / 500}` };
      for (const [place, its] of Object.entries(from)) {
        owner[place][(await post('login', { username, password }, its)) === 200 ? 0 : 1] += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: 8 }, guesser));
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(
    `${tries} guesses from ${addresses} addresses in ${seconds} s: ${seen.judged} judged, ${seen.held} held back,` +
      ` ${seen.busy} busy; its owner got in ${owner.home[0]} of ${owner.home[0] + owner.home[1]} times from home,` +
      ` ${owner.elsewhere[0]} of ${owner.elsewhere[0] + owner.elsewhere[1]} from a new address each`,
  );
}

await attack('ada', 1);
await attack('bob', 1_000);
await node.stop();
