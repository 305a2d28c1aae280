// Runs the test programs one after another, each in a worker, and shows every test as it ends. The report of a finished run
// is also globalThis.report.
import { Results } from "./results.js";

const byId = (id) => document.getElementById(id);
byId("browser").textContent = navigator.userAgent;
byId("start").addEventListener("click", async () => {
  byId("start").disabled = true;
  byId("problem").hidden = true;
  try {
    await runAll();
  } catch (error) {
    byId("problem").textContent = error.message;
    byId("problem").hidden = false;
  }
  byId("start").disabled = false;
});

async function runAll() {
  const response = await fetch("programs.json");
  if (!response.ok)
    throw new Error(`the list of test programs answered ${response.status}; build the demo with "make demo"`);
  const programs = await response.json();
  const report = { browser: navigator.userAgent, started: new Date().toISOString(), programs: [] };
  byId("programs").replaceChildren();
  byId("progress").max = programs.length;
  byId("download").hidden = true;
  for (const [n, program] of programs.entries()) {
    byId("progress").value = n;
    const results = new Results();
    const list = section(program.package, results);
    const begin = performance.now();
    const exitCode = await run(program, (text) => {
      for (const test of results.write(text)) list.append(item(test));
      byId("summary").textContent = total([...report.programs, results]);
    });
    results.end();
    report.programs.push({
      package: program.package,
      exitCode,
      milliseconds: Math.round(performance.now() - begin),
      passed: results.passed,
      failed: results.failed + (exitCode !== 0 && results.failed === 0 ? 1 : 0),
      tests: results.tests,
      output: exitCode === 0 ? undefined : results.output,
    });
    if (exitCode !== 0)
      list.append(
        item({ name: `${program.package} ended with code ${exitCode}`, status: "fail", output: results.output }),
      );
  }
  byId("progress").value = programs.length;
  byId("summary").textContent = total(report.programs);
  globalThis.report = report;
  const blob = new Blob([JSON.stringify(report, null, 2)], { type: "application/json" });
  byId("download").href = URL.createObjectURL(blob);
  byId("download").hidden = false;
}

/** Runs one program in a worker; returns its exit code. A program that says nothing for two minutes is ended. */
function run(program, write) {
  return new Promise((resolve, reject) => {
    const worker = new Worker("worker.js");
    let watchdog;
    const heard = () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(
        () => finish(reject, new Error(`${program.package} has said nothing for two minutes`)),
        120_000,
      );
    };
    const finish = (settle, value) => {
      clearTimeout(watchdog);
      worker.terminate();
      settle(value);
    };
    worker.onmessage = ({ data }) => {
      heard();
      if (data.text !== undefined) write(data.text);
      if (data.error !== undefined) finish(reject, new Error(data.error));
      if (data.exitCode !== undefined) finish(resolve, data.exitCode);
    };
    worker.onerror = (event) => finish(reject, new Error(event.message));
    worker.postMessage({ file: new URL(program.file, location.href).href, args: program.args ?? [] });
    heard();
  });
}

function section(name) {
  const element = document.createElement("section");
  element.append(Object.assign(document.createElement("h2"), { textContent: name }));
  const list = Object.assign(document.createElement("ol"), { className: "rules" });
  element.append(list);
  byId("programs").append(element);
  return list;
}

function item({ name, status, seconds, output }) {
  const element = Object.assign(document.createElement("li"), { className: status });
  const mark = { pass: "✓", fail: "✗", skip: "–" }[status];
  for (const [className, text] of [
    ["mark", mark],
    ["name", words(name)],
    ["ms", seconds === undefined ? "" : `${Math.round(seconds * 1000)} ms`],
  ]) {
    element.append(Object.assign(document.createElement("span"), { className, textContent: text }));
  }
  element.firstChild.setAttribute("aria-label", status);
  if (status === "fail" && output)
    element.append(Object.assign(document.createElement("pre"), { textContent: output }));
  return element;
}

/** A test's name as Go prints it, in words. */
function words(name) {
  return name.replaceAll("_", " ").replaceAll("/", " › ");
}

function total(programs) {
  const sum = (field) => programs.reduce((n, program) => n + program[field], 0);
  return `${sum("passed")} passed, ${sum("failed")} failed`;
}
