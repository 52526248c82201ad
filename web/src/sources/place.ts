// Where the device is, asked for early so that it is known when the photo is taken.
import { onScopeDispose, ref } from "vue";

export interface Place { lon: number; lat: number; accuracy_m: number; at: number }

export function usePlace() {
  const place = ref<Place | null>(null);
  const denied = ref(false);
  if (typeof navigator !== "undefined" && navigator.geolocation) {
    const watch = navigator.geolocation.watchPosition(
      (p) => { place.value = { lon: p.coords.longitude, lat: p.coords.latitude, accuracy_m: p.coords.accuracy, at: p.timestamp }; },
      () => { denied.value = true; },
      { enableHighAccuracy: true, maximumAge: 10_000, timeout: 15_000 },
    );
    onScopeDispose(() => navigator.geolocation.clearWatch(watch));
  } else denied.value = true;
  return { place, denied };
}

/** Metres between two points, good for a district. */
export function metresBetween(a: { lon: number; lat: number }, b: { lon: number; lat: number }): number {
  const rad = Math.PI / 180;
  const x = (b.lon - a.lon) * rad * Math.cos(((a.lat + b.lat) / 2) * rad);
  const y = (b.lat - a.lat) * rad;
  return Math.hypot(x, y) * 6_371_000;
}
