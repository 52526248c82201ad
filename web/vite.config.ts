import { defineConfig } from "vitest/config";
import vue from "@vitejs/plugin-vue";
import { mockCity } from "./tests/mock/plugin.ts";

// CHENGYUN_MOCK=1 answers the API from tests/mock, so that a page can be looked at without a server. Never part of a build.
const mocked = process.env.CHENGYUN_MOCK === "1";
const server = process.env.CHENGYUN_SERVER ?? "http://127.0.0.1:8000";

export default defineConfig({
  base: "/",
  plugins: [vue(), ...(mocked ? [mockCity()] : [])],
  build: {
    target: "chrome86",
    cssTarget: "chrome86",
    outDir: "dist",
    manifest: "files.json",
    chunkSizeWarningLimit: 1200,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: mocked ? undefined : { "/api": server, "/tiles": server, "/rt": { target: server, ws: false } },
  },
  test: { environment: "jsdom", testTimeout: 20_000, include: ["tests/**/*.test.ts"], css: false, clearMocks: true, server: { deps: { inline: ["element-plus"] } } },
});
