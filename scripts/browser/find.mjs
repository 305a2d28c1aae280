// Finds programs.

import { accessSync, constants } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

// findProgram returns the path of a program: wanted, a name or a path, if that
// is set; else the first of names on the PATH; else the first of places. It
// returns undefined if there is none.
export function findProgram(wanted, names, places = []) {
  const folders = (process.env.PATH ?? "").split(delimiter).filter(Boolean);
  const onPath = (name) => folders.map((folder) => join(folder, name)).find(isExecutable);
  if (wanted) {
    return isAbsolute(wanted) ? (isExecutable(wanted) ? wanted : undefined) : onPath(wanted);
  }
  return names.map(onPath).find(Boolean) ?? places.find(isExecutable);
}

// printProgram prints the path, or fails: for a module that is run by itself.
export function printProgram(path, name) {
  if (path) {
    process.stdout.write(`${path}\n`);
    return;
  }
  process.stderr.write(`no ${name} found\n`);
  process.exitCode = 1;
}
