// Weathervane's guard in the OpenClaw gateway: what openclaw.json has no word for, asked for each candidate of a turn.
// Labels fail closed, shares and caps fail open with an alarm. See docs/decisions/0028 and docs/guard.md.

import { Guard, UNREADABLE } from "./guard.js";
import { strings } from "./labels.js";
import { keyOf } from "./policy.js";

/** After these a session's next id is a new conversation; after a compaction it is the old one. */
const CLOSED = new Set(["new", "reset", "idle", "daily", "deleted"]);

const candidate = (context) => context.modelProviderId + "/" + context.modelId;

export default {
  id: "vane-guard",
  name: "Weathervane guard",
  description: "Holds shares, caps, tickets and labels on each turn.",
  register(api) {
    // OpenClaw loads a plugin more than once in a process, runs copies of it, and loads it only to look at it. So there
    // is one guard a process, folder and build; nothing is read or written before its first hook
    let made = null;
    const name = Symbol.for(["vane-guard", api.rootDir, api.pluginConfig?.build].join(":"));
    const guard = () => (made ??= globalThis[name] ??= new Guard(api.rootDir, api.logger));

    api.on("gateway_start", () => void guard());
    api.on("gateway_stop", () => guard().state.save());

    /** Runs once a turn, before any model: answers what needs no model. */
    api.on("before_agent_reply", (event, context) => {
      const policy = guard().policy();
      const run = made.turn(context);
      if (policy) made.hear(run, policy, event.cleanedBody ?? "");
      const text = made.refusal(run, policy, candidate(context));
      if (text !== null) return { handled: true, reply: { text } };
    });

    /** Runs for each candidate: moves it to a model that may answer. */
    api.on("before_model_resolve", (event, context) => {
      const policy = guard().policy();
      const run = made.turn(context);
      made.finish(run, "error"); // a candidate before this one that nobody saw end
      if (!policy) return;
      made.hear(run, policy, event.prompt ?? "");
      const wanted = candidate(context);
      const choice = made.choose(run, policy, wanted, true);
      const scenario = policy.scenarios.get(run.agent);
      const isNear = !choice.reason && keyOf(wanted) === "dollar" && made.nearCap(policy, scenario);
      made.begin(run, wanted, choice, isNear);
      if (choice.ref === null || choice.ref === wanted) return;
      const [providerOverride, ...rest] = choice.ref.split("/");
      return { providerOverride, modelOverride: rest.join("/") };
    });

    /** The net below: sees all that the model would see. An error here blocks the turn. */
    api.on("before_agent_run", (event, context) => {
      const policy = guard().policy();
      const run = made.turn(context);
      const ref = candidate(context);
      if (policy) {
        made.hear(run, policy, event.prompt ?? "");
        const messages = (event.messages ?? []).flatMap((message) => strings(message.content));
        made.read(run, policy, [event.systemPrompt ?? "", ...messages]);
      }
      if (run.attempt?.chosen !== ref) made.begin(run, run.attempt?.wanted ?? ref, { ref, reason: null }, false);
      const reason = blocked(made, run, policy, ref);
      if (reason === null) return;
      run.attempt = null; // the block is what is written down
      made.finish(run, "error");
      made.refuse(run, ref, reason, "");
      return { outcome: "block", reason, message: "Weathervane's guard stopped this turn: " + reason + "." };
    });

    api.on("agent_end", (event, context) => guard().finish(made.run(context), event.success ? "ok" : "error"));

    api.on("before_message_write", (event, context) => {
      guard().message(event.sessionKey ?? context.sessionKey, event.message);
    });

    api.on("before_tool_call", (event, context) => {
      const policy = guard().policy();
      const run = made.run(context);
      if (!policy) return made.isLocal(run) ? undefined : { block: true, blockReason: UNREADABLE };
      const why = made.toolObjection(run, policy, [event.params, event.derivedPaths]);
      if (why !== null) return { block: true, blockReason: why };
    });

    api.registerAgentToolResultMiddleware(
      (event, context) => {
        const policy = guard().policy();
        const run = made.run(context);
        if (!policy && made.isLocal(run)) return;
        const why = policy ? made.resultObjection(run, policy, event.result.content) : UNREADABLE;
        if (why !== null) return { result: { content: [{ type: "text", text: why }], details: { status: "error" } } };
      },
      { runtimes: ["openclaw"] },
    );

    api.on("subagent_spawned", (event, context) => {
      const [child, parent] = [event.childSessionKey, context.requesterSessionKey];
      if (child && parent) guard().spawned(child, parent);
    });

    api.on("session_end", (event, context) => {
      const { reason, sessionKey, sessionId = context.sessionId } = event;
      if (CLOSED.has(reason) && sessionKey) guard().ended(sessionKey, sessionId);
    });
  },
};

/** Why a model may not be asked, as a word of the log; null where it may. */
function blocked(guard, run, policy, ref) {
  if (policy === null) return keyOf(ref) === "local" ? null : "unreadable";
  const scenario = policy.scenarios.get(run.agent);
  if (!scenario) return keyOf(ref) === "local" ? null : "unreadable";
  if (guard.denials(run, scenario, ref).length > 0) return "label";
  if (keyOf(ref) !== "gray") return null;
  if (guard.labelsOf(run, scenario).length > 0) return "label";
  return guard.share.reserved.has(run.id) || guard.admits(run, policy, scenario, true) ? null : "share";
}
