// Caps of the dollar key: what the log says was spent, and what OpenRouter says is left where that is less.

import { units } from "./money.js";

const KEY = "https://openrouter.ai/api/v1/key";
const ASK_EVERY = 5 * 60_000;
const FRESH = 10 * 60_000;
const PATIENCE = 5_000;

export class Cap {
  constructor(ask = askServer) {
    this.ask = ask;
    this.asked = 0;
    this.answer = null;
    this.warned = new Map();
  }

  /** "passed", "soft" or null for the cap that a scenario's dollar calls count against. */
  standing(state, cap, now = Date.now()) {
    this.refresh(now);
    let left = cap.limit - state.spentIn(cap.period, now);
    const fresh = this.answer && Math.abs(now - this.answer.at) < FRESH;
    if (fresh && this.answer.left < left) left = this.answer.left;
    if (left <= 0n) return "passed";
    return (cap.limit - left) * 100n >= cap.limit * cap.soft ? "soft" : null;
  }

  /** Whether this is the day's first warning. */
  isNew(name, day) {
    if (this.warned.get(name) === day) return false;
    this.warned.set(name, day);
    return true;
  }

  /** Asks in the background, now and then: no turn waits for it. */
  refresh(now) {
    if (Math.abs(now - this.asked) < ASK_EVERY) return; // either way: clocks are set back, too
    this.asked = now;
    this.ask().then(
      (left) => left !== null && (this.answer = { left, at: Date.now() }),
      () => {},
    );
  }
}

/** What OpenRouter lets the dollar key still spend; null where it sets no limit, or there is no key. */
async function askServer() {
  const key = process.env.OPENROUTER_DOLLAR_KEY;
  if (!key) return null;
  const options = { headers: { Authorization: "Bearer " + key }, signal: AbortSignal.timeout(PATIENCE) };
  const response = await fetch(KEY, options);
  const left = response.ok ? (await response.json()).data?.limit_remaining : null;
  if (typeof left !== "number") return null;
  return left <= 0 ? 0n : units(left);
}
