// A reporter for `node --test` that writes the events of `go test -json`, so
// that all lanes' results have one form:
//
//   node --test --test-reporter=./scripts/node-reporter.mjs --test-reporter-destination=file ...

import { relative } from "node:path";

const goName = (name) => name.trim().replace(/\s+/g, "_");

export default async function* reporter(source) {
  const path = []; // the names of the running test and of what is around it
  for await (const { type, data } of source) {
    if (type === "test:start") {
      path.length = data.nesting;
      path.push(goName(data.name));
    } else if (type === "test:pass" || type === "test:fail") {
      path.length = data.nesting;
      path.push(goName(data.name));
      const about = { Package: data.file ? relative(process.cwd(), data.file) : "node", Test: path.join("/") };
      const error = data.details?.error;
      if (error) {
        const cause = error.cause ?? error;
        yield line({ Action: "output", ...about, Output: `${cause?.stack ?? cause}\n` });
      }
      const skipped = data.skip !== undefined || data.todo !== undefined;
      const action = type === "test:fail" ? "fail" : skipped ? "skip" : "pass";
      yield line({ Action: action, ...about, Elapsed: (data.details?.duration_ms ?? 0) / 1000 });
    } else if ((type === "test:stdout" || type === "test:stderr") && data.message) {
      process.stderr.write(data.message);
    }
  }
}

const line = (event) => `${JSON.stringify(event)}\n`;
