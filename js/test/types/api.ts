// What the declarations let pass, and what they refuse. It is compiled and never run.
import {
  type Code,
  ConflictError,
  type Database,
  type Key,
  LarderError,
  open,
  type Page,
  type ReadCollection,
  type Status,
  salvage,
} from "../../src/index.js";

interface City {
  id: number;
  name: string;
  region?: string[];
}

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <_T extends true>() => {};

export async function passes(): Promise<void> {
  const db: Database = await open("app", {
    collections: {
      cities: {
        key: "id",
        indexes: {
          name: "name",
          region: ["country", "admin1"] as const,
          slug: { path: "slug", unique: true },
          tags: { path: "tags", multi: true, version: 2 },
        },
      },
    },
    engine: "memory",
    durability: "async",
    cacheSize: 8 << 20,
    wasm: new URL("https://example.com/larder.wasm"),
  });
  const cities = db.collection<City>("cities");
  await cities.put({ id: 1, name: "Bern" });
  await cities.putMany([] as readonly City[]);

  const city = await cities.get(1);
  holds<Equal<typeof city, City | undefined>>();
  const many = await cities.getMany([1, "a", 2n, null, true, new Date(), new Uint8Array(), ["x", [1]]]);
  holds<Equal<typeof many, (City | undefined)[]>>();
  const page: Page<City> = await cities.query({ index: "name", prefix: "B", limit: 10, reverse: true });
  await cities.query({ index: "region", prefix: ["CH", "B"], after: page.next });
  await cities.query({ eq: 1, gt: 1n, gte: "a", lt: null, lte: [1] });
  holds<Equal<Awaited<ReturnType<typeof cities.delete>>, boolean>>();
  holds<Equal<Awaited<ReturnType<typeof cities.count>>, number>>();

  const now = cities.getSync(1);
  holds<Equal<typeof now, City | undefined>>();
  const manyNow = cities.getManySync([1, 2]);
  holds<Equal<typeof manyNow, (City | undefined)[]>>();
  holds<Equal<Awaited<ReturnType<typeof cities.preload>>, number>>();
  const { exclusive, damage }: Status = await db.status();
  holds<Equal<typeof exclusive, boolean>>();
  holds<Equal<typeof damage, LarderError | undefined>>();
  const found: LarderError[] = await db.verify();
  found.concat(await salvage("app", (collection, row) => [collection.trim(), row]));
  const persisted: boolean = await db.persist();
  const why = await db.closed;
  holds<Equal<typeof why, LarderError | undefined>>();
  await db.view(() => persisted, { fresh: true });

  const updated = await db.update(async (tx) => (await tx.collection<City>("cities").get(1))?.name);
  holds<Equal<typeof updated, string | undefined>>();
  const plain = await db.update(() => 7);
  holds<Equal<typeof plain, number>>();
  const viewed = await db.view((tx) => tx.collection<City>("cities").count());
  holds<Equal<typeof viewed, number>>();

  const reads: ReadCollection<City> = cities;
  const key: Key = ["a", 1, [2n, new Date()]];
  try {
    await reads.get(key);
  } catch (error) {
    if (error instanceof ConflictError) holds<Equal<typeof error.code, Code>>();
    if (error instanceof LarderError && error.code === "UNIQUE") error.path?.trim();
  }
}

export async function refuses(db: Database): Promise<void> {
  const cities = db.collection<City>("cities");
  // @ts-expect-error: a row without its name
  await cities.put({ id: 1 });
  // @ts-expect-error: an object is no key
  await cities.get({ id: 1 });
  // @ts-expect-error: undefined is no key
  await cities.get(undefined);
  // @ts-expect-error: no such option
  await cities.query({ where: 1 });
  // @ts-expect-error: a view can't write
  await db.view((tx) => tx.collection<City>("cities").put({ id: 1, name: "x" }));
  // @ts-expect-error: no such engine
  await open("app", { collections: {}, engine: "disk" });
  // @ts-expect-error: a collection needs a key path
  await open("app", { collections: { cities: {} } });
  // @ts-expect-error: the name can't be changed
  db.name = "other";
  // @ts-expect-error: no such code
  const _code: Code = "NOPE";
}
