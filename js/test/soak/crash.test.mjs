// Thirty kills for each durability. SEED repeats a run's choices.
import assert from "node:assert/strict";
import { test } from "node:test";
import { profile, serve } from "../browser/browser.mjs";
import { crashes } from "../browser/crash.mjs";
import { newSeed } from "../browser/random.mjs";

const rounds = 30;
// Asynchronous commits are granted to one context at a time.
const tabs = { relaxed: 2, strict: 2, async: 1 };
for (const durability of Object.keys(tabs)) {
  test(`a browser killed ${rounds} times in ${durability} loads`, async (t) => {
    const seed = newSeed();
    const { commits, folds } = await crashes(t, {
      origin: await serve(t),
      userDataDir: await profile(t),
      seed,
      rounds,
      durability,
      tabs: tabs[durability],
    });
    t.diagnostic(`seed ${seed}: ${commits} commits, the log was folded in ${folds} of the loads`);
    assert.ok(folds >= rounds / 3, `seed ${seed}: checkpoints in only ${folds} of the loads`);
  });
}
