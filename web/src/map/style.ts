// Our two map styles, turned from the design's sketch (one GeoJSON file) to the city's own tiles. Text needs no glyph server.
import type { FilterSpecification, LayerSpecification, StyleSpecification } from "maplibre-gl";
import light from "./map-style-light.json";
import dark from "./map-style-dark.json";

const SOURCE_LAYER: Record<string, [source: string, layer: string]> = {
  block: ["basemap", "blocks"], green: ["basemap", "green"], water: ["basemap", "water"], building: ["basemap", "buildings"],
  road: ["basemap", "roads"], rail: ["basemap", "roads"], place: ["basemap", "labels"], area: ["areas", "areas"],
};
/** Drawn by images of our own instead of the sketch's circles. */
const REPLACED = new Set(["cluster-ground", "cluster-count", "case-select", "case-disc", "case-field", "area-amount", "case-heat", "track"]);
export const LABEL_FONT = "'PingFang SC', 'HarmonyOS Sans SC', 'Source Han Sans SC', 'Noto Sans CJK SC', 'Noto Sans SC', 'Microsoft YaHei', sans-serif";

type Sketch = StyleSpecification & { layers: (LayerSpecification & { source?: string; filter?: unknown })[] };

export function cityStyle(theme: "desk" | "wall", origin: string): StyleSpecification {
  const sketch = (theme === "wall" ? dark : light) as unknown as Sketch;
  const tiles = (layer: string) => ({ type: "vector" as const, tiles: [`${origin}/tiles/${layer}/{z}/{x}/{y}.mvt`], minzoom: 0, maxzoom: 16 });
  return {
    version: 8,
    state: sketch.state,
    sources: { basemap: tiles("basemap"), areas: tiles("areas"), cases_tiles: tiles("cases") },
    layers: sketch.layers.filter((l) => !REPLACED.has(l.id)).map(toTiles),
  } as StyleSpecification;
}

function toTiles(layer: LayerSpecification & { source?: string; filter?: unknown }): LayerSpecification {
  if (layer.source !== "city") return layer;
  const clauses = (layer.filter as unknown[]).slice(1) as unknown[][];
  const named = clauses.find((c) => JSON.stringify(c[1]) === '["get","layer"]');
  const name = named?.[2] as string;
  const [source, sourceLayer] = SOURCE_LAYER[name] ?? ["basemap", name];
  const rest = clauses.filter((c) => c !== named);
  if (name === "rail") rest.push(["==", ["get", "class"], "rail"]);
  const made = { ...layer, source, "source-layer": sourceLayer } as LayerSpecification & { filter?: FilterSpecification };
  if (rest.length) made.filter = ["all", ...rest] as FilterSpecification;
  else delete made.filter;
  return made;
}
