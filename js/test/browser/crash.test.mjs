// A few of the kills that js/test/soak has many of.
import assert from "node:assert/strict";
import { test } from "node:test";
import { profile, serve } from "./browser.mjs";
import { crashes } from "./crash.mjs";
import { newSeed } from "./random.mjs";

// Asynchronous commits are granted to one context at a time.
const tabs = { relaxed: 2, strict: 2, async: 1 };
for (const durability of Object.keys(tabs)) {
  test(`a browser killed in a ${durability} load has a prefix of the commits with what was promised`, async (t) => {
    const seed = newSeed();
    const { commits, folds } = await crashes(t, {
      origin: await serve(t),
      userDataDir: await profile(t),
      seed,
      rounds: 3,
      durability,
      tabs: tabs[durability],
    });
    t.diagnostic(`seed ${seed}: ${commits} commits, the log was folded in ${folds} of the loads`);
    assert.ok(folds > 0, `seed ${seed}: no checkpoint was made in a load`);
  });
}
