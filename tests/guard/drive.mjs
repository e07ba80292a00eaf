// Hooks of OpenClaw's plugin API played in the order in which the real gateway was seen to call them (docs/openclaw.md).

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import plugin from "../../compiler/targets/openclaw/guard/index.js";

const GENERATED = new URL("../../generated/machines/studio/guard/guard.json", import.meta.url);
const silent = { error() {}, warn() {} };

/** A folder as the deploy agent leaves it, with guard.json as compiled for the studio Mac, or changed. */
export function folder(change = (data) => data) {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), "guard-"));
  fs.writeFileSync(path.join(made, "guard.json"), JSON.stringify(change(compiled())));
  fs.writeFileSync(path.join(made, "machine"), "studio\n");
  return made;
}

export const compiled = () => JSON.parse(fs.readFileSync(GENERATED, "utf8"));

/** The plugin in a process of its own, as far as its state goes: a new build name is a new guard. */
export class Gateway {
  static builds = 0;

  constructor(root, logger = silent) {
    this.root = root;
    this.hooks = new Map();
    this.runs = 0;
    const api = { rootDir: root, logger, pluginConfig: { build: String((Gateway.builds += 1)) } };
    api.on = (name, handler) => this.hooks.set(name, handler);
    api.registerAgentToolResultMiddleware = (handler) => this.hooks.set("middleware", handler);
    const before = process.stderr.write;
    process.stderr.write = () => true;
    plugin.register(api);
    this.hooks.get("gateway_start")({}, {});
    process.stderr.write = before;
  }

  call(name, event, context) {
    return this.hooks.get(name)(event, context);
  }

  /** A turn up to the moment at which the model is asked: {model} of that candidate, or {text} / {blocked}. */
  ask(agent, prompt, { session = "s", model, sessionId = session, trigger = "user", history = [], run } = {}) {
    const chain = compiled().scenarios[agent]?.candidates ?? [];
    const [modelProviderId, ...rest] = (model ?? chain[0].model).split("/");
    const runId = run ?? "run-" + (this.runs += 1);
    const sessionKey = `agent:${agent}:${session}`;
    const context = { runId, agentId: agent, sessionKey, sessionId, workspaceDir: this.root, trigger, modelProviderId, modelId: rest.join("/") };
    const said = run ? undefined : this.call("before_agent_reply", { cleanedBody: prompt }, context);
    if (said?.handled) return { text: said.reply.text };
    const moved = this.call("before_model_resolve", { prompt }, context);
    if (moved) Object.assign(context, { modelProviderId: moved.providerOverride, modelId: moved.modelOverride });
    const messages = history.map((content) => ({ role: "user", content }));
    const verdict = this.call("before_agent_run", { prompt, messages, systemPrompt: "You are an agent." }, context);
    if (verdict?.outcome === "block") return { blocked: verdict.reason, context };
    return { model: context.modelProviderId + "/" + context.modelId, context };
  }

  /** What the model answered, and the end of the turn. */
  answer({ context }, { input = 10, output = 2, cost, tools = [], success = true } = {}) {
    const content = tools.map((name) => ({ type: "toolCall", name }));
    const usage = { input, output, cacheRead: 0, cacheWrite: 0, cost: cost && { total: cost, totalOrigin: "provider-billed" } };
    this.write(context, { role: "assistant", content, usage });
    this.call("agent_end", { success }, context);
  }

  write({ agentId, sessionKey }, message) {
    this.call("before_message_write", { message }, { agentId, sessionKey });
  }

  get lines() {
    const file = path.join(this.root, "state", "decisions.jsonl");
    return fs.existsSync(file) ? fs.readFileSync(file, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line)) : [];
  }

  get status() {
    return JSON.parse(fs.readFileSync(path.join(this.root, "state", "status.json"), "utf8"));
  }
}

/** Turns of another scenario, so that the gray pool has something to be a tenth of. */
export function warm(gateway, turns = 60) {
  for (let at = 0; at < turns; at += 1) gateway.answer(gateway.ask("agent-loops", "hello", { session: "warm" + at }));
  gateway.answer(gateway.ask("gray-trials", "hello", { session: "warm" }));
}
