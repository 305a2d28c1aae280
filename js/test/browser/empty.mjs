// A worker that says that it is there, and then does what its test evaluates in it.
self.postMessage("ready");
