// A million rows of 200 bytes with two indexes, in a cache of 32 MiB.
import { test } from "node:test";
import { large } from "../browser/large.mjs";

test("a database of 1,000,000 rows with a cache of 32 MiB", (t) => large(t, 1_000_000));
