// The demo's schema, its rows, and the queries that the page asks.
export const DATABASE = "demo";

export const schema = {
  cities: {
    key: "id",
    indexes: {
      name: "fold",
      country: ["country", "fold"],
      region: ["country", "region", "fold"],
      place: ["band", "lng"],
    },
  },
  meta: { key: "id" },
};

/** Folds a name for search: no case, no accents, so that "sao" finds "São Paulo". */
export function fold(name) {
  return name.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

/** Latitude bands of one degree: the place index is ordered by band, then by longitude. */
export function band(lat) {
  return Math.min(179, Math.floor(lat + 90));
}

/** The row of the city at position id of the list. */
export function toRow(id, c) {
  return {
    id,
    name: c.name,
    fold: fold(c.name),
    country: c.country,
    region: c.admin1,
    lat: c.lat,
    lng: c.lng,
    band: band(c.lat),
  };
}

/** The query for a search by name, country and region: each has an index, so none scans the table. */
export function searchQuery({ text, country, region, reverse }, limit, after) {
  const prefix = fold(text.trimStart());
  const page = { limit, reverse, after };
  if (region) return { index: "region", prefix: [country, region, prefix], ...page };
  if (country) return { index: "country", prefix: [country, prefix], ...page };
  return { index: "name", prefix, ...page };
}

/** The cities within a box around a point, nearest first: one range of the place index for each band of latitude. */
export async function near(db, lat, lng, reach, limit) {
  const found = await db.view(async (tx) => {
    const cities = tx.collection("cities");
    const rows = [];
    for (let b = band(Math.max(-90, lat - reach)); b <= band(Math.min(90, lat + reach)); b++) {
      for (const [from, to] of spans(lng - 2 * reach, lng + 2 * reach)) {
        const page = await cities.query({ index: "place", gte: [b, from], lte: [b, to] });
        rows.push(...page.rows);
      }
    }
    return rows;
  });
  const wide = Math.cos((lat * Math.PI) / 180);
  const distance = (c) => Math.hypot(c.lat - lat, turn(c.lng - lng) * wide);
  return found
    .map((row) => ({ row, distance: distance(row) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, limit)
    .map(({ row, distance }) => ({ ...row, kilometres: distance * 111.2 }));
}

/** A range of longitudes as one or two ranges within -180 to 180. */
function spans(from, to) {
  if (to - from >= 360) return [[-180, 180]];
  if (from < -180)
    return [
      [from + 360, 180],
      [-180, to],
    ];
  if (to > 180)
    return [
      [from, 180],
      [-180, to - 360],
    ];
  return [[from, to]];
}

function turn(degrees) {
  return ((((degrees + 180) % 360) + 360) % 360) - 180;
}
