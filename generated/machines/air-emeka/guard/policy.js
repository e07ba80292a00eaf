// guard.json: what the policies answer for this Mac. Anything in it that is not understood makes all of it unreadable.

import { createHash } from "node:crypto";
import fs from "node:fs";
import { glob, repository } from "./globs.js";
import { units } from "./money.js";

export const FORMAT = "weathervane/guard/1";

const KEYS = { openrouter: "token", "openrouter-dollar": "dollar", "openrouter-gray": "gray", mlx: "local" };

/** Which credential pays for a model; OpenClaw's reference names it by the provider. */
export const keyOf = (ref) => KEYS[ref.split("/")[0]] ?? "unknown";

/** Reads guard.json again when the file is another one; keeps saying what is wrong with it for as long as it is. */
export class PolicyFile {
  constructor(file) {
    this.file = file;
    this.seen = null;
    this.policy = null;
    this.sha256 = null;
    this.problem = "guard.json was not read yet";
  }

  /** The policy, or null where it cannot be read. */
  current() {
    const stat = fs.statSync(this.file, { throwIfNoEntry: false, bigint: true });
    const now = stat ? stat.ino + ":" + stat.size + ":" + stat.mtimeNs : "none";
    if (now === this.seen) return this.policy;
    [this.policy, this.sha256, this.problem] = [null, null, null];
    try {
      const bytes = fs.readFileSync(this.file);
      this.sha256 = createHash("sha256").update(bytes).digest("hex");
      this.policy = parsed(bytes.toString("utf8"));
    } catch (error) {
      this.problem = "guard.json cannot be read: " + (error.code ?? error.message);
    }
    this.seen = now;
    return this.policy;
  }
}

/** guard.json as the guard asks it. */
export function parsed(text) {
  const data = JSON.parse(text);
  if (data.format !== FORMAT) throw new Error("its format is not " + FORMAT);
  const detectors = data.detectors ?? [];
  return {
    labels: new Map(Object.entries(data.labels).map(([name, each]) => [name, label(each, detectors)])),
    scenarios: new Map(Object.entries(data.scenarios).map(([name, each]) => [name, scenario(each)])),
    gray: data.gray && { share: units(data.gray.max_share), hours: whole(data.gray.window_hours) },
    caps: data.caps.map((cap) => ({ ...cap, limit: units(cap.limit_usd), soft: BigInt(whole(cap.soft_percent)) })),
    prices: data.prices,
  };
}

function whole(value) {
  if (!Number.isSafeInteger(value) || value <= 0) throw new Error("a number in it is no whole number");
  return value;
}

function label(each, detectors) {
  const wanted = detectors.filter((detector) => each.detectors.includes(detector.name));
  const isMissing = (name) => !detectors.some((one) => one.name === name);
  if (each.detectors.some(isMissing)) throw new Error("a detector is missing");
  const texts = [...wanted, ...each.patterns.map((pattern) => ({ pattern, check: null }))];
  return {
    title: each.title,
    reasons: each.reasons,
    blocks: each.when_denied === "block",
    repos: each.repos.map(repository),
    paths: each.paths.map(glob),
    texts: texts.map(({ pattern, check }) => ({ expression: new RegExp(pattern, "gu"), luhn: check === "luhn" })),
  };
}

function scenario(each) {
  const models = [...each.candidates, ...each.instead];
  return {
    title: each.title,
    labels: each.labels,
    incident: each.incident,
    ticket: each.ticket === null ? null : { pattern: each.ticket, expression: new RegExp(each.ticket, "u") },
    models: models.map((one) => one.model),
    denied: new Map(models.map((one) => [one.model, new Set(one.denied)])),
    pastShare: each.past_share,
    pastCap: each.past_cap,
    cap: each.cap ?? null,
  };
}
