// MessageChannel and BroadcastChannel. A message is a task of the page that receives it.
(host) => {
  class MessagePort extends EventTarget {
    #owner = host.current();
    #peer = null;
    #queue = [];
    #started = false;
    #closed = false;
    #onmessage = null;

    static pair() {
      const [a, b] = [new MessagePort(), new MessagePort()];
      a.#peer = b;
      b.#peer = a;
      return [a, b];
    }
    get onmessage() {
      return this.#onmessage;
    }
    set onmessage(fn) {
      this.#onmessage = fn;
      this.start();
    }
    start() {
      this.#started = true;
      for (const data of this.#queue.splice(0)) {
        this.#deliver(data);
      }
    }
    postMessage(message, transfer) {
      const data = structuredClone(message, Array.isArray(transfer) ? { transfer } : transfer);
      const to = this.#peer;
      if (this.#closed || to === null) {
        return;
      }
      to.#started ? to.#deliver(data) : to.#queue.push(data);
    }
    #deliver(data) {
      host.queueTask(this.#owner, () => {
        if (!this.#closed) {
          this.dispatchEvent(new MessageEvent("message", { data }));
        }
      });
    }
    close() {
      this.#closed = true;
      this.#peer = null;
    }
  }

  class MessageChannel {
    constructor() {
      [this.port1, this.port2] = MessagePort.pair();
    }
  }

  const open = new Set(); // the BroadcastChannels of all pages, in the order of their making
  host.onKill((page) => {
    for (const c of open) {
      if (c.page === page) {
        open.delete(c);
      }
    }
  });

  class BroadcastChannel extends EventTarget {
    #state = { page: host.current(), channel: this, name: "" };
    onmessage = null;
    onmessageerror = null;
    constructor(name) {
      super();
      this.#state.name = String(name);
      open.add(this.#state);
    }
    get name() {
      return this.#state.name;
    }
    postMessage(message) {
      if (!open.has(this.#state)) {
        throw new DOMException("the channel is closed", "InvalidStateError");
      }
      for (const to of open) {
        if (to === this.#state || to.name !== this.name) {
          continue;
        }
        const data = structuredClone(message);
        host.queueTask(to.page, () => {
          if (open.has(to)) {
            to.channel.dispatchEvent(new MessageEvent("message", { data }));
          }
        });
      }
    }
    close() {
      open.delete(this.#state);
    }
  }

  host.define({ MessagePort, MessageChannel });
  if (host.features.broadcastChannel) {
    host.define({ BroadcastChannel });
  }
};
