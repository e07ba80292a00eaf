// Which repositories a path lies in, read from git's own files. As in Cursor's guard; git itself is not asked.

import fs from "node:fs";
import os from "node:os";
import path from "node:path";

/** Hosts under which a forge answers for the sake of firewalls: ssh.github.com is github.com. */
const DETOUR = /^(?:ssh|altssh|www)\./;
const SECTION = /^\[\s*([A-Za-z0-9.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]/;
const VALUE = /"(?:[^"\\]|\\.)*"|\\.|[^"#;\\]/y;

/** Files that a configuration may include, itself counted. */
const MOST_FILES = 100;

/** A file's text; of a pipe or a device, which may never end, none. */
const read = (file) => (fs.statSync(file).isFile() ? fs.readFileSync(file, "utf8") : "");

/** A path as it is written and as it is without symbolic links; `known` holds real paths that were looked up before. */
export function spellings(written, known) {
  const plain = path.resolve(written);
  return [...new Set([plain, real(plain, known)])];
}

/** The real path, also of what does not exist yet: most words of a text that could be paths are none. */
function real(plain, known) {
  if (known.has(plain)) return known.get(plain);
  const parent = path.dirname(plain);
  const found = linked(plain) ?? (parent === plain ? plain : path.join(real(parent, known), path.basename(plain)));
  known.set(plain, found);
  return found;
}

function linked(plain) {
  try {
    return fs.lstatSync(plain, { throwIfNoEntry: false }) ? fs.realpathSync.native(plain) : null;
  } catch {
    return null;
  }
}

/** Every checkout around a path: what lies in a labelled checkout is labelled too. */
export function checkouts(written, folders, known) {
  return spellings(written, known).flatMap((spelling) => around(spelling, folders));
}

function around(folder, folders) {
  if (folders.has(folder)) return folders.get(folder);
  const parent = path.dirname(folder);
  const above = parent === folder ? [] : around(parent, folders);
  const found = exists(path.join(folder, ".git")) ? [folder, ...above] : above;
  folders.set(folder, found);
  return found;
}

/** What says that there is nothing: below a file, under a name that no disk takes; or nothing that we could read. */
const NOTHING = new Set(["ENOENT", "ENOTDIR", "ENAMETOOLONG", "ELOOP", "EACCES", "EPERM"]);

/** Whether there is something, a dead link too. */
function exists(place) {
  try {
    return Boolean(fs.lstatSync(place, { throwIfNoEntry: false }));
  } catch (error) {
    if (NOTHING.has(error.code)) return false;
    throw error;
  }
}

/** Where a checkout keeps its git data: worktrees and submodules only point there. */
function gitFolder(checkout) {
  const dotGit = path.join(checkout, ".git");
  if (fs.statSync(dotGit).isDirectory()) return dotGit;
  const [first] = read(dotGit).split("\n");
  const folder = path.resolve(checkout, first.slice("gitdir:".length).trim());
  if (!first.startsWith("gitdir:") || !fs.statSync(folder).isDirectory()) throw new Error("a .git file points nowhere");
  return folder;
}

/** [section, name, key, value] of a git configuration and of the files that it includes, each of them once. */
function settings(file, seen = new Set()) {
  if (seen.has(file) || !fs.existsSync(file)) return [];
  if (seen.add(file).size > MOST_FILES) throw new Error("a git configuration includes too many files");
  const found = [];
  let section = "";
  let name = "";
  for (let line of read(file).replace(/\\\r?\n/g, "").split("\n")) {
    line = line.trim();
    const header = SECTION.exec(line);
    if (header) {
      const [first, ...rest] = header[1].toLowerCase().split(".");
      section = first;
      name = header[2] === undefined ? rest.join(".") : header[2].replace(/\\(.)/g, "$1");
      line = line.slice(header[0].length);
    }
    const at = line.indexOf("=");
    const key = (at < 0 ? line : line.slice(0, at)).trim();
    const value = at < 0 ? "" : plainValue(line.slice(at + 1).trim());
    if ((section === "include" || section === "includeif") && key.toLowerCase() === "path") {
      found.push(...settings(path.resolve(path.dirname(file), atHome(value)), seen));
    } else if (key) found.push([section, name, key.toLowerCase(), value]);
  }
  return found;
}

/** A git value without its quotes, up to an unquoted # or ;. */
function plainValue(text) {
  let value = "";
  VALUE.lastIndex = 0;
  for (let piece = VALUE.exec(text); piece; piece = VALUE.exec(text)) {
    value += piece[0].startsWith('"') ? piece[0].slice(1, -1) : piece[0];
  }
  return value.replace(/\\(.)/g, "$1").trim();
}

/** A path that may begin with ~. */
export const atHome = (written) => written.replace(/^~(?=\/|$)/, () => os.homedir());

function rewrites(entries) {
  return entries.filter(([section, , key]) => section === "url" && key.endsWith("insteadof")).map((e) => [e[1], e[3]]);
}

/** url.<base>.insteadOf of the account: it turns short remotes into real ones. */
function personalRewrites() {
  const config = process.env.XDG_CONFIG_HOME || path.join(os.homedir(), ".config");
  const files = ["/etc/gitconfig", path.join(config, "git", "config"), path.join(os.homedir(), ".gitconfig")];
  return rewrites(files.flatMap((file) => settings(file)));
}

/** Every remote of a checkout as host/org/repository, in each spelling that may be meant. */
export function remotes(checkout) {
  const git = gitFolder(checkout);
  const common = path.join(git, "commondir");
  const shared = fs.existsSync(common) ? path.resolve(git, read(common).trim()) : git;
  const entries = [...settings(path.join(shared, "config")), ...settings(path.join(git, "config.worktree"))];
  const urls = entries.filter(([section, , key]) => section === "remote" && (key === "url" || key === "pushurl"));
  const written = urls.map((entry) => entry[3]);
  const rules = [...personalRewrites(), ...rewrites(entries)];
  const meant = written.flatMap((url) =>
    rules.filter(([, prefix]) => prefix && url.startsWith(prefix)).map(([base, p]) => base + url.slice(p.length)),
  );
  return [...new Set([...written, ...meant].flatMap(repositoryNames))];
}

/** host/org/repository in lower case; more than one where the host is an alias for another. */
export function repositoryNames(written) {
  const url = written.replace(/^[A-Za-z0-9+-]+::/, "");
  const scp = /^\[?(?:[^/\]]*@)?([^:/@[\]]+)(?::\d+)?\]?:(?!\/\/)([^]+)/.exec(url);
  let host;
  let rest;
  if (url.includes("://")) {
    const parts = /^[^:]*:\/\/(?:[^/?#]*@)?(\[[^\]]*\]|[^:/?#]*)(?::[^/?#]*)?([^?#]*)/.exec(url);
    [host, rest] = [parts?.[1] ?? "", parts?.[2] ?? ""];
  } else if (scp) [host, rest] = [scp[1], scp[2]];
  else return [];
  const segments = unquoted(rest).split("/").filter(Boolean);
  const name = segments.join("/").replace(/\.git$/i, "").replace(/\/+$/, "");
  host = host.replace(/^\[|\]$/g, "").toLowerCase().replace(/\.+$/, "");
  const hosts = new Set([host, sshHost(host)].flatMap((each) => [each, each.replace(DETOUR, "")]));
  return [...hosts].filter(Boolean).map((each) => (each + "/" + name).toLowerCase());
}

function unquoted(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The host behind an alias of ~/.ssh/config, or the alias itself. */
function sshHost(alias) {
  const file = path.join(os.homedir(), ".ssh", "config");
  if (!fs.existsSync(file)) return alias;
  let applies = true;
  for (const line of read(file).split("\n")) {
    const [word = "", ...values] = line.replace("=", " ").replaceAll('"', " ").split(/\s+/).filter(Boolean);
    const key = word.toLowerCase();
    if (key === "host" || key === "match") applies = key === "host" && values.some((each) => like(alias, each));
    else if (key === "hostname" && applies && values[0]) return values[0].replaceAll("%h", alias).toLowerCase();
  }
  return alias;
}

function like(alias, pattern) {
  const source = pattern.toLowerCase().replace(/[\\^$.+()[\]{}|]/g, "\\$&").replaceAll("*", ".*").replaceAll("?", ".");
  return new RegExp("^" + source + "$").test(alias);
}
