// A smaller form of what js/test/soak does with a million rows.
import { test } from "node:test";
import { large } from "./large.mjs";

test("a database of 100,000 rows with a cache of 32 MiB", (t) => large(t, 100_000));
