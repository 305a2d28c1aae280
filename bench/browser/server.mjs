// Serves each system's bundle on an origin of its own, <name>.localhost.

import { createReadStream, existsSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";

const types = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
  ".data": "application/octet-stream",
};

// These isolate the page, for all systems alike: without them clocks tick in steps of 100 µs.
const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  // A page that comes back has its scripts in the browser's cache.
  "Cache-Control": "max-age=3600",
};

// serve serves the folders below site and resolves to {origin(name), close()}.
export async function serve(site) {
  const server = createServer((request, response) => {
    const { hostname, pathname } = new URL(request.url, `http://${request.headers.host}`);
    const file = join(site, hostname.replace(/\.localhost$/, ""), pathname === "/" ? "index.html" : pathname);
    if (!file.startsWith(site) || !existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { ...headers, "Content-Type": types[extname(file)] });
    createReadStream(file).pipe(response);
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "localhost", resolve);
  });
  return {
    origin: (name) => `http://${name}.localhost:${server.address().port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
