// What happens to a page's connection to IndexedDB when a test says so.

/** Lets self.fault act, once, on the page's next transaction that writes. */
export async function instrument(page) {
  await page.evaluate(() => {
    self.fault = undefined; // of the connection and a function that begins the transaction
    const { transaction } = IDBDatabase.prototype;
    IDBDatabase.prototype.transaction = function (...args) {
      const begin = () => transaction.apply(this, args);
      const fault = args[1] === "readwrite" ? self.fault : undefined;
      if (fault === undefined) return begin();
      self.fault = undefined;
      self.faults = (self.faults ?? 0) + 1;
      return fault(this, begin);
    };
    const lost = new WeakSet(); // a browser says it once
    self.lose = (connection) => {
      connection.close();
      if (!lost.has(connection)) setTimeout(() => connection.dispatchEvent(new Event("close")));
      lost.add(connection);
    };
  });
}

/** Lets self.connections be how many connections have been opened in the page from now on. */
export async function countConnections(page) {
  await page.evaluate(() => {
    self.connections = 0;
    const { open } = IDBFactory.prototype;
    IDBFactory.prototype.open = function (...args) {
      const request = open.apply(this, args);
      request.addEventListener("success", () => self.connections++);
      return request;
    };
  });
}

/** Lets requests to open databases in the page never answer, while self.hung is true. */
export const hang = () => {
  self.hung = true;
  const { open } = IDBFactory.prototype;
  IDBFactory.prototype.open = function (name, version) {
    if (!self.hung) return open.call(this, name, version);
    const request = open.call(this, "another database");
    for (const type of ["success", "error", "blocked", "upgradeneeded"]) {
      request.addEventListener(type, (event) => event.stopImmediatePropagation());
    }
    return request;
  };
};
