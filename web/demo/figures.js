// The figures at the foot of the page, and the measuring behind them.

const byId = (id) => document.getElementById(id);

export function milliseconds(ms) {
  return ms < 10 ? `${ms.toFixed(2)} ms` : `${Math.round(ms)} ms`;
}

/** Groups digits by hand: the first number that Intl formats costs a page 30 ms. */
export function count(n) {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ",");
}

export function bytes(n) {
  return n < 1e6 ? `${Math.round(n / 1e3)} kB` : `${(n / 1e6).toFixed(1)} MB`;
}

/** Shows a figure by its name: set("rows", "12"). */
export function set(name, text) {
  byId(`figure-${name}`).textContent = text;
}

/** Runs f, shows how long it took as the figure name, and returns its result. */
export async function timed(name, f) {
  const begin = performance.now();
  const result = await f();
  const ms = performance.now() - begin;
  set(name, milliseconds(ms));
  return { result, ms };
}

/** Shows what the browser says the origin's data takes, where it says so. */
export async function showDisk() {
  const { usage, usageDetails } = (await navigator.storage?.estimate?.()) ?? {};
  if (usage !== undefined) set("disk", bytes(usageDetails?.indexedDB ?? usage));
}

/** Watches for tasks over 50 ms on this thread and keeps the longest in globalThis.longestTask. */
export function watchTasks() {
  globalThis.longestTask = 0;
  set("task", "under 50 ms");
  if (!PerformanceObserver.supportedEntryTypes?.includes("longtask")) {
    set("task", "not measured here");
    return;
  }
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) globalThis.longestTask = Math.max(globalThis.longestTask, duration);
    set("task", milliseconds(globalThis.longestTask));
  }).observe({ type: "longtask", buffered: true });
}
