// Assertions that run in Node, in a page and in a worker.

/** Throws unless got is want, which it compares deeply: -0 is not 0 and 1n is not 1. */
export function equal(got, want, what = "value") {
  if (!same(got, want)) throw new Error(`${what} = ${show(got)}, want ${show(want)}`);
}

export function ok(condition, what) {
  if (!condition) throw new Error(`not so: ${what}`);
}

/** Runs fn, which must fail with that code, and returns the error. */
export async function fails(code, fn) {
  let value;
  try {
    value = await fn();
  } catch (error) {
    if (error?.code === code) return error;
    throw new Error(`failed with ${error?.code ?? error}: ${error?.message}, want ${code}`, { cause: error });
  }
  throw new Error(`came to ${show(value)}, want ${code}`);
}

function same(a, b) {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Date) return Object.is(a.getTime(), b.getTime());
  if (a instanceof Map || a instanceof Set) return same([...a], [...b]);
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    a.length === b.length &&
    keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]))
  );
}

function show(value) {
  const plain = (_, v) => {
    if (typeof v === "bigint") return `${v}n`;
    if (Object.is(v, -0)) return "-0";
    if (v === undefined) return "undefined";
    if (v instanceof Map) return { Map: [...v] };
    if (v instanceof Set) return { Set: [...v] };
    return v;
  };
  return String(JSON.stringify(value, plain)).slice(0, 2000);
}
