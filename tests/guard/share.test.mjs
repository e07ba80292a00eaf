// A thousand turns side by side: gray tokens stay within a tenth at every moment, for one gateway and for several.

import assert from "node:assert/strict";
import { test } from "node:test";
import { folder, Gateway } from "./drive.mjs";

/** Numbers that look like chance and are the same each time. */
function* numbers(seed) {
  for (let value = seed; ; ) {
    value = (value * 1103515245 + 12345) % 2147483648;
    yield value / 2147483648;
  }
}

function storm(gateways, turns, seed) {
  const chance = numbers(seed);
  const next = () => chance.next().value;
  const open = [];
  const moments = [];
  let [gray, total] = [0, 0];
  const settle = () => {
    const [{ gateway, turn, input }] = open.splice(Math.floor(next() * open.length), 1);
    gateway.answer(turn, { input, output: 0 });
  };
  for (let at = 0; at < turns; at += 1) {
    const gateway = gateways[at % gateways.length];
    const agent = next() < 0.4 ? "gray-trials" : "agent-loops";
    const turn = gateway.ask(agent, "hello", { session: String(Math.floor(next() * 200)) });
    const input = 200 + Math.floor(next() * 4000);
    // the provider counts as soon as it answers, the guard only when the turn is over
    total += input;
    if (turn.model.startsWith("openrouter-gray/")) gray += input;
    moments.push(gray / total);
    open.push({ gateway, turn, input });
    while (open.length > 24) settle();
  }
  while (open.length > 0) settle();
  return moments;
}

for (const [count, seed] of [[1, 1], [1, 2], [2, 3], [3, 4]]) {
  test(`${count} gateways, seed ${seed}`, () => {
    const moments = storm(Array.from({ length: count }, () => new Gateway(folder())), 1000, seed);
    const worst = Math.max(...moments.slice(100));
    assert.ok(worst <= 0.1, String(worst));
    assert.ok(moments.at(-1) >= 0.05, String(moments.at(-1)));
  });
}
