// What somebody might try who wants a label, a ticket or a count to get lost.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { Cap } from "../../compiler/targets/openclaw/guard/cap.js";
import { remotes } from "../../compiler/targets/openclaw/guard/git.js";
import { pathsInText, ticketIn } from "../../compiler/targets/openclaw/guard/labels.js";
import { units } from "../../compiler/targets/openclaw/guard/money.js";
import { State } from "../../compiler/targets/openclaw/guard/state.js";
import { folder, Gateway, warm } from "./drive.mjs";

const OWL = "openrouter-gray/openrouter/owl-alpha";
const FLASH = "openrouter/deepseek/deepseek-v4-flash";
const KEY = "sk-" + "a1B2".repeat(8);
const SECRETS = "see /srv/secrets/prod.txt";
const session = (name) => `agent:gray-trials:${name}`;

/** As OpenClaw calls hooks: an error in before_agent_run blocks, one in the others is passed over. */
class Forgiving extends Gateway {
  call(name, event, context) {
    try {
      return super.call(name, event, context);
    } catch {
      return name === "before_agent_run" ? { outcome: "block", reason: "error" } : undefined;
    }
  }
}

test("a path that cannot be judged does not let the rest of the prompt through", () => {
  const gateway = new Forgiving(folder());
  warm(gateway);
  const broken = path.join(gateway.root, "broken");
  fs.mkdirSync(broken);
  fs.writeFileSync(path.join(broken, ".git"), "gitdir: /nowhere/at/all\n");
  const said = gateway.ask("gray-trials", `read ${broken}/notes.txt with ${KEY}`, { session: "b" });
  assert.equal(said.blocked, "error");
  assert.notEqual(gateway.ask("gray-trials", "go on", { session: "b" }).model, OWL);
});

test("what no program could open is no reason to stop, and does not hide what one could", () => {
  const gateway = new Gateway(folder());
  warm(gateway);
  const long = "a/".repeat(50_000);
  assert.equal(gateway.ask("agent-loops", `/etc/\0x.txt ${long}`).model, FLASH);
  const { context } = gateway.ask("gray-trials", "hello", { session: "t" });
  const winding = "a/../".repeat(1000) + "secrets/prod.txt";
  assert.match(gateway.call("before_tool_call", { params: { path: winding } }, context).blockReason, /credentials/);
});

test("a timer's session that is deleted takes no label from the main one", () => {
  const gateway = new Gateway(folder());
  warm(gateway);
  gateway.answer(gateway.ask("gray-trials", SECRETS, { session: "main", sessionId: "m" }));
  gateway.answer(gateway.ask("gray-trials", "tick", { session: "cron:1", sessionId: "c", trigger: "cron" }));
  const deleted = { sessionKey: session("cron:1"), sessionId: "c" };
  gateway.call("session_end", { ...deleted, reason: "deleted" }, deleted);
  assert.notEqual(gateway.ask("gray-trials", "go on", { session: "main", sessionId: "m" }).model, OWL);
});

test("a run's name that was used before does not bring another session's labels", () => {
  const gateway = new Gateway(folder());
  warm(gateway);
  gateway.answer(gateway.ask("gray-trials", SECRETS, { session: "labelled" }));
  gateway.answer(gateway.ask("gray-trials", "hello", { session: "clean", run: "mine" }));
  assert.notEqual(gateway.ask("gray-trials", "go on", { session: "labelled", run: "mine" }).model, OWL);
});

test("a child that comes before it is told whose child it is, and one after a kill", () => {
  const gateway = new Gateway(folder());
  warm(gateway);
  gateway.ask("gray-trials", SECRETS, { session: "p" }); // under way
  assert.notEqual(gateway.ask("gray-trials", "a part of it", { session: "subagent:1" }).model, OWL);
  const [early, late] = [{ childSessionKey: session("subagent:2") }, { childSessionKey: session("subagent:3") }];
  gateway.ask("gray-trials", SECRETS, { session: "subagent:2" });
  gateway.call("subagent_spawned", early, { requesterSessionKey: session("q") });
  assert.notEqual(gateway.ask("gray-trials", "go on", { session: "subagent:2" }).model, OWL);
  assert.notEqual(gateway.ask("gray-trials", "what was it?", { session: "q" }).model, OWL);
  gateway.call("subagent_spawned", late, { requesterSessionKey: session("p") });
  const next = new Gateway(gateway.root);
  assert.notEqual(next.ask("gray-trials", "go on", { session: "subagent:3" }).model, OWL);
});

test("another process's labels hold here at once", () => {
  const one = new Gateway(folder());
  warm(one);
  const other = new Gateway(one.root);
  one.answer(one.ask("agent-loops", SECRETS, { session: "both" }));
  const turn = other.ask("agent-loops", "go on", { session: "both" });
  other.answer(turn);
  assert.deepEqual(other.lines.at(-1).labels, ["credentials"]);
});

test("sessions under way are not the ones that are forgotten", () => {
  const first = new Gateway(folder());
  warm(first);
  const [line] = first.lines;
  const others = Array.from({ length: 5_001 }, (_, at) => JSON.stringify({ ...line, session: String(at) }) + "\n");
  fs.appendFileSync(path.join(first.root, "state", "decisions.jsonl"), others.join(""));
  const gateway = new Gateway(first.root);
  const { context } = gateway.ask("gray-trials", "hello", { session: "p" });
  gateway.call("gateway_stop", {}, {}); // it saves, and forgets
  gateway.call("before_tool_call", { params: { path: "/srv/secrets/prod.txt" } }, context);
  gateway.call("subagent_spawned", { childSessionKey: session("c") }, { requesterSessionKey: session("p") });
  assert.notEqual(gateway.ask("gray-trials", "go on", { session: "c" }).model, OWL);
});

test("a ticket that goes on and on is a ticket, and is not written down", () => {
  const gateway = new Gateway(folder());
  gateway.answer(gateway.ask("security-audit", "SEC-" + "1".repeat(2000)));
  assert.equal(gateway.lines.at(-1).ticket, "?");
  assert.ok(JSON.stringify(gateway.lines.at(-1)).length < 1024);
});

test("a long run of full stops or brackets costs no time", () => {
  const [started, ticket] = [performance.now(), { expression: /^SEC-[0-9]+$/u }];
  assert.equal(ticketIn(ticket, "x" + "(".repeat(400_000) + "x"), null);
  assert.deepEqual(pathsInText("x" + ".".repeat(400_000) + "/x:"), ["x" + ".".repeat(400_000) + "/x"]);
  assert.ok(performance.now() - started < 5_000); // the square of it was minutes
});

test("a line of the log that makes no sense is left out with an alarm", () => {
  const gateway = new Gateway(folder());
  warm(gateway);
  const [line] = gateway.lines;
  const odd = [{ cost_usd: "much" }, { labels: null }, { prompt_tokens: "9".repeat(99) }, { at: "never" }, { chosen: 7 }];
  const text = odd.map((change) => JSON.stringify({ ...line, chosen: "openrouter-dollar/x", ...change }) + "\n").join("");
  fs.appendFileSync(path.join(gateway.root, "state", "decisions.jsonl"), text);
  const said = [];
  const next = new Gateway(gateway.root, { error: (problem) => said.push(problem), warn() {} });
  assert.match(said.join(), /5 lines .* made no sense/);
  assert.equal(next.status.ok, false);
  assert.equal(next.ask("gray-trials", "hello", { session: "new" }).model, OWL);
});

test("a scenario may have a name that every object has", () => {
  const renamed = (data) => ({ ...data, scenarios: { ...data.scenarios, constructor: data.scenarios["gray-trials"] } });
  const gateway = new Gateway(folder(renamed));
  warm(gateway);
  gateway.answer(gateway.ask("constructor", "hello", { model: OWL }));
  assert.equal(gateway.ask("constructor", "hello", { session: "next", model: OWL }).model, OWL);
  gateway.call("gateway_stop", {}, {});
  assert.equal(new Gateway(gateway.root).status.ok, true);
});

test("a cost out of all proportion is no cost of the provider's", () => {
  const gateway = new Gateway(folder());
  for (const cost of [Infinity, 1e300, 1e6]) {
    gateway.answer(gateway.ask("security-audit", "SEC-1"), { cost });
    assert.equal(gateway.lines.at(-1).cost_from, "prices");
  }
});

test("names that the ledger would refuse are not written down", () => {
  const gateway = new Gateway(folder());
  assert.match(gateway.ask("my_own agent", "hello", { model: "openrouter/a model, in words" }).text, /cannot read/);
  const { scenario, wanted } = gateway.lines.at(-1);
  assert.deepEqual({ scenario, wanted }, { scenario: null, wanted: "?" });
});

test("a clock that is set back does not keep an old answer about money", () => {
  const limit = { name: "c", limit: units("10"), soft: 80n, period: "monthly" };
  let asked = 0;
  const cap = new Cap(async () => ((asked += 1), null));
  const state = { spentIn: () => 0n };
  cap.answer = { left: 0n, at: Date.now() };
  assert.equal(cap.standing(state, limit), "passed");
  assert.equal(cap.standing(state, limit, Date.now() - 86_400_000), null);
  assert.equal(asked, 2);
});

test("a torn salt is an alarm: a name that anybody can make is none", () => {
  const root = folder();
  fs.mkdirSync(path.join(root, "state"));
  fs.writeFileSync(path.join(root, "state", "salt"), "");
  const said = [];
  new Gateway(root, { error: (problem) => said.push(problem), warn() {} });
  assert.match(said.join(), /salt is torn/);
});

test("a status that cannot be renewed does not go on saying that all is well", () => {
  const gateway = new Gateway(folder());
  assert.equal(gateway.status.ok, true);
  const file = path.join(gateway.root, "state", "status.json");
  fs.mkdirSync(`${file}.${process.pid}.tmp`); // stands in for a full disk: the new one cannot be written
  fs.writeFileSync(path.join(gateway.root, "guard.json"), "{");
  gateway.ask("agent-loops", "hello");
  assert.equal(fs.readFileSync(file, "utf8"), "");
});

test("git settings that include themselves, or have no end, are read once or not", () => {
  const root = folder();
  const git = (name) => path.join(root, ".git", name);
  fs.mkdirSync(git(""));
  execFileSync("mkfifo", [git("pipe")]);
  const includes = "[include]\n" + "path = config\npath = ../.git/config\n".repeat(9) + "path = pipe\n";
  fs.writeFileSync(git("config"), includes + '[remote "late"]\n  url = git@github.com:acme/crm.git\n');
  assert.deepEqual(remotes(root), ["github.com/acme/crm"]);
  for (let at = 0; at < 100; at += 1) fs.writeFileSync(git("more" + at), `[include] path = more${at + 1}\n`);
  fs.writeFileSync(git("config"), "[include] path = more0\n");
  assert.throws(() => remotes(root), /too many files/);
});

test("a turn under way keeps its labels while its session is closed and begun anew", () => {
  const gateway = new Gateway(folder());
  warm(gateway);
  const old = gateway.ask("gray-trials", SECRETS, { session: "s", sessionId: "1" });
  const closed = { sessionKey: session("s"), sessionId: "1" };
  gateway.call("session_end", { ...closed, reason: "new" }, closed);
  assert.equal(gateway.ask("gray-trials", "hello", { session: "s", sessionId: "2" }).model, OWL);
  const again = gateway.ask("gray-trials", SECRETS, { session: "s", sessionId: "1", run: old.context.runId });
  assert.notEqual(again.model, OWL);
});

test("hooks that name no run are told apart by their session", () => {
  const gateway = new Gateway(folder());
  warm(gateway);
  const tool = (name, params) => gateway.call("before_tool_call", { params }, { agentId: "gray-trials", sessionKey: session(name) });
  tool("one", { command: "ls" });
  tool("two", { path: "/srv/secrets/prod.txt" });
  assert.notEqual(gateway.ask("gray-trials", "go on", { session: "two" }).model, OWL);
});

test("counters that went along with a rotation are those of the whole log", () => {
  const gateway = new Gateway(folder());
  warm(gateway);
  const file = path.join(gateway.root, "state", "decisions.jsonl");
  const idle = JSON.stringify({ ...gateway.lines[0], prompt_tokens: 0, completion_tokens: 0 }) + "\n";
  fs.appendFileSync(file, idle.repeat(Math.floor((8 * 1024 * 1024 - fs.statSync(file).size) / idle.length) - 1));
  for (let at = 0; at < 5; at += 1) gateway.answer(gateway.ask("agent-loops", "hello", { session: "r" + at }));
  assert.ok(fs.existsSync(file.replace(".jsonl", ".1.jsonl")));
  const counted = (folder) => new State(folder, () => {}).window(168, "agent-loops");
  const alone = fs.mkdtempSync(path.join(gateway.root, "log-"));
  gateway.call("gateway_stop", {}, {});
  const kept = counted(path.dirname(file));
  for (const name of ["decisions.1.jsonl", "decisions.jsonl"]) fs.copyFileSync(path.join(path.dirname(file), name), path.join(alone, name));
  assert.deepEqual(kept, counted(alone));
  assert.equal(kept.total, 66 * 12);
});
