// Case marks: a disc with a clock arc in five phases and twenty shares, and cluster rings split by phase. Drawn once each at 2x,
// on demand, from the tokens of the theme; names carry what to draw ("clock:soon:15", "ring:44:12:3:1").
import { readClock, type ClockFacts } from "../kit/clock";
import type { CaseRow } from "../api/types";

export const SHARES = 20;
export type MarkPhase = "run" | "soon" | "over" | "pause" | "met";

export interface MarkColours { surface: string; run: string; soon: string; over: string; pause: string; met: string; brand: string; ink: string; overInk: string }

export function coloursOf(element: HTMLElement): MarkColours {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  return {
    surface: token("--cy-surface"), run: token("--cy-clock-run"), soon: token("--cy-clock-soon"), over: token("--cy-clock-over"), pause: token("--cy-clock-pause"),
    met: token("--cy-clock-met"), brand: token("--cy-brand"), ink: token("--cy-ink-1"), overInk: token("--cy-clock-over-ink"),
  };
}

export function markPhase(clock: ClockFacts | null, now: number, asOf?: string): { phase: MarkPhase; share: number } {
  const reading = readClock(clock, now, asOf);
  const phase = ({ running: "run", soon: "soon", over: "over", off: "pause", paused: "pause", met: "met", late: "over", none: "met" } as const)[reading.phase];
  const share = phase === "over" ? SHARES : Math.round(reading.share * SHARES);
  return { phase, share };
}

export function caseFeatures(rows: readonly CaseRow[], now: number, fieldMark: (field: string) => string, asOf?: string): GeoJSON.FeatureCollection<GeoJSON.Point> {
  return {
    type: "FeatureCollection",
    features: rows.filter((r) => r.lon !== null && r.lat !== null).map((r) => {
      const { phase, share } = markPhase(r.clock, now, asOf);
      return { type: "Feature", geometry: { type: "Point", coordinates: [r.lon!, r.lat!] }, properties: { id: r.id, phase, image: `clock:${phase}:${share}`, mark: fieldMark(r.category?.field ?? ""), rank: phase === "over" ? 0 : phase === "soon" ? 1 : 2 } };
    }),
  };
}

/** An image by its name, or null for a name that is not ours. Pixels at twice the size. */
export function drawMark(name: string, colours: MarkColours): ImageData | null {
  const [kind, a, b, c, d] = name.split(":");
  if (kind === "clock") return drawClock(a as MarkPhase, Number(b), colours);
  if (kind === "ring") return drawRing(Number(a), Number(b), Number(c), Number(d), colours);
  if (kind === "halo") return drawHalo(colours);
  return null;
}

const TOP = -Math.PI / 2;

function canvas(size: number): CanvasRenderingContext2D {
  const el = document.createElement("canvas");
  el.width = el.height = size * 2;
  const pen = el.getContext("2d")!;
  pen.scale(2, 2);
  pen.translate(size / 2, size / 2);
  return pen;
}

function pixels(pen: CanvasRenderingContext2D): ImageData {
  return pen.getImageData(0, 0, pen.canvas.width, pen.canvas.height);
}

function disc(pen: CanvasRenderingContext2D, radius: number, colour: string): void {
  pen.beginPath();
  pen.arc(0, 0, radius, 0, 2 * Math.PI);
  pen.fillStyle = colour;
  pen.fill();
}

function arc(pen: CanvasRenderingContext2D, radius: number, from: number, to: number, width: number, colour: string, alpha = 1): void {
  pen.globalAlpha = alpha;
  pen.beginPath();
  pen.arc(0, 0, radius, TOP + from * 2 * Math.PI, TOP + to * 2 * Math.PI);
  pen.lineWidth = width;
  pen.strokeStyle = colour;
  pen.stroke();
  pen.globalAlpha = 1;
}

function drawClock(phase: MarkPhase, share: number, colours: MarkColours): ImageData {
  const pen = canvas(32);
  disc(pen, 14.6, colours.surface);
  arc(pen, 12.6, 0, 1, 3, colours[phase], 0.22);
  if (share > 0) arc(pen, 12.6, 0, share / SHARES, 3, colours[phase]);
  return pixels(pen);
}

function drawRing(size: number, run: number, soon: number, over: number, colours: MarkColours): ImageData {
  const pen = canvas(size + 4);
  const all = Math.max(1, run + soon + over);
  disc(pen, size / 2 + 1, colours.surface);
  let at = 0;
  for (const [n, colour] of [[run, colours.run], [soon, colours.soon], [over, colours.over]] as const) {
    if (n > 0) arc(pen, size / 2 - 2, at, at + n / all, 3.6, colour);
    at += n / all;
  }
  return pixels(pen);
}

function drawHalo(colours: MarkColours): ImageData {
  const pen = canvas(46);
  disc(pen, 21, colours.surface);
  pen.globalAlpha = 0.16;
  disc(pen, 21, colours.brand);
  pen.globalAlpha = 1;
  arc(pen, 18.5, 0, 1, 3, colours.brand);
  return pixels(pen);
}
