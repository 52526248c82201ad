// The city's time on this screen. The server says what time it is in the city (and, in the demo, how fast it runs); between
// two answers we count with the monotonic clock. Nothing on a screen reads the clock of the device for a legal time.
import { computed, onScopeDispose, ref } from "vue";

export const MINUTE = 60_000;

const LAST = "cy.clock";
/** Where the city's clock stood when the server last said so, carried on by the device's: a phone opened without a network still counts in city time. */
function remembered(): { city: number; rate: number } {
  try {
    const kept = JSON.parse(localStorage.getItem(LAST) ?? "null") as { city: number; device: number; rate: number } | null;
    if (kept && Number.isFinite(kept.city) && Number.isFinite(kept.device) && Date.now() >= kept.device) return { city: kept.city + (Date.now() - kept.device) * (kept.rate || 1), rate: kept.rate || 1 };
  } catch { /* nothing kept, or no place to keep it */ }
  return { city: Date.now(), rate: 1 };
}
const anchor = ref({ ...remembered(), at: monotonic() });
/** City time as of the last tick. Rows read this; it moves once a minute unless somebody asks for seconds. */
const ticked = ref(anchor.value.city);
const zone = ref("Asia/Shanghai");
let timer: ReturnType<typeof setTimeout> | undefined;
let secondsWanted = 0;

function monotonic(): number {
  return typeof performance === "undefined" ? Date.now() : performance.now();
}

type Check = (aheadMs: number) => void;
const checks = new Set<Check>();
/** Told at each word of the city how far this device's idea of the city's time was ahead of it (behind: negative), in milliseconds. */
export function onClockChecked(tell: Check): () => void {
  checks.add(tell);
  return () => checks.delete(tell);
}

/** The city says what time it is; the difference to what we believed includes the way of the answer. */
export function setCityTime(iso: string, rate?: number): void {
  const city = Date.parse(iso);
  if (Number.isNaN(city)) return;
  const ahead = cityNow() - city;
  anchor.value = { city, at: monotonic(), rate: rate ?? anchor.value.rate };
  try {
    localStorage.setItem(LAST, JSON.stringify({ city, device: Date.now(), rate: anchor.value.rate }));
  } catch { /* a browser that keeps nothing counts on from here all the same */ }
  ticked.value = cityNow();
  arm();
  for (const tell of checks) tell(ahead);
}

export function setZone(name: string): void {
  zone.value = name;
}

/** City time this instant, in milliseconds since 1970. */
export function cityNow(): number {
  const { city, at, rate } = anchor.value;
  return city + (monotonic() - at) * rate;
}

/** City time that moves on its own: once a minute, or each second while a component that asked for seconds is shown. */
export function useCityTime(seconds = false) {
  if (seconds) {
    secondsWanted += 1;
    arm();
    onScopeDispose(() => {
      secondsWanted -= 1;
    });
  }
  if (timer === undefined) arm();
  return computed(() => ticked.value);
}

function arm(): void {
  if (typeof window === "undefined") return;
  clearTimeout(timer);
  const rate = anchor.value.rate || 1;
  const step = secondsWanted > 0 ? 1000 : MINUTE - (cityNow() % MINUTE);
  timer = setTimeout(() => {
    ticked.value = cityNow();
    arm();
  }, Math.max(250, step / rate));
}

const parts = new Map<string, Intl.DateTimeFormat>();

function inZone(ms: number): { year: string; month: string; day: string; hour: string; minute: string; second: string; weekday: number } {
  let format = parts.get(zone.value);
  if (!format) {
    format = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone.value, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
    });
    parts.set(zone.value, format);
  }
  const out: Record<string, string> = {};
  for (const part of format.formatToParts(ms)) out[part.type] = part.value;
  const weekday = new Date(Date.UTC(Number(out.year), Number(out.month) - 1, Number(out.day))).getUTCDay();
  return { year: out.year!, month: out.month!, day: out.day!, hour: out.hour!, minute: out.minute!, second: out.second!, weekday };
}

export function cityDay(ms: number): string {
  const p = inZone(ms);
  return `${p.year}-${p.month}-${p.day}`;
}

export function cityHourMinute(ms: number): string {
  const p = inZone(ms);
  return `${p.hour}:${p.minute}`;
}

export function cityStamp(ms: number): string {
  const p = inZone(ms);
  return `${p.year}-${p.month}-${p.day} ${p.hour}:${p.minute}:${p.second}`;
}

export function cityWeekday(ms: number): number {
  return inZone(ms).weekday;
}

export interface DayWords {
  today: string;
  yesterday: string;
  tomorrow: string;
  months: readonly string[] | null;
}

/** "10:42", "昨天 10:42", "11-20 10:42", "24 Nov 10:42"; the year is added when it is not this one. */
export function sayMoment(ms: number, now: number, words: DayWords, withToday = false): string {
  const day = cityDay(ms);
  const clock = cityHourMinute(ms);
  if (day === cityDay(now)) return withToday ? `${words.today} ${clock}` : clock;
  if (day === cityDay(now - 24 * 60 * MINUTE)) return `${words.yesterday} ${clock}`;
  if (day === cityDay(now + 24 * 60 * MINUTE)) return `${words.tomorrow} ${clock}`;
  return `${sayDay(ms, now, words)} ${clock}`;
}

export function sayDay(ms: number, now: number, words: DayWords): string {
  const p = inZone(ms);
  const sameYear = p.year === inZone(now).year;
  if (words.months) return `${Number(p.day)} ${words.months[Number(p.month) - 1]}${sameYear ? "" : ` ${p.year}`}`;
  return sameYear ? `${p.month}-${p.day}` : `${p.year}-${p.month}-${p.day}`;
}

/** The moment a day of the city begins, as ISO text; `plus` days later if given. */
export function cityMidnight(day: string, plus = 0): string {
  const utc = Date.parse(`${day}T00:00:00Z`) + plus * 24 * 60 * MINUTE;
  const p = inZone(utc);
  const shown = Date.UTC(Number(p.year), Number(p.month) - 1, Number(p.day), Number(p.hour), Number(p.minute));
  return new Date(utc - (shown - utc)).toISOString();
}
