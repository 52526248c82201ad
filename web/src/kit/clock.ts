// What a deadline clock shows, worked out from what the engine returned and the city's time. Pure: no words, no colours.
// Rules: design language 7. The server's counted minutes are taken as of `as_of`; from there we count down only while the
// calendar is open (or always, round the clock), so a screen left alone over lunch does not run ahead of the engine.
import { MINUTE } from "./city-clock";

export type Outcome = "running" | "paused" | "met" | "late" | "cancelled";
export type LimitUnit = "urgent_minute" | "urgent_hour" | "urgent_day" | "work_minute" | "work_hour" | "work_day";

export interface ClockLimit {
  amount: number;
  unit: LimitUnit;
  counting?: string;
}

/** A clock as the API gives it. Minutes are minutes that count, not minutes of the wall clock; below zero means past due. */
export interface ClockFacts {
  name: string;
  due: string | null;
  limit: ClockLimit | null;
  started: string | null;
  paused: boolean;
  outcome: Outcome;
  calendar_open: boolean;
  next_opening: string | null;
  counted_minutes_left: number | null;
  limit_minutes?: number | null;
  used_minutes?: number | null;
  working: boolean;
  day_minutes?: number | null;
  paused_until?: string | null;
  stopped?: string | null;
  pause_why?: string | null;
  provisional?: boolean;
  as_of?: string | null;
}

export type Phase = "running" | "soon" | "over" | "off" | "paused" | "met" | "late" | "none";

export interface ClockReading {
  phase: Phase;
  /** Minutes to show: left, over, or used, by phase; null where the phase shows a moment or nothing. */
  minutes: number | null;
  /** Share of the limit still left, 0 to 1; for `over` the share of the limit by which it is over, at most 1. */
  share: number;
  /** Calendar on which it counts: working hours or round the clock. */
  working: boolean;
  /** Minutes that make a working day, to say "4 working days". */
  dayMinutes: number;
  /** When it goes on (off hours) or until when it stands (paused). */
  until: number | null;
}

export const SOON_MINUTES = 30;
export const SOON_SHARE = 0.25;
const WORK_DAY_MINUTES = 8 * 60;

export function limitMinutes(limit: ClockLimit | null, dayMinutes = WORK_DAY_MINUTES): number | null {
  if (!limit) return null;
  const unit = { urgent_minute: 1, urgent_hour: 60, urgent_day: 1440, work_minute: 1, work_hour: 60, work_day: dayMinutes }[limit.unit];
  return unit === undefined ? null : limit.amount * unit;
}

export function readClock(clock: ClockFacts | null | undefined, now: number, asOf?: string): ClockReading {
  const working = clock?.working ?? false;
  const dayMinutes = clock?.day_minutes ?? (working ? WORK_DAY_MINUTES : 1440);
  const blank: ClockReading = { phase: "none", minutes: null, share: 0, working, dayMinutes, until: null };
  if (!clock || clock.outcome === "cancelled") return blank;
  const limit = clock.limit_minutes ?? limitMinutes(clock.limit, dayMinutes);
  if (clock.outcome === "met" || clock.outcome === "late") {
    const used = clock.used_minutes ?? (limit !== null && clock.counted_minutes_left !== null ? limit - clock.counted_minutes_left : null);
    const minutes = clock.outcome === "late" ? (clock.counted_minutes_left !== null ? -clock.counted_minutes_left : used) : used;
    return { ...blank, phase: clock.outcome, minutes };
  }
  if (limit === null && clock.due === null && !clock.paused) return blank;
  const left = minutesLeft(clock, now, asOf);
  const share = limit && left !== null ? Math.min(1, Math.max(0, left / limit)) : 0;
  if (clock.paused || clock.outcome === "paused") {
    return { ...blank, phase: "paused", minutes: left === null ? null : Math.floor(left), share, until: moment(clock.paused_until) };
  }
  if (left === null) return blank;
  // Over from the first second past due; the figures below are whole minutes and never show one that is not there any more.
  if (left < 0) return { ...blank, phase: "over", minutes: Math.floor(-left), share: limit ? Math.min(1, -left / limit) : 1 };
  if (working && !isOpen(clock, now)) return { ...blank, phase: "off", minutes: Math.floor(left), share, until: moment(clock.next_opening) };
  const soon = left <= SOON_MINUTES || (limit !== null && left / limit <= SOON_SHARE);
  return { ...blank, phase: soon ? "soon" : "running", minutes: Math.floor(left), share };
}

function isOpen(clock: ClockFacts, now: number): boolean {
  if (clock.calendar_open) return true;
  const opens = moment(clock.next_opening);
  return opens !== null && now >= opens;
}

function minutesLeft(clock: ClockFacts, now: number, asOf?: string): number | null {
  if (clock.counted_minutes_left === null) {
    const due = moment(clock.due);
    return due === null ? null : (due - now) / MINUTE;
  }
  const taken = moment(clock.as_of ?? asOf ?? null);
  if (taken === null || clock.paused) return clock.counted_minutes_left;
  let from = taken;
  if (clock.working && !clock.calendar_open) {
    const opens = moment(clock.next_opening);
    if (opens === null || now <= opens) return clock.counted_minutes_left;
    from = opens;
  }
  return clock.counted_minutes_left - Math.max(0, now - from) / MINUTE;
}

function moment(iso: string | null | undefined): number | null {
  if (!iso) return null;
  const at = Date.parse(iso);
  return Number.isNaN(at) ? null : at;
}

export interface Span {
  from: number;
  to: number;
  counted: boolean;
  why: string;
}

export interface ClockSpans {
  start: number;
  end: number;
  spans: Span[];
  countedMinutes: number;
}

/** Counted intervals and pauses laid along one line, gaps named `off`; what the case page draws and sums. */
export function layOut(intervals: readonly (readonly [string, string])[], pauses: readonly (readonly [string, string | null, string])[], now: number): ClockSpans {
  const spans: Span[] = [];
  for (const [from, to] of intervals) spans.push({ from: Date.parse(from), to: Date.parse(to), counted: true, why: "counted" });
  for (const [from, to, why] of pauses) spans.push({ from: Date.parse(from), to: to ? Date.parse(to) : now, counted: false, why: why || "paused" });
  spans.sort((a, b) => a.from - b.from || a.to - b.to);
  const filled: Span[] = [];
  let counted = 0;
  for (const span of spans) {
    const before = filled[filled.length - 1];
    if (before && span.from > before.to) filled.push({ from: before.to, to: span.from, counted: false, why: "off" });
    filled.push(span);
    if (span.counted) counted += (span.to - span.from) / MINUTE;
  }
  const start = filled[0]?.from ?? now;
  const end = filled[filled.length - 1]?.to ?? now;
  return { start, end, spans: filled, countedMinutes: counted };
}

/** 12345 minutes as figure and unit: working days from two on, h:mm from an hour on, else minutes. */
export function figureOf(minutes: number, dayMinutes: number, working: boolean): { figure: string; unit: "days" | "hours" | "minutes" } {
  if (minutes >= 2 * dayMinutes && (working || minutes >= 2 * 1440)) return { figure: String(Math.floor(minutes / dayMinutes)), unit: "days" };
  if (minutes >= 60) return { figure: `${Math.floor(minutes / 60)}:${String(Math.floor(minutes % 60)).padStart(2, "0")}`, unit: "hours" };
  return { figure: String(Math.floor(minutes)), unit: "minutes" };
}
