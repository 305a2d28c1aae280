// The README's JavaScript, in Node with an independent IndexedDB.
import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "node:test";

test("the README's example", async () => {
  const { open, UniqueError } = await import("larder");

  const db = await open("app", {
    collections: {
      todos: {
        key: "id",
        indexes: {
          due: "due",
          owner: ["owner", "due"],
          slug: { path: "slug", unique: true },
        },
      },
    },
  });
  const todos = db.collection("todos");

  await todos.putMany([
    { id: 1, owner: "ada", slug: "note-g", title: "Write note G", due: new Date("1843-07-10") },
    { id: 2, owner: "ada", slug: "proofs", title: "Read the proofs", due: new Date("1843-08-01") },
    { id: 3, owner: "bob", slug: "tea", title: "Buy tea", due: new Date("1843-07-02") },
  ]);

  const page = await todos.query({ index: "owner", eq: ["ada"], limit: 1 });
  const rest = await todos.query({ index: "owner", eq: ["ada"], limit: 1, after: page.next });

  await db.update(async (tx) => {
    const todo = await tx.collection("todos").get(1);
    const { signature } = await sign(todo); // anything may be awaited
    await tx.collection("todos").put({ ...todo, signature });
  });

  await todos.preload({ index: "owner", eq: ["ada"] });
  const todo = todos.getSync(1); // the row, undefined, or a NotInMemoryError

  const { peek } = await import("larder");
  const first = await peek("app", "todos", 1);

  const slugs = [];
  try {
    await todos.put({ id: 4, owner: "bob", slug: "tea", title: "More tea" });
  } catch (error) {
    if (!(error instanceof UniqueError)) throw error;
    slugs.push(error.index); // "slug"; error.code is "UNIQUE"
  }

  assert.deepEqual(
    page.rows.map((row) => row.title),
    ["Write note G"],
  );
  assert.deepEqual(
    rest.rows.map((row) => row.title),
    ["Read the proofs"],
  );
  assert.equal((await todos.get(1)).signature, "ada was here");
  assert.equal(todo.signature, "ada was here");
  assert.deepEqual(first, todo);
  assert.deepEqual(slugs, ["slug"]);
  assert.equal(await todos.count(), 3);
  await db.close();
  const why = await db.closed; // undefined after close, else an error that says why
  assert.equal(why, undefined);
});

function sign(todo) {
  return new Promise((resolve) => setTimeout(() => resolve({ signature: `${todo.owner} was here` }), 5));
}
