// worker.js, in a worker in which what the address names is missing, as it is in
// some browsers: locks, channel, or both with a comma.
const things = {
  locks: [Object.getPrototypeOf(navigator), "locks"],
  channel: [globalThis, "BroadcastChannel"],
};
for (const name of location.search.slice(1).split(",")) {
  const [holder, property] = things[name];
  if (!(property in holder && delete holder[property]) || property in holder) {
    throw new Error(`${property} can't be taken away`);
  }
}
importScripts("worker.js");
