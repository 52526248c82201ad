declare module "maplibre-gl/dist/maplibre-gl-csp.js" {
  const maplibregl: typeof import("maplibre-gl");
  export default maplibregl;
}
