// What is known from the log: counters, and what each session carries. Caches beside it save reading it all at a start.

import { createHmac, randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { Log, replace } from "./log.js";
import { periodOf, units } from "./money.js";
import { keyOf } from "./policy.js";

const FORMAT = "weathervane/guard-state/1";
const HOUR = 3_600_000;
/** No window of a share and no period of a cap is longer. */
const LONGEST = 40 * 24 * HOUR;
const MOST_SESSIONS = 5_000;
const SAVE_AFTER = 5_000;

export class State {
  /** `alarm(problem)` is called when something is wrong with the folder; the guard goes on without it. */
  constructor(folder, alarm) {
    this.folder = folder;
    this.alarm = alarm;
    this.writable = true;
    this.log = new Log(folder);
    this.timer = null;
    this.clear();
    try {
      fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
      this.salt = this.readSalt();
      this.log.mend();
      this.load();
    } catch (error) {
      this.fail(error);
      this.salt ??= randomBytes(32);
    }
  }

  clear() {
    this.mark = null;
    this.hours = new Map();
    this.spent = new Map();
    this.sessions = new Map();
  }

  fail(error) {
    this.writable = false;
    this.alarm("the state folder cannot be used: " + (error.code ?? error.message));
  }

  readSalt() {
    const file = path.join(this.folder, "salt");
    if (!fs.existsSync(file)) this.makeSalt(file);
    const salt = fs.readFileSync(file);
    if (salt.length !== 32) throw new Error("its salt is torn");
    return salt;
  }

  /** Whole from the start: a kill leaves none, and of two processes the first one's holds. */
  makeSalt(file) {
    const mine = file + "." + process.pid;
    fs.writeFileSync(mine, randomBytes(32), { mode: 0o600 });
    try {
      fs.linkSync(mine, file);
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    fs.unlinkSync(mine);
  }

  /** A name for a session or a run that tells nobody what it is called. */
  hash(text) {
    return createHmac("sha256", this.salt).update(String(text)).digest("hex").slice(0, 16);
  }

  /** The caches, then the log from where they end; a cache that makes no sense is put aside, and all is read again. */
  load() {
    const whole = ["counters.json", "sessions.json"].map((name) => this.restored(name));
    if (!whole.every(Boolean)) {
      this.mark = null;
      this.hours.clear();
      this.spent.clear();
    }
    this.catchUp();
  }

  restored(name) {
    const file = path.join(this.folder, name);
    if (!fs.existsSync(file)) return false;
    try {
      this.restore(name, JSON.parse(fs.readFileSync(file, "utf8")));
      return true;
    } catch {
      fs.renameSync(file, file + ".corrupt-" + Date.now());
      this.alarm(name + " made no sense: it was put aside, and rebuilt from the log");
      return false;
    }
  }

  restore(name, data) {
    if (data.format !== FORMAT) throw new Error("unknown format");
    if (name === "sessions.json") {
      this.sessions = new Map(data.sessions.map(([key, each]) => [key, session(each)]));
      return;
    }
    const { ino, offset } = data.mark;
    this.hours = new Map(data.hours.map(([hour, each]) => [count(hour), bucket(each)]));
    this.spent = new Map(data.spent.map(([day, amount]) => [String(day), BigInt(amount)]));
    this.mark = { ino: count(ino), offset: count(offset) };
  }

  /** Takes in what was logged since, by this process and by others. */
  catchUp() {
    if (!this.writable) return;
    try {
      const [lines, mark, lost] = this.log.since(this.mark);
      if (lost) {
        this.hours.clear();
        this.spent.clear();
      }
      const odd = lines.filter((line) => !this.isTaken(line)).length;
      this.mark = mark;
      if (odd > 0) this.alarm(`${odd} lines of decisions.jsonl made no sense: they were not counted`);
    } catch (error) {
      this.fail(error);
    }
  }

  isTaken(line) {
    try {
      this.take(line);
      return true;
    } catch {
      return false;
    }
  }

  take(line) {
    const { moment, tokens, key, cost } = measured(line);
    if (line.surface === "openclaw" && tokens > 0 && key !== "local") {
      const hour = Math.floor(moment / HOUR);
      const found = this.hours.get(hour) ?? bucket({ total: 0, gray: 0, most: {} });
      this.hours.set(hour, found);
      found.total += tokens;
      if (key === "gray") found.gray += tokens;
      found.most[line.scenario] = Math.max(found.most[line.scenario] ?? 0, tokens);
    }
    if (key === "dollar" && cost !== null) {
      const day = line.at.slice(0, 10);
      this.spent.set(day, (this.spent.get(day) ?? 0n) + cost);
    }
    this.note(line, key, moment);
    this.later();
  }

  note(line, key, moment) {
    const known = this.session(line.session);
    line.labels.forEach((label) => known.labels.add(label));
    known.ticket ??= line.ticket;
    if (line.reason === "share") known.gray = "moved";
    else if (key === "gray") known.gray ??= "admitted";
    known.at = Math.max(known.at, moment || 0);
  }

  /** What is known of a session, by its hash. */
  session(key) {
    const found = this.sessions.get(key) ?? session({ labels: [] });
    this.sessions.set(key, found);
    return found;
  }

  /** The session's record as if nothing had been known of it. */
  afresh(key) {
    this.sessions.delete(key);
    return this.session(key);
  }

  /** Tokens of the last `hours`: all that left the Mac, those of gray models, and the most that a turn took. */
  window(hours, scenario, now = Date.now()) {
    const first = Math.floor(now / HOUR) - hours + 1;
    let [total, gray, most] = [0, 0, 0];
    for (const [hour, each] of this.hours) {
      if (hour < first) this.hours.delete(hour);
      else [total, gray, most] = [total + each.total, gray + each.gray, Math.max(most, each.most[scenario] ?? 0)];
    }
    return { total, gray, most };
  }

  /** What the dollar key cost in the current period. */
  spentIn(period, now = Date.now()) {
    const current = periodOf(period, now);
    let sum = 0n;
    for (const [day, amount] of this.spent) {
      if (periodOf(period, Date.parse(day)) === current) sum += amount;
    }
    return sum;
  }

  append(line) {
    try {
      if (this.writable) this.log.append(line);
    } catch (error) {
      this.fail(error);
    }
    if (this.writable) this.catchUp();
    else this.take(line);
  }

  later() {
    if (this.timer || !this.writable) return;
    this.timer = setTimeout(() => this.save(), SAVE_AFTER);
    this.timer.unref();
  }

  /** Writes the caches. */
  save() {
    clearTimeout(this.timer);
    this.timer = null;
    if (!this.writable) return;
    this.forget();
    try {
      const sessions = [...this.sessions].map(([key, each]) => [key, { ...each, labels: [...each.labels] }]);
      const spent = [...this.spent].map(([day, amount]) => [day, amount.toString()]);
      // in this order: sessions that are older than the counters' mark would miss what lies between
      this.put("sessions.json", { sessions });
      if (this.mark) this.put("counters.json", { mark: this.mark, hours: [...this.hours], spent });
    } catch (error) {
      this.fail(error);
    }
  }

  put(name, data) {
    replace(path.join(this.folder, name), { format: FORMAT, ...data });
  }

  /** Bounds what is kept: the sessions that were quiet longest go first, those with labels last. */
  forget() {
    const today = Date.now();
    for (const day of this.spent.keys()) if (today - Date.parse(day) > LONGEST) this.spent.delete(day);
    for (const hour of this.hours.keys()) if (today - hour * HOUR > LONGEST) this.hours.delete(hour);
    const surplus = this.sessions.size - MOST_SESSIONS;
    if (surplus <= 0) return;
    const isLabelled = (session) => Number(session.labels.size > 0);
    const order = [...this.sessions].sort(([, a], [, b]) => isLabelled(a) - isLabelled(b) || a.at - b.at);
    order.slice(0, surplus).forEach(([key]) => this.sessions.delete(key));
  }
}

function count(value) {
  if (!Number.isSafeInteger(value) || value < 0) throw new Error("no count");
  return value;
}

/** What a line says in numbers; all of it makes sense before any of it counts. */
function measured(line) {
  const moment = Date.parse(line.at);
  if (!Number.isFinite(moment) || !Array.isArray(line.labels)) throw new Error("no decision");
  const tokens = count(line.prompt_tokens) + count(line.completion_tokens);
  const key = line.chosen ? keyOf(line.chosen) : "none";
  return { moment, tokens, key, cost: line.cost_usd === null ? null : units(line.cost_usd) };
}

/** `most` has no prototype: a scenario may be called `constructor`. */
function bucket({ total, gray, most }) {
  Object.values(most).forEach(count);
  return { total: count(total), gray: count(gray), most: Object.assign(Object.create(null), most) };
}

/** `id` is the hash of OpenClaw's own session id, `ended` that of one that was closed: the next one starts afresh. */
function session({ labels, ticket = null, gray = null, id = null, ended = null, parent = null, at = 0 }) {
  if (!Array.isArray(labels)) throw new Error("no labels");
  return { labels: new Set(labels), ticket, gray, id, ended, parent, at };
}
