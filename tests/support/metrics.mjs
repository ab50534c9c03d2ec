// What a node counts, as Prometheus reads it.
import assert from 'node:assert/strict';

/** A metric without labels; `name` without the parley_ that all begin with. */
export async function metric(node, name) {
  const text = await (await fetch(`${node.url}/metrics`)).text();
  const line = text.match(new RegExp(`^parley_${name} (\\S+)$`, 'm'));
  assert.ok(line, `there is no metric parley_${name}`);
  return Number(line[1]);
}
