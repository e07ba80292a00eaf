// Patterns of the policies as regular expressions; the same in Cursor's guard, held to one table of cases.

const WILDCARDS = { "**/": "(?:.*/)?", "/**/": "/(?:.*/)?", "/**": "/.+", "?": "[^/]" };
const TOKENS = /(^\*\*\/|\/\*\*\/|\/\*\*$|\*+|\?|\[[!^]?\]?[^\]/]*\])/;

/** Text as a Mac compares file names: neither case nor the way in which accents are written matters. */
export const fold = (text) => text.normalize("NFC").toLowerCase();

const escaped = (text) => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");

/** A glob: * and ? stay in a folder, ** crosses folders, a folder covers what is in it. */
export function glob(written) {
  let pattern = fold(written).replace(/^\/+|\/+$/g, "");
  if (!pattern.includes("/")) pattern = "**/" + pattern;
  pattern = pattern.replace(/(^|\/)(?:\*\*\/)+(?=\*\*(?:\/|$))/g, "$1");
  if (pattern === "**") return /^.*$/su;
  const pieces = pattern.split(TOKENS).map((piece, at) => (at % 2 ? wildcard(piece) : escaped(piece)));
  return new RegExp("^(?:" + pieces.join("") + ")(?:/.*)?$", "su");
}

function wildcard(token) {
  if (token in WILDCARDS) return WILDCARDS[token];
  return token.startsWith("*") ? "[^/]*" : anyOf(token);
}

/** One character of a [set]; of a set that is written wrong, any character: it hides more and not less. */
function anyOf(token) {
  const negated = token[1] === "!" || token[1] === "^";
  const inner = token.slice(negated ? 2 : 1, -1).replace(/[\\[\]^]/g, "\\$&");
  const expression = "(?!/)[" + (negated ? "^" : "") + inner + "]";
  try {
    new RegExp(expression, "u");
  } catch {
    return "[^/]";
  }
  return expression;
}

/** A pattern of host/org/repository, where * also crosses slashes. */
export function repository(written) {
  const pieces = written.toLowerCase().split(/(\*+|\?|\[[!^]?\]?[^\]]*\])/);
  const parts = pieces.map((piece, at) => (at % 2 ? anyText(piece) : escaped(piece)));
  return new RegExp("^(?:" + parts.join("") + ")$", "su");
}

function anyText(token) {
  if (token.startsWith("*")) return ".*";
  return token === "?" ? "." : anyOf(token).replace("(?!/)", "");
}
