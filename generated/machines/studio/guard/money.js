// US dollars and shares as whole numbers of 10^-18: no float touches them.

const DIGITS = 18;
export const ONE = 10n ** BigInt(DIGITS);

/** A decimal number, as text or as JSON wrote it, in units of 10^-18; finer digits are rounded up. */
export function units(text) {
  const parts = /^(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(String(text));
  if (!parts) throw new Error("this is no amount: " + String(text).slice(0, 40));
  const fraction = parts[2] ?? "";
  const shift = DIGITS - fraction.length + Number(parts[3] ?? 0);
  const whole = BigInt(parts[1] + fraction);
  if (Math.abs(shift) > 400) throw new Error("this amount is out of all proportion");
  if (shift >= 0) return whole * 10n ** BigInt(shift);
  const divisor = 10n ** BigInt(-shift);
  return (whole + divisor - 1n) / divisor;
}

/** Units as decimal text. */
export function decimal(amount) {
  const text = amount.toString().padStart(DIGITS + 1, "0");
  return (text.slice(0, -DIGITS) + "." + text.slice(-DIGITS)).replace(/\.?0+$/, "");
}

/** What a turn costs at list prices (USD per million tokens); null where the model has none. */
export function listCost(prices, tokens) {
  if (!prices) return null;
  const fresh = tokens.prompt - tokens.cacheRead - tokens.cacheWrite;
  const parts = [
    [prices.prompt, fresh],
    [prices.completion, tokens.completion],
    [prices.cache_read ?? prices.prompt, tokens.cacheRead],
    [prices.cache_write ?? prices.prompt, tokens.cacheWrite],
  ];
  return parts.reduce((sum, [price, count]) => sum + units(price) * BigInt(Math.max(count, 0)), 0n) / 1_000_000n;
}

const DAY = 86_400_000;

/** The name of the budget period (UTC) that a moment lies in; weeks begin on Monday, as OpenRouter's do. */
export function periodOf(period, moment) {
  const day = new Date(moment).toISOString().slice(0, 10);
  if (period === "monthly") return day.slice(0, 7);
  if (period === "daily") return day;
  const monday = Math.floor(moment / DAY) - ((Math.floor(moment / DAY) + 3) % 7);
  return new Date(monday * DAY).toISOString().slice(0, 10);
}
