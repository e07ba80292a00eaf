// The gray share: tokens of gray models stay within max_share of all tokens that left the Mac, at each moment.

import { ONE } from "./money.js";

/** A run ends by itself after ten minutes (agents.defaults.timeoutSeconds); then nobody will settle its reservation. */
const EXPIRES = 20 * 60_000;

export class Share {
  constructor() {
    this.reserved = new Map();
  }

  /** Whether a turn may go to a gray model; its reservation is the most that a turn of its scenario took. */
  admits(state, gray, session, scenario, run) {
    if (session.gray === "moved") return false;
    if (!state.writable) return true;
    const { total, gray: used, most } = state.window(gray.hours, scenario);
    const open = this.open(run);
    const fits = most > 0 && BigInt(used + open + most) * ONE <= BigInt(total) * gray.share;
    if (fits) this.reserved.set(run, { tokens: most, at: Date.now() });
    return fits;
  }

  /** Tokens that turns under way may still take, but for one run. */
  open(run) {
    let sum = 0;
    for (const [name, each] of this.reserved) {
      if (Math.abs(Date.now() - each.at) > EXPIRES) this.reserved.delete(name);
      else if (name !== run) sum += each.tokens;
    }
    return sum;
  }

  /** A turn under way took this much so far; more than it reserved counts at once. */
  grow(run, tokens) {
    const found = this.reserved.get(run);
    if (found) found.tokens = Math.max(found.tokens, tokens);
  }

  settle(run) {
    this.reserved.delete(run);
  }
}
