// Reads what a Go test binary prints with -test.v, as it comes.

const VERDICT = /^\s*--- (PASS|FAIL|SKIP): (\S+) \(([\d.]+)s\)$/;
const RUN = /^=== (RUN|CONT|PAUSE|NAME)\s+(\S+)/;

export class Results {
  tests = [];
  passed = 0;
  failed = 0;
  output = "";
  #rest = "";
  #current = "";
  #outputs = new Map();

  /** Takes a piece of output and returns the tests that it ended. */
  write(text) {
    this.output += text;
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop();
    return lines.map((line) => this.#line(line)).filter(Boolean);
  }

  /** Takes the last line, if it had no end. */
  end() {
    if (this.#rest !== "") this.write("\n");
  }

  #line(line) {
    const verdict = line.match(VERDICT);
    if (!verdict) {
      const run = line.match(RUN);
      if (run) this.#current = run[2];
      else this.#outputs.set(this.#current, `${this.#outputs.get(this.#current) ?? ""}${line}\n`);
      return undefined;
    }
    const [, status, name, seconds] = verdict;
    const test = { name, status: status.toLowerCase(), seconds: Number(seconds), output: this.#outputs.get(name) };
    this.tests.push(test);
    if (test.status === "pass") this.passed++;
    if (test.status === "fail") this.failed++;
    this.#current = name;
    return test;
  }
}
