// Stands in for the guard's index.js in a gateway under test: the same hooks, and how long they took in each turn.

import fs from "node:fs";
import path from "node:path";
import guard from "./guarded.js";

export default {
  ...guard,
  register(api) {
    const spent = new Map();
    const timed = (name, handler) => (event, context) => {
      const turn = context.runId ?? event.sessionKey ?? context.sessionKey;
      const start = performance.now();
      try {
        return handler(event, context);
      } finally {
        spent.set(turn, (spent.get(turn) ?? 0) + performance.now() - start);
        if (name === "agent_end") tell(api.rootDir, [context.runId, context.sessionKey]);
      }
    };
    const tell = (folder, turn) => {
      const sum = turn.reduce((total, key) => total + (spent.get(key) ?? 0), 0);
      turn.forEach((key) => spent.delete(key));
      fs.appendFileSync(path.join(folder, "milliseconds"), sum + "\n");
    };
    guard.register(Object.assign(Object.create(api), { on: (name, handler) => api.on(name, timed(name, handler)) }));
  },
};
