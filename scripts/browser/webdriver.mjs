// A client of the WebDriver protocol, for a browser that has nothing else. Its
// Browser and Page have those of puppeteer's methods that the tests use in
// every browser, with the same meaning.

import { setTimeout as sleep } from "node:timers/promises";

// connect begins a session with the driver at url and returns its Browser. stop
// is called when the browser is closed.
export async function connect(url, capabilities, stop) {
  const { sessionId } = await command(url, "POST", "/session", { capabilities: { alwaysMatch: capabilities } });
  const session = `${url}/session/${sessionId}`;
  return new Browser(session, await command(session, "GET", "/window"), stop);
}

async function command(base, method, path, body) {
  const response = await fetch(base + path, { method, body: body && JSON.stringify(body) });
  const { value } = await response.json();
  if (!response.ok) throw new Error(`WebDriver: ${value.error}: ${value.message}`);
  return value;
}

class Browser {
  #session;
  #first; // the window that was there, which stays, since most commands need one
  #stop;
  #last = Promise.resolve(); // the newest command, which the next one waits for

  constructor(session, first, stop) {
    this.#session = session;
    this.#first = first;
    this.#stop = stop;
  }

  // newPage opens a window: that of a tab in the background would be asleep.
  async newPage() {
    const { handle } = await this.send(this.#first, "POST", "/window/new", { type: "window" });
    return new Page(this, handle);
  }

  // close ends the browser with all its windows.
  async close() {
    try {
      await this.send(this.#first, "DELETE", "");
    } finally {
      await this.#stop();
    }
  }

  // send sends a command to the window of that handle. A session has one
  // current window, so commands go one after another.
  send(handle, method, path, body) {
    const sent = this.#last.then(async () => {
      await command(this.#session, "POST", "/window", { handle });
      return command(this.#session, method, path, body);
    });
    this.#last = sent.catch(() => {});
    return sent;
  }
}

class Page {
  #browser;
  #handle;
  #calls = 0;

  constructor(browser, handle) {
    this.#browser = browser;
    this.#handle = handle;
  }

  #send(...command) {
    return this.#browser.send(this.#handle, ...command);
  }

  // on never calls the listener: the protocol tells nothing by itself.
  on() {}

  async goto(url) {
    await this.#send("POST", "/url", { url });
  }

  async reload() {
    await this.#send("POST", "/refresh", {});
  }

  async close() {
    await this.#send("DELETE", "/window");
  }

  // evaluate calls the function in the page and returns what it comes to, as
  // JSON. A command that waited for a promise would keep those to other windows
  // waiting, so the function is started and asked for.
  async evaluate(pageFunction, ...args) {
    const id = ++this.#calls;
    const started = `const call = {};
      (window.larderCalls ??= {})[arguments[0]] = call;
      (async (args) => (${pageFunction})(...args))(arguments[1]).then(
        (value) => { call.answer = { value }; },
        (error) => { call.answer = { error: [error, error?.stack].join("\\n") }; },
      );`;
    await this.#send("POST", "/execute/sync", { script: started, args: [id, args] });
    for (let pause = 2; ; pause = Math.min(pause * 2, 50)) {
      const script = `const call = window.larderCalls?.[arguments[0]];
        if (call?.answer) delete window.larderCalls[arguments[0]];
        return call ? call.answer : { error: "the page was left" };`;
      const answer = await this.#send("POST", "/execute/sync", { script, args: [id] });
      if (answer?.error !== undefined) throw new Error(answer.error);
      if (answer) return answer.value;
      await sleep(pause);
    }
  }

  async waitForFunction(pageFunction, { timeout = 30_000 } = {}, ...args) {
    const end = performance.now() + timeout;
    while (!(await this.evaluate(pageFunction, ...args))) {
      if (performance.now() > end) throw new Error(`waiting failed: ${timeout} ms exceeded`);
      await sleep(50);
    }
  }

  async click(selector) {
    const element = await this.#send("POST", "/element", { using: "css selector", value: selector });
    await this.#send("POST", `/element/${Object.values(element)[0]}/click`, {});
  }
}
