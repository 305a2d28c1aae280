// Random numbers that a seed determines, here and in pages.

/** Returns a generator of numbers from 0 to below n. */
export function random(seed) {
  let state = seed >>> 0;
  return (n) => {
    // Mulberry32.
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
  };
}

/** Returns a seed: the environment's SEED, or a new one. */
export const newSeed = () => Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
