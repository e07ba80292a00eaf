// The guard's promises, without a gateway: labels, tickets, shares, caps, and what a kill or a torn file leaves.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { Cap } from "../../compiler/targets/openclaw/guard/cap.js";
import { periodOf, units, decimal } from "../../compiler/targets/openclaw/guard/money.js";
import { folder, Gateway, warm } from "./drive.mjs";

const OWL = "openrouter-gray/openrouter/owl-alpha";
const OPUS = "openrouter-dollar/anthropic/claude-opus-4.7";
const FLASH = "openrouter/deepseek/deepseek-v4-flash";
const MLX = "mlx/mlx-community/Qwen3-30B-A3B-4bit";
const KEY = "sk-" + "a1B2".repeat(8);
const state = (gateway, name) => path.join(gateway.root, "state", name);
const cap = (limit) => (data) => ({ ...data, caps: [{ ...data.caps[0], limit_usd: limit }] });

test("a gray turn waits for its tenth, and a session that was moved stays moved", () => {
  const gateway = new Gateway(folder());
  assert.equal(gateway.ask("gray-trials", "hello", { session: "early" }).model, FLASH);
  warm(gateway);
  const gray = gateway.ask("gray-trials", "hello", { session: "a" });
  assert.equal(gray.model, OWL);
  gateway.answer(gray);
  assert.equal(gateway.ask("gray-trials", "hello", { session: "early" }).model, FLASH);
  const again = gateway.ask("gray-trials", "hello", { session: "a" });
  assert.equal(again.model, OWL);
});

test("turns under way count with the most that a turn of the scenario took", () => {
  const gateway = new Gateway(folder());
  warm(gateway, 25); // 26 turns of 12 tokens: a tenth has room for two
  const admitted = ["a", "b", "c"].map((session) => gateway.ask("gray-trials", "hello", { session }).model);
  assert.deepEqual(admitted, [OWL, OWL, FLASH]);
});

test("a labelled session never meets the gray model, in its later turns neither", () => {
  const gateway = new Gateway(folder());
  warm(gateway);
  const labelled = gateway.ask("gray-trials", `look: ${KEY}`, { session: "x" });
  assert.notEqual(labelled.model, OWL);
  gateway.answer(labelled);
  assert.notEqual(gateway.ask("gray-trials", "and now?", { session: "x" }).model, OWL);
  assert.deepEqual(gateway.lines.at(-1).labels, ["credentials"]);
  assert.equal(gateway.lines.at(-1).reason, "label");
});

test("labels come from the history and from the system prompt too: then the net holds", () => {
  const gateway = new Gateway(folder());
  warm(gateway);
  assert.equal(gateway.ask("gray-trials", "go on", { session: "h", history: [`key ${KEY}`] }).blocked, "label");
});

test("every candidate is asked about, and one that no policy knows sees nothing labelled", () => {
  const gateway = new Gateway(folder());
  warm(gateway);
  for (const model of [OWL, "openrouter/somebody/else", OPUS]) {
    const first = gateway.ask("gray-trials", `key ${KEY}`, { session: model, model });
    assert.ok(![model].includes(first.model), model);
    const second = gateway.ask("gray-trials", `key ${KEY}`, { session: model, model, run: first.context.runId });
    assert.ok(second.model !== model, model);
  }
});

test("a label that blocks is answered with its name and its reason, and nothing is asked", () => {
  const gateway = new Gateway(folder());
  const said = gateway.ask("agent-loops", "see /srv/personnel/2026.csv");
  assert.match(said.text, /personnel.*works agreement/);
  assert.equal(gateway.lines.at(-1).chosen, null);
});

test("a ticket is asked for once in a session, and recorded", () => {
  const gateway = new Gateway(folder());
  assert.match(gateway.ask("security-audit", "look at SEC-1x").text, /needs a ticket/);
  assert.equal(gateway.lines.at(-1).reason, "ticket");
  const turn = gateway.ask("security-audit", "look (ARCH-12).");
  assert.equal(turn.model, OPUS);
  gateway.answer(turn);
  assert.equal(gateway.lines.at(-1).ticket, "ARCH-12");
  assert.equal(gateway.ask("security-audit", "and then?").model, OPUS);
  assert.match(gateway.ask("security-audit", "hello", { session: "other" }).text, /needs a ticket/);
});

test("a new conversation starts without labels and ticket, a compacted one does not", () => {
  const gateway = new Gateway(folder());
  gateway.answer(gateway.ask("security-audit", "SEC-1", { sessionId: "1" }));
  assert.equal(gateway.ask("security-audit", "go on", { sessionId: "2" }).model, OPUS);
  const closed = { sessionId: "2", sessionKey: "agent:security-audit:s" };
  gateway.call("session_end", { ...closed, reason: "compaction" }, closed);
  assert.equal(gateway.ask("security-audit", "go on", { sessionId: "3" }).model, OPUS);
  gateway.call("session_end", { ...closed, sessionId: "3", reason: "new" }, closed);
  assert.match(gateway.ask("security-audit", "go on", { sessionId: "4" }).text, /needs a ticket/);
});

test("at the cap the contingency's route takes over, call by call as bills come in", () => {
  const gateway = new Gateway(folder(cap("0.10")));
  const turn = gateway.ask("security-audit", "SEC-1");
  gateway.answer(turn, { cost: 0.0999999 });
  assert.equal(gateway.lines.at(-1).cost_usd, "0.0999999");
  assert.equal(gateway.lines.at(-1).cost_from, "provider");
  const last = gateway.ask("security-audit", "more");
  assert.equal(last.model, OPUS);
  gateway.answer(last, { cost: 1e-7 });
  assert.equal(gateway.lines.at(-1).action, "warn");
  assert.notEqual(gateway.ask("security-audit", "more").model.split("/")[0], "openrouter-dollar");
});

test("an incident is exempt from the cap", () => {
  const exempt = (data) => {
    data.scenarios["security-audit"].incident = true;
    return cap("0.0000001")(data);
  };
  const gateway = new Gateway(folder(exempt));
  gateway.answer(gateway.ask("security-audit", "SEC-1"), { cost: 5 });
  assert.equal(gateway.ask("security-audit", "more").model, OPUS);
});

test("without its data nothing leaves for the cloud, and models on the Mac go on", () => {
  for (const broken of ["", "{", '{"format": "weathervane/guard/2"}', '{"format": "weathervane/guard/1"}']) {
    const root = folder();
    fs.writeFileSync(path.join(root, "guard.json"), broken);
    const gateway = new Gateway(root);
    assert.match(gateway.ask("agent-loops", "hello").text, /cannot read its policy/);
    assert.equal(gateway.ask("private-desk", "hello").model, MLX);
    assert.equal(gateway.ask("agent-loops", "hello", { run: "no-reply-hook" }).blocked, "unreadable");
    assert.equal(gateway.status.ok, false);
    assert.match(gateway.status.problem, /guard\.json/);
  }
});

test("a policy that comes back is read at the next turn", () => {
  const root = folder();
  const good = fs.readFileSync(path.join(root, "guard.json"));
  fs.writeFileSync(path.join(root, "guard.json"), "{");
  const gateway = new Gateway(root);
  gateway.ask("agent-loops", "hello");
  fs.writeFileSync(path.join(root, "guard.json"), good);
  assert.equal(gateway.ask("agent-loops", "hello").model, FLASH);
  assert.equal(gateway.status.ok, true);
});

test("a killed guard knows from its log what it had counted, and drops half a line", () => {
  const gateway = new Gateway(folder());
  warm(gateway);
  gateway.answer(gateway.ask("security-audit", "SEC-1"), { cost: 0.25 });
  const lines = gateway.lines.length;
  fs.appendFileSync(state(gateway, "decisions.jsonl"), '{"version":1,"id":"ab');
  const next = new Gateway(gateway.root); // nothing was saved: the caches follow later
  next.answer(next.ask("agent-loops", "hello"));
  assert.equal(next.lines.length, lines + 1);
  assert.equal(next.ask("gray-trials", "hello", { session: "new" }).model, OWL);
  assert.equal(next.ask("security-audit", "go on").model, OPUS);
  const capped = new Gateway(gateway.root);
  fs.writeFileSync(path.join(gateway.root, "guard.json"), fs.readFileSync(path.join(folder(cap("0.25")), "guard.json")));
  assert.notEqual(capped.ask("security-audit", "go on").model, OPUS);
});

test("counters that make no sense are put aside with an alarm and rebuilt from the log", () => {
  for (const [name, torn] of [["counters.json", "{"], ["counters.json", '{"format": 1}'], ["sessions.json", "[]"]]) {
    const gateway = new Gateway(folder());
    warm(gateway);
    gateway.answer(gateway.ask("gray-trials", `key ${KEY}`, { session: "x" }));
    gateway.call("gateway_stop", {}, {});
    fs.writeFileSync(state(gateway, name), torn);
    const said = [];
    const next = new Gateway(gateway.root, { error: (text) => said.push(text), warn() {} });
    assert.match(said.join(), new RegExp(name + ".*rebuilt"));
    assert.equal(next.status.ok, false);
    assert.ok(fs.readdirSync(path.dirname(state(gateway, name))).some((file) => file.startsWith(name + ".corrupt-")));
    assert.equal(next.ask("gray-trials", "hello", { session: "new" }).model, OWL);
    assert.notEqual(next.ask("gray-trials", "go on", { session: "x" }).model, OWL);
  }
});

test("two processes with one folder count together", () => {
  const one = new Gateway(folder());
  const other = new Gateway(one.root);
  warm(one);
  const gray = other.ask("gray-trials", "hello", { session: "q" });
  assert.equal(gray.model, OWL);
});

test("a folder that cannot be written is an alarm, and turns go on", () => {
  const root = folder();
  fs.writeFileSync(path.join(root, "state"), "no folder");
  const said = [];
  const gateway = new Gateway(root, { error: (text) => said.push(text), warn() {} });
  assert.match(said.join(), /state folder cannot be used/);
  const turn = gateway.ask("agent-loops", "hello");
  assert.equal(turn.model, FLASH);
  gateway.answer(turn);
  assert.notEqual(gateway.ask("gray-trials", `key ${KEY}`, { session: "x" }).model, OWL);
});

test("a tool does not bring a labelled file to a model that may not see it", () => {
  const gateway = new Gateway(folder());
  warm(gateway);
  const { context } = gateway.ask("gray-trials", "hello", { session: "t" });
  const tool = (params) => gateway.call("before_tool_call", { toolName: "exec", params }, context);
  assert.equal(tool({ command: "ls /tmp" }), undefined);
  assert.equal(tool({ path: path.join(gateway.root, "machine") }), undefined);
  assert.equal(tool({ text: "x".repeat(3000) }), undefined);
  assert.match(tool({ command: "cat '../secrets/prod.txt'" }).blockReason, /credentials/);
  const result = { content: [{ type: "text", text: `TOKEN=${KEY}` }] };
  const shown = gateway.call("middleware", { toolName: "exec", result }, context);
  assert.doesNotMatch(JSON.stringify(shown), new RegExp(KEY));
  assert.notEqual(gateway.ask("gray-trials", "go on", { session: "t" }).model, OWL);
});

test("a child carries its parent's labels and ticket, and its parent the child's", () => {
  const gateway = new Gateway(folder());
  warm(gateway);
  const spawn = (agent, parent, child) =>
    gateway.call("subagent_spawned", { childSessionKey: `agent:${agent}:${child}` }, { requesterSessionKey: `agent:${agent}:${parent}` });
  gateway.ask("security-audit", "SEC-9", { session: "p" });
  spawn("security-audit", "p", "c");
  assert.equal(gateway.ask("security-audit", "part of it", { session: "c" }).model, OPUS);
  spawn("gray-trials", "gp", "gc");
  gateway.ask("gray-trials", `key ${KEY}`, { session: "gc" });
  assert.notEqual(gateway.ask("gray-trials", "what did it find?", { session: "gp" }).model, OWL);
});

test("what timers and web hooks start is one session with the agent's main one", () => {
  const gateway = new Gateway(folder());
  warm(gateway);
  gateway.ask("gray-trials", `key ${KEY}`, { session: "cron:1:run:2", trigger: "cron" });
  assert.notEqual(gateway.ask("gray-trials", "events", { session: "main:heartbeat", trigger: "heartbeat" }).model, OWL);
});

test("what OpenRouter says is left counts while it is fresh, and where it is less", async () => {
  const limit = { name: "c", limit: units("10"), soft: 80n, period: "monthly" };
  const state = { spentIn: () => units("1") };
  const said = async (left) => {
    const cap = new Cap(async () => left);
    cap.standing(state, limit);
    await new Promise(setImmediate);
    return cap;
  };
  assert.equal((await said(units("0"))).standing(state, limit), "passed");
  assert.equal((await said(units("1.5"))).standing(state, limit), "soft");
  assert.equal((await said(units("99"))).standing(state, limit), null);
  assert.equal((await said(null)).standing(state, limit), null);
  assert.equal((await said(units("0"))).standing(state, limit, Date.now() + 11 * 60_000), null);
  const broken = new Cap(() => Promise.reject(new Error("no network")));
  assert.equal(broken.standing(state, limit), null);
});

test("tool errors are the model's: tools that do not exist, arguments that do not fit", () => {
  const gateway = new Gateway(folder());
  const turn = gateway.ask("agent-loops", "hello");
  const failed = (text) => gateway.write(turn.context, { role: "toolResult", isError: true, content: [{ type: "text", text }] });
  failed("Unknown tool id: nonsense. Use tool_search to find a tool");
  failed('Invalid arguments for tool "openclaw:core:read": path: must have required property');
  failed("File not found: /etc/nowhere.");
  gateway.answer(turn, { tools: ["tool_call", "tool_call", "read"] });
  assert.equal(gateway.lines.at(-1).tool_calls, 3);
  assert.equal(gateway.lines.at(-1).tool_errors, 2);
});

test("the log is bounded, its lines are short, and no text is in the folder", () => {
  const gateway = new Gateway(folder());
  const prompt = "SECRET-WORDS in a prompt";
  gateway.answer(gateway.ask("agent-loops", prompt, { session: "s".repeat(5000), history: ["HISTORY-WORDS"] }));
  gateway.call("gateway_stop", {}, {});
  for (const name of fs.readdirSync(path.join(gateway.root, "state"))) {
    assert.doesNotMatch(fs.readFileSync(state(gateway, name), "latin1"), /SECRET-WORDS|HISTORY-WORDS/);
    assert.equal(fs.statSync(state(gateway, name)).mode & 0o77, 0, name);
  }
  const line = JSON.stringify(gateway.lines[0]) + "\n";
  fs.writeFileSync(state(gateway, "decisions.jsonl"), line.repeat(Math.floor((8 * 1024 * 1024) / line.length) - 20));
  const next = new Gateway(gateway.root);
  for (let at = 0; at < 40; at += 1) next.answer(next.ask("agent-loops", "hello"));
  assert.ok(fs.existsSync(state(gateway, "decisions.1.jsonl")));
  assert.ok(fs.statSync(state(gateway, "decisions.jsonl")).size < 8 * 1024 * 1024);
  assert.ok(next.lines.every((line) => Buffer.byteLength(JSON.stringify(line)) < 1024));
});

test("money is whole numbers, periods are UTC's and weeks begin on Monday", () => {
  assert.equal(decimal(units("0.000001568") * 3n), "0.000004704");
  assert.equal(decimal(units("1e-7")), "0.0000001");
  assert.equal(decimal(units("12")), "12");
  assert.throws(() => units("NaN"));
  assert.throws(() => units("-1"));
  const moment = Date.parse("2026-11-29T23:59:59.999Z"); // a Sunday
  assert.equal(periodOf("weekly", moment), "2026-11-23");
  assert.equal(periodOf("weekly", moment + 1), "2026-11-30");
  assert.equal(periodOf("monthly", moment + 86_400_001), "2026-12");
  assert.equal(periodOf("daily", moment), "2026-11-29");
});
