// What the policies say about one turn. index.js asks; nothing here knows how OpenClaw is answered.

import { createHash, randomUUID } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { Cap } from "./cap.js";
import { ofPaths, ofText, pathsInInput, pathsInText, strings, ticketIn } from "./labels.js";
import { empty, replace } from "./log.js";
import { decimal, listCost, units } from "./money.js";
import { keyOf, PolicyFile } from "./policy.js";
import { Share } from "./share.js";
import { State } from "./state.js";

/** What a timer or a web hook starts is told to the agent's main session, and read there: all of it is one session. */
const BY_MACHINE = /^agent:([^:]*):(?:cron:.*|hook:.*|main:heartbeat)$/s;
const MOST_RUNS = 2_000;
const MOST_READ = 50_000;
/** What the record takes, as the ledger reads it and Cursor's guard writes it: the rest might be words of a person. */
const TICKET = /^[!-~]{1,60}$/;
const MODEL = /^[A-Za-z0-9@~][A-Za-z0-9@~._:/-]{0,199}$/;
const SCENARIO = /^[a-z0-9][a-z0-9-]{0,62}$/;
/** USD; no call costs more, whatever a provider says. */
const MOST_BILL = 1e6;
/** What OpenClaw answers where the model asked for a tool that is not there, or with arguments that do not fit. */
const MODELS_FAULT = /Unknown tool id|Invalid arguments for tool|Tool \S+ not found|Validation failed for tool/;

export class Guard {
  constructor(folder, logger, ask) {
    this.logger = logger;
    this.problem = null;
    this.started = new Date().toISOString();
    this.policyFile = new PolicyFile(path.join(folder, "guard.json"));
    this.state = new State(path.join(folder, "state"), (problem) => this.raise(problem));
    this.share = new Share();
    this.cap = new Cap(ask);
    this.runs = new Map();
    this.running = new Map();
    this.clean = new Map();
    this.machine = machineName(path.join(folder, "machine"));
    this.policy();
  }

  /** Something is wrong with the state: status.json says so until the next start. */
  raise(problem) {
    this.problem = problem;
    this.shout(problem);
    if (this.state) this.tell();
  }

  shout(problem) {
    this.logger.error("vane-guard: " + problem);
    process.stderr.write("vane-guard: " + problem + "\n");
  }

  tell() {
    const problem = this.policyFile.problem ?? this.problem;
    const said = { ok: problem === null, problem, at: new Date().toISOString(), policy_sha256: this.policyFile.sha256 };
    try {
      replace(path.join(this.state.folder, "status.json"), { ...said, started: this.started });
    } catch (error) {
      process.stderr.write("vane-guard: status.json cannot be written: " + error.code + "\n");
      empty(path.join(this.state.folder, "status.json")); // an old one must not go on saying that all is well
    }
  }

  /** The policy as it stands, or null; a change of it is told at once. */
  policy() {
    const before = this.policyFile.seen;
    const found = this.policyFile.current();
    if (this.policyFile.seen === before) return found;
    this.clean.clear();
    if (this.policyFile.problem) this.shout(this.policyFile.problem);
    this.tell();
    return found;
  }

  // --- what a turn is about

  /** The turn, by a hook that surely names its session: clients can choose a run's name, also one that there was. */
  turn(context) {
    const found = this.runs.get(runOf(context));
    if (found && context.sessionKey && found.name !== this.nameOf(context.sessionKey)) this.runs.delete(found.id);
    return this.run(context);
  }

  /** The turn that OpenClaw speaks of; each candidate of its chain meets the same one. */
  run(context) {
    const id = runOf(context);
    const found = this.runs.get(id);
    if (found) return found;
    this.state.catchUp(); // another process may have found a label
    const own = context.sessionKey ?? context.sessionId ?? context.runId;
    const name = this.nameOf(own);
    const session = BY_MACHINE.test(own) ? this.state.session(name) : this.renewed(name, context.sessionId);
    session.at = Math.max(session.at, Date.now()); // not the first one to be forgotten
    const place = { agent: context.agentId ?? "", base: context.workspaceDir ?? os.homedir() };
    if (own.includes(":subagent:") && session.parent === null) this.add(session, this.labelsUnderWay(place.agent));
    const made = { id, key: this.state.hash(own), name, session, ...place, attempt: null };
    this.runs.set(id, made);
    if (this.runs.size > MOST_RUNS) this.runs.delete(this.runs.keys().next().value);
    return made;
  }

  nameOf(sessionKey) {
    return this.state.hash(sessionKey.replace(BY_MACHINE, "agent:$1:main"));
  }

  /** A session that a person closed takes nothing into the next one; one that was compacted does. */
  renewed(name, sessionId) {
    const known = this.state.session(name);
    if (!sessionId) return known;
    const id = this.state.hash(sessionId);
    const isOver = known.id !== id && known.ended !== null && known.ended === known.id;
    // another object: a turn of the old one that is still under way keeps what it carries
    return Object.assign(isOver ? this.state.afresh(name) : known, { id });
  }

  /** Labels of an agent's turns under way: a child may come before it is told whose child it is. */
  labelsUnderWay(agent) {
    return [...this.running.values()].filter((run) => run.agent === agent).flatMap((run) => [...run.session.labels]);
  }

  /** OpenClaw deletes what a timer started, once it is over; the main session that it was told to goes on. */
  ended(sessionKey, sessionId) {
    if (BY_MACHINE.test(sessionKey)) return;
    this.state.session(this.nameOf(sessionKey)).ended = this.state.hash(sessionId);
  }

  /** A child carries what its parent carries, and what it finds its parent gets. */
  spawned(childKey, parentKey) {
    const name = this.nameOf(parentKey);
    const [child, parent] = [this.state.session(this.nameOf(childKey)), this.state.session(name)];
    Object.assign(child, { ticket: child.ticket ?? parent.ticket, gray: child.gray ?? parent.gray, parent: name });
    child.at = Math.max(child.at, parent.at);
    this.add(parent, [...child.labels]);
    this.add(child, [...parent.labels]);
    this.state.save();
  }

  /** Labels stay with the session; new ones are written down at once, before anything is sent. */
  add(session, labels) {
    const fresh = labels.filter((label) => !session.labels.has(label));
    if (fresh.length === 0) return;
    fresh.forEach((label) => session.labels.add(label));
    if (session.parent && this.state.sessions.has(session.parent)) this.add(this.state.session(session.parent), fresh);
    this.state.save();
  }

  /** Takes in what a person wrote: the labels that it carries, and its ticket. */
  hear(run, policy, text) {
    const heard = digest(text);
    if (run.heard === heard && run.heardBy === policy) return;
    const paths = [...pathsInText(text), run.base];
    this.add(run.session, ofText(policy, text));
    this.add(run.session, ofPaths(policy, paths, run.base));
    const { ticket } = policy.scenarios.get(run.agent) ?? {};
    const found = ticket && ticketIn(ticket, text);
    if (found) run.session.ticket = TICKET.test(found) ? found : "?";
    Object.assign(run, { heard, heardBy: policy }); // last: a text of which the half was read is read again
  }

  /** Takes in texts that go along (history, system prompt); what was read before is not read again. */
  read(run, policy, texts) {
    for (const text of texts) {
      const name = digest(text);
      if (!this.clean.has(name)) this.clean.set(name, ofText(policy, text));
      this.add(run.session, this.clean.get(name));
      if (this.clean.size > MOST_READ) this.clean.clear();
    }
  }

  // --- what may be asked

  /** Whether the turn runs on a model of this Mac. */
  isLocal(run) {
    return keyOf(run.attempt?.chosen ?? "") === "local";
  }

  labelsOf(run, scenario) {
    return [...new Set([...scenario.labels, ...run.session.labels])];
  }

  /** The labels of a session that a model may not see; a model that the policy does not know may see none. */
  denials(run, scenario, ref) {
    const denied = scenario.denied.get(ref);
    return this.labelsOf(run, scenario).filter((label) => !denied || denied.has(label));
  }

  /**
   * Where a candidate's turn goes: {ref, reason} (the candidate itself, or another model), or {ref: null, reason,
   * label}. Only with `book` is anything reserved or remembered.
   */
  choose(run, policy, ref, book) {
    const scenario = policy.scenarios.get(run.agent);
    if (!scenario) return keyOf(ref) === "local" ? { ref, reason: null } : { ref: null, reason: "unreadable" };
    const isPassed = () => this.capPassed(policy, scenario);
    const allowed = (key) => key !== "gray" && (key !== "dollar" || !isPassed());
    const others = scenario.models.filter((model) => model !== ref && allowed(keyOf(model)));
    const denied = this.denials(run, scenario, ref);
    if (denied.length > 0) {
      const blocking = denied.find((label) => policy.labels.get(label)?.blocks);
      return this.pick(run, scenario, blocking ? [] : others, "label", blocking ?? denied[0]);
    }
    if (keyOf(ref) === "gray" && !this.admits(run, policy, scenario, book)) {
      return this.pick(run, scenario, scenario.pastShare ?? others, "share");
    }
    if (keyOf(ref) === "dollar" && isPassed()) return this.pick(run, scenario, scenario.pastCap ?? others, "cap");
    return { ref, reason: null };
  }

  pick(run, scenario, refs, reason, label = null) {
    const ref = refs.find((each) => this.denials(run, scenario, each).length === 0) ?? null;
    return { ref, reason, label };
  }

  admits(run, policy, scenario, book) {
    const { session } = run;
    if (this.labelsOf(run, scenario).length > 0) return false;
    if (!policy.gray) return true;
    this.state.catchUp();
    const admitted = this.share.admits(this.state, policy.gray, session, run.agent, run.id);
    if (book) session.gray = admitted ? "admitted" : "moved";
    else this.share.settle(run.id);
    return admitted;
  }

  capPassed(policy, scenario) {
    const cap = dollarCap(policy, scenario);
    if (!cap || scenario.incident) return false;
    this.state.catchUp();
    return this.cap.standing(this.state, cap) === "passed";
  }

  /** Whether the day's first warning that a cap is near is due. */
  nearCap(policy, scenario) {
    const cap = dollarCap(policy, scenario);
    if (!cap || this.cap.standing(this.state, cap) === null) return false;
    if (!this.cap.isNew(cap.name, new Date().toISOString().slice(0, 10))) return false;
    this.logger.warn(`vane-guard: ${cap.name} is past its soft line`);
    return true;
  }

  /** Why a turn is answered without a model, in words for a person; null where it may go on. */
  refusal(run, policy, ref) {
    if (policy === null) return keyOf(ref) === "local" ? null : this.refuse(run, ref, "unreadable", UNREADABLE);
    const scenario = policy.scenarios.get(run.agent);
    if (scenario?.ticket && !run.session.ticket) return this.refuse(run, ref, "ticket", ticketWanted(scenario));
    const { ref: chosen, reason, label } = this.choose(run, policy, ref, false);
    return chosen ? null : this.refuse(run, ref, reason, explained(policy, reason, label));
  }

  refuse(run, ref, reason, message) {
    this.write(run, { wanted: ref, chosen: null, action: "block", reason });
    return message;
  }

  // --- what happened

  /** A candidate's turn begins on a model. */
  begin(run, wanted, { ref, reason }, warn) {
    const action = reason ? "reroute" : warn ? "warn" : "allow";
    const tokens = { prompt: 0, completion: 0, cacheRead: 0, cacheWrite: 0 };
    const counts = { calls: 0, toolCalls: 0, toolErrors: 0, cost: null, from: null };
    run.attempt = { wanted, chosen: ref, action, reason: reason ?? (warn ? "cap" : null), ...tokens, ...counts };
    this.running.set(run.key, run);
  }

  /** A model's or a tool's message as it is written into the session. */
  message(sessionKey, message) {
    const run = this.running.get(this.state.hash(sessionKey));
    const attempt = run?.attempt;
    if (!attempt) return;
    if (message.role === "assistant") this.answered(run, attempt, message);
    const failed = message.role === "toolResult" && message.isError;
    if (failed && strings(message.content).some((text) => MODELS_FAULT.test(text))) attempt.toolErrors += 1;
  }

  answered(run, attempt, message) {
    const usage = message.usage ?? {};
    const [read, written] = [whole(usage.cacheRead), whole(usage.cacheWrite)];
    const [prompt, completion] = [whole(usage.input) + read + written, whole(usage.output)];
    const tokens = { prompt, completion, cacheRead: read, cacheWrite: written };
    const parts = Array.isArray(message.content) ? message.content : [];
    attempt.toolCalls += parts.filter((part) => part.type === "toolCall").length;
    if (tokens.prompt + tokens.completion === 0) return;
    attempt.calls += 1;
    for (const [name, count] of Object.entries(tokens)) attempt[name] += count;
    const { total, totalOrigin } = usage.cost ?? {};
    const billed = totalOrigin === "provider-billed" && typeof total === "number" && total >= 0 && total < MOST_BILL;
    const cost = billed ? units(total) : listCost(this.policyFile.policy?.prices[attempt.chosen], tokens);
    if (cost !== null) attempt.cost = (attempt.cost ?? 0n) + cost;
    if (cost !== null) attempt.from = billed ? (attempt.from ?? "provider") : "prices";
    this.share.grow(run.id, attempt.prompt + attempt.completion);
  }

  /** A candidate's turn is over. */
  finish(run, outcome) {
    const { attempt } = run;
    run.attempt = null;
    if (attempt) this.write(run, { ...attempt, outcome });
    this.share.settle(run.id);
    if (this.running.get(run.key) === run) this.running.delete(run.key);
  }

  write(run, what) {
    this.state.append({
      version: 1,
      id: randomUUID().replaceAll("-", ""),
      at: new Date().toISOString(),
      machine: this.machine,
      surface: "openclaw",
      scenario: SCENARIO.test(run.agent) ? run.agent : null,
      agent_run: this.state.hash(run.id),
      session: run.name,
      labels: [...run.session.labels],
      ticket: run.session.ticket,
      wanted: MODEL.test(what.wanted) ? what.wanted : "?",
      chosen: what.chosen === null || MODEL.test(what.chosen) ? what.chosen : "?",
      action: what.action,
      reason: what.reason,
      prompt_tokens: what.prompt ?? 0,
      completion_tokens: what.completion ?? 0,
      cache_read_tokens: what.cacheRead ?? 0,
      cache_write_tokens: what.cacheWrite ?? 0,
      cost_usd: what.cost === null || what.cost === undefined ? null : decimal(what.cost),
      cost_from: what.from ?? null,
      calls: what.calls ?? 0,
      tool_calls: what.toolCalls ?? 0,
      tool_errors: Math.min(what.toolErrors ?? 0, what.toolCalls ?? 0),
      outcome: what.outcome ?? null,
    });
  }

  /** Why a tool may not run for the model that asked; null where it may. Either way the session carries the label. */
  toolObjection(run, policy, input) {
    const inText = strings(input).flatMap((text) => ofText(policy, text));
    return this.objection(run, policy, [...new Set([...ofPaths(policy, pathsInInput(input), run.base), ...inText])]);
  }

  /** Why a model may not see what a tool found. */
  resultObjection(run, policy, content) {
    return this.objection(run, policy, [...new Set(strings(content).flatMap((text) => ofText(policy, text)))]);
  }

  objection(run, policy, labels) {
    if (labels.length === 0) return null;
    const ref = run.attempt?.chosen;
    const denied = policy.scenarios.get(run.agent)?.denied.get(ref);
    const closed = labels.find((label) => !denied || denied.has(label) || keyOf(ref) === "gray");
    this.add(run.session, labels);
    return closed ? `This is ${described(policy, closed)} The model of this turn may not see it. ${AGAIN}` : null;
  }
}

const dollarCap = ({ caps }, scenario) =>
  caps.find((each) => each.key === "dollar" && (scenario.cap === null || each.name === scenario.cap));

const AGAIN = "Ask again in a new message: the session now goes to a model that may, or says that there is none.";
export const UNREADABLE =
  "The guard cannot read its policy, so nothing leaves for a model in the cloud. Models on this Mac go on. " +
  "`vane-agent status` says what is wrong.";

const ticketWanted = ({ title, ticket }) =>
  `"${title}" needs a ticket: put its id into the message, as a word of its own that matches ${ticket.pattern}, ` +
  "and send it again.";

function described(policy, name) {
  const label = policy.labels.get(name);
  return label ? `labelled "${name}" (${[label.title, ...label.reasons].join("; ")}).` : `labelled "${name}".`;
}

function explained(policy, reason, label) {
  if (reason === "label") return `This session is ${described(policy, label)} No model that may see it is open to it.`;
  if (reason === "share") return "The gray pool has had its share, and the policies name no other model for this.";
  if (reason === "cap") return "The dollar cap is reached, and the policies name no other model for this.";
  return UNREADABLE;
}

const runOf = (context) => context.runId ?? context.sessionKey;

const digest = (text) => createHash("sha256").update(text).digest("base64");

const whole = (value) => (Number.isSafeInteger(value) && value > 0 ? value : 0);

/** What the deploy agent calls this Mac, else the host's own name. */
function machineName(file) {
  const name = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : os.hostname().split(".")[0];
  const plain = name.trim().toLowerCase().replace(/[^a-z0-9-]+/g, "-").replace(/^-+/, "");
  return plain.slice(0, 63) || "mac";
}
