// Answers the API while pages are looked at without a server: `CHENGYUN_MOCK=1 npm run dev`, the role after it in the address
// (`?role=collector` once). CHENGYUN_MOCK_CITY may name a GeoJSON file to draw as the basemap. Only for looking; never built in.
import { readFileSync } from "node:fs";
import { GeoJSONVT } from "@maplibre/geojson-vt";
import { fromGeojsonVt } from "@maplibre/vt-pbf";
import type { Plugin } from "vite";
import { answer, NOW } from "./city.ts";

const LAYERS: Record<string, [string, string]> = { block: ["basemap", "blocks"], green: ["basemap", "green"], water: ["basemap", "water"], building: ["basemap", "buildings"], road: ["basemap", "roads"], rail: ["basemap", "roads"], place: ["basemap", "labels"], area: ["areas", "areas"] };
const PHOTO = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 300"><path fill="#b9bdb6" d="M0 0h400v140L0 190z"/><path fill="#dadcd4" d="M0 160 400 60v30L0 195z"/><path fill="#6e7b80" d="M0 195 400 90v210H0z"/><ellipse cx="200" cy="215" rx="110" ry="52" fill="#55646a"/><path fill="#22302f" d="M130 195h150v44H130z"/><path fill="#8d7140" d="M150 205c30-26 90-26 100 4 8 24-70 34-100 10z"/></svg>`;

export function mockCity(): Plugin {
  return {
    name: "mock-city",
    configureServer(server) {
      let role = "dispatcher";
      const file = process.env.CHENGYUN_MOCK_CITY;
      const tiles = new Map<string, Map<string, GeoJSONVT>>();
      if (file) {
        const all = JSON.parse(readFileSync(file, "utf8")) as { features: { properties: { layer: string; class?: string } }[] };
        const grouped = new Map<string, { properties: { layer: string; class?: string } }[]>();
        for (const f of all.features) {
          const key = (LAYERS[f.properties.layer] ?? ["basemap", f.properties.layer]).join("/");
          if (f.properties.layer === "rail") f.properties.class = "rail";
          grouped.set(key, [...(grouped.get(key) ?? []), f]);
        }
        for (const [key, features] of grouped) {
          const [source, layer] = key.split("/") as [string, string];
          if (!tiles.has(source)) tiles.set(source, new Map());
          tiles.get(source)!.set(layer, new GeoJSONVT({ type: "FeatureCollection", features } as never, { maxZoom: 16 }));
        }
      }
      server.middlewares.use((request, response, next) => {
        const url = new URL(request.url ?? "/", "http://mock");
        if (url.searchParams.get("role")) role = url.searchParams.get("role")!;
        if (url.pathname.startsWith("/mock/")) {
          response.setHeader("Content-Type", "image/svg+xml");
          return void response.end(PHOTO);
        }
        const tile = /^\/tiles\/(\w+)\/(\d+)\/(\d+)\/(\d+)\.mvt$/.exec(url.pathname);
        if (tile) {
          const layers: Record<string, never> = {};
          for (const [layer, index] of tiles.get(tile[1]!) ?? []) {
            const found = index.getTile(Number(tile[2]), Number(tile[3]), Number(tile[4]));
            if (found) layers[layer] = found as never;
          }
          response.setHeader("Content-Type", "application/x-protobuf");
          return void response.end(Buffer.from(fromGeojsonVt(layers)));
        }
        if (url.pathname === "/rt/events") {
          response.writeHead(200, { "Content-Type": "text/event-stream" });
          return void response.write(`event: ping\ndata: {"as_of":"${NOW}"}\n\n`);
        }
        if (!url.pathname.startsWith("/api/v1")) return next();
        const said = answer(request.method ?? "GET", url.pathname.slice(7), url.searchParams, role);
        response.setHeader("Content-Type", "application/json");
        if (said === undefined) response.statusCode = 404;
        response.end(JSON.stringify(said === undefined ? { code: "not_found", message: "" } : said));
      });
    },
  };
}
