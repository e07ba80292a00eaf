// The table of cases that Cursor's guard is held to as well: two languages, one answer.

import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { repositoryNames } from "../../compiler/targets/openclaw/guard/git.js";
import { ofText, positions, ticketIn } from "../../compiler/targets/openclaw/guard/labels.js";
import { FORMAT, parsed } from "../../compiler/targets/openclaw/guard/policy.js";

process.env.HOME = fs.mkdtempSync(path.join(os.tmpdir(), "home-")); // whose ssh settings know no other names of hosts
const cases = JSON.parse(fs.readFileSync(new URL("cases.json", import.meta.url), "utf8"));
const described = { title: "", reasons: [], when_denied: "reroute" };
const labels = Object.fromEntries(Object.entries(cases.labels).map(([name, label]) => [name, { ...described, ...label }]));
const policy = parsed(JSON.stringify({ format: FORMAT, labels, detectors: cases.detectors, scenarios: {}, gray: null, caps: [], prices: {} }));

const textOf = ({ text, times = 1, then = "" }) => text.repeat(times) + then;
const named = (applies) => [...policy.labels].filter(([, label]) => applies(label)).map(([name]) => name).sort();
const holds = (expressions, texts) => expressions.some((expression) => texts.some((text) => expression.test(text)));

for (const [at, each] of cases.texts.entries()) {
  test(`text ${at}`, () => assert.deepEqual(ofText(policy, textOf(each)).sort(), each.labels, each.text.slice(0, 80)));
}
for (const each of cases.paths) {
  test(`path ${each.path.slice(-40)}`, () => {
    const places = positions(each.path, [each.root]);
    assert.deepEqual(named((label) => holds(label.paths, places)), each.labels);
  });
}
for (const each of cases.remotes) {
  test(`remote ${each.url}`, () => {
    assert.deepEqual(named((label) => holds(label.repos, repositoryNames(each.url))), each.labels);
  });
}
for (const [at, each] of cases.tickets.entries()) {
  test(`ticket ${at}`, () => assert.equal(ticketIn({ expression: new RegExp(each.ticket, "u") }, textOf(each)), each.found));
}
