// Which labels a text, a path or a tool's input carries, and which ticket a text names.

import path from "node:path";
import { atHome, checkouts, remotes, spellings } from "./git.js";
import { fold } from "./globs.js";

const BETWEEN_WORDS = /[\s"'`;|&<>(){}[\],=]+/;
const AROUND_TICKETS = ".,:;!?()[]<>\"'`";
/** No program opens a longer path. */
const LONGEST_PATH = 4096;

/** Labels whose detectors or patterns find something in a text. */
export function ofText(policy, text) {
  return named(policy, (label) => label.texts.some((each) => finds(each, text)));
}

function finds({ expression, luhn }, text) {
  expression.lastIndex = 0;
  for (let match = expression.exec(text); match; match = expression.exec(text)) {
    if (!luhn || passesLuhn(match[0])) return true;
    expression.lastIndex = match.index + 1;
  }
  return false;
}

/** The check sum of card numbers. */
function passesLuhn(text) {
  const digits = [...text.replace(/[^0-9]/g, "")].reverse().map(Number);
  const doubled = (digit) => (digit > 4 ? 2 * digit - 9 : 2 * digit);
  const sum = digits.reduce((total, digit, at) => total + (at % 2 ? doubled(digit) : digit), 0);
  return digits.length > 0 && sum % 10 === 0;
}

/** Labels of files by where they lie: by their path, and by the remotes of the checkouts around them. */
export function ofPaths(policy, written, base) {
  const found = new Set();
  const folders = new Map();
  const origins = new Map();
  const known = new Map();
  for (const name of new Set(written)) {
    const full = path.resolve(base, atHome(name));
    if (full.length > LONGEST_PATH || full.includes("\0")) continue;
    const tops = checkouts(full, folders, known);
    for (const top of tops) if (!origins.has(top)) origins.set(top, remotes(top));
    const places = positions(full, [base, ...tops], known);
    const sources = tops.flatMap((top) => origins.get(top));
    const here = named(policy, (each) => holds(each.paths, places) || holds(each.repos, sources));
    here.forEach((label) => found.add(label));
  }
  return [...found];
}

const holds = (expressions, texts) => expressions.some((expression) => texts.some((text) => expression.test(text)));

const named = (policy, applies) => [...policy.labels].filter(([, label]) => applies(label)).map(([name]) => name);

/** A path as globs may mean it: from the top of the disk, and from each workspace or checkout around it. */
export function positions(full, tops, known = new Map()) {
  const found = new Set();
  for (const spelling of spellings(full, known)) {
    found.add(spelling.replace(/^\/+|\/+$/g, ""));
    for (const start of tops.flatMap((top) => spellings(top, known))) {
      const folder = start.replace(/\/+$/, "") + "/";
      if (spelling.startsWith(folder)) found.add(spelling.slice(folder.length));
    }
  }
  // a folder stands for what lies in it
  return [...found].filter(Boolean).flatMap((place) => [fold(place), fold(place + "/.")]);
}

/** Words of a prompt that can only be meant as paths: web addresses are none. */
export function pathsInText(text) {
  const bare = (word) => word.replace(/^file:\/\//, "");
  const words = [...new Set(text.split(BETWEEN_WORDS).map((word) => stripped(bare(word), "", ".:!?")))];
  return words.filter((word) => !word.includes("://") && /[/\\]|^~|\.[A-Za-z0-9_-]+$/.test(word));
}

/** Every word of a tool's input: some of them are paths. */
export function pathsInInput(value) {
  const texts = strings(value);
  return [...new Set([...texts, ...texts.flatMap((text) => text.split(BETWEEN_WORDS))])].filter(Boolean);
}

/** Every text inside a JSON value. */
export function strings(value) {
  if (typeof value === "string") return [value];
  return value && typeof value === "object" ? Object.values(value).flatMap(strings) : [];
}

/** A word without these characters around it; a regular expression takes the square of a long run's time for that. */
function stripped(word, before, behind) {
  let [start, end] = [0, word.length];
  while (start < end && before.includes(word[start])) start += 1;
  while (start < end && behind.includes(word[end - 1])) end -= 1;
  return word.slice(start, end);
}

/** The first word of a text that is a ticket, also at the end of a sentence or in brackets. */
export function ticketIn(ticket, text) {
  for (const word of text.split(/[ \t\n\r\f\v]+/)) {
    const bare = stripped(word, AROUND_TICKETS, AROUND_TICKETS);
    const found = [word, bare].find((each) => each && ticket.expression.test(each));
    if (found) return bare || found;
  }
  return null;
}
