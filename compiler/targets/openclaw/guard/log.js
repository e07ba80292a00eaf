// decisions.jsonl: the only record. One write a line; several processes may append; rotated and bounded; never text.

import fs from "node:fs";
import path from "node:path";

const MOST_BYTES = 8 * 1024 * 1024;
const LONGEST = 1024;
const KEPT = 8;

export class Log {
  constructor(folder) {
    this.folder = folder;
    this.file = path.join(folder, "decisions.jsonl");
  }

  /** Names of all files, the oldest first. */
  files() {
    const numbers = Array.from({ length: KEPT - 1 }, (_, at) => KEPT - 1 - at);
    const older = numbers.map((number) => path.join(this.folder, `decisions.${number}.jsonl`));
    return [...older, this.file].filter((file) => fs.existsSync(file));
  }

  /** Drops half a line that a killed process left at the end. */
  mend() {
    const size = fs.statSync(this.file, { throwIfNoEntry: false })?.size ?? 0;
    if (size === 0) return;
    const end = readFrom(this.file, Math.max(0, size - 2 * LONGEST));
    const keep = end.lastIndexOf(10) + 1;
    if (keep < end.length) fs.truncateSync(this.file, size - end.length + keep);
  }

  append(line) {
    const text = JSON.stringify(line);
    const bytes = Buffer.from((text.length < LONGEST ? text : JSON.stringify({ ...line, labels: line.labels.slice(0, 3) })) + "\n");
    const size = fs.statSync(this.file, { throwIfNoEntry: false })?.size ?? 0;
    if (size + bytes.length > MOST_BYTES) this.rotate();
    fs.writeFileSync(this.file, bytes, { flag: "a", mode: 0o600 });
  }

  rotate() {
    const name = (at) => path.join(this.folder, at ? `decisions.${at}.jsonl` : "decisions.jsonl");
    for (let at = KEPT - 2; at >= 0; at -= 1) move(name(at), name(at + 1));
  }

  added(size, mark) {
    if (size === mark.offset) return [[], mark];
    const bytes = readFrom(this.file, mark.offset);
    const whole = bytes.lastIndexOf(10) + 1;
    return [parsed(bytes.subarray(0, whole)), { ino: mark.ino, offset: mark.offset + whole }];
  }

  /** Lines that were added since `mark`, and the new mark; all lines where the mark's file is gone. */
  since(mark) {
    const stat = fs.statSync(this.file, { throwIfNoEntry: false });
    if (stat && mark && stat.ino === mark.ino && stat.size >= mark.offset) return this.added(stat.size, mark);
    const files = this.files();
    const inodes = files.map((file) => fs.statSync(file).ino);
    const first = mark ? inodes.indexOf(mark.ino) : -1;
    const wanted = files.slice(Math.max(first, 0));
    const start = first >= 0 && fs.statSync(files[first]).size >= mark.offset ? mark.offset : 0;
    const parts = wanted.map((file, at) => readFrom(file, at === 0 ? start : 0));
    const last = parts.at(-1);
    const whole = last ? last.lastIndexOf(10) + 1 : 0;
    const lines = parts.flatMap((part, at) => parsed(at === parts.length - 1 ? part.subarray(0, whole) : part));
    const offset = (wanted.length === 1 ? start : 0) + whole;
    return [lines, last ? { ino: inodes.at(-1), offset } : null, Boolean(mark) && first < 0];
  }
}

function readFrom(file, start) {
  const descriptor = fs.openSync(file, "r");
  try {
    const bytes = Buffer.alloc(Math.max(0, fs.fstatSync(descriptor).size - start));
    return bytes.subarray(0, fs.readSync(descriptor, bytes, 0, bytes.length, start));
  } finally {
    fs.closeSync(descriptor);
  }
}

function parsed(bytes) {
  const lines = bytes.toString("utf8").split("\n").filter(Boolean);
  return lines.flatMap((line) => {
    try {
      const data = JSON.parse(line);
      return data && data.version === 1 ? [data] : [];
    } catch {
      return [];
    }
  });
}

/** Moves a file if it is there: another process may have been quicker. */
function move(from, to) {
  try {
    fs.renameSync(from, to);
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
}

/** Replaces a file: whoever reads it finds the old one or the new one. */
export function replace(file, data) {
  const aside = file + "." + process.pid + ".tmp";
  fs.writeFileSync(aside, JSON.stringify(data) + "\n", { mode: 0o600 });
  fs.renameSync(aside, file);
}

/** Empties a file if there is one: that also goes where the disk is full or the folder is closed. */
export function empty(file) {
  try {
    fs.truncateSync(file);
  } catch {
    // there is none, or nothing can be written at all
  }
}
