// Moments, spans and amounts as people read them, in the reader's language and the city's time.
import { computed } from "vue";
import { say, sayOf, language } from "../text";
import { cityDay, cityHourMinute, cityNow, cityWeekday, sayDay, sayMoment, type DayWords, MINUTE } from "./city-clock";
import { figureOf, type ClockLimit, type ClockReading } from "./clock";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

export function dayWords(): DayWords {
  return { today: say("day.today"), yesterday: say("day.yesterday"), tomorrow: say("day.tomorrow"), months: language.value === "en" ? MONTHS : null };
}

export function momentOf(iso: string | number | null | undefined, now: number = cityNow(), withToday = false): string {
  if (iso === null || iso === undefined) return "—";
  const ms = typeof iso === "number" ? iso : Date.parse(iso);
  return Number.isNaN(ms) ? "—" : sayMoment(ms, now, dayWords(), withToday);
}

export function dayOf(iso: string | null | undefined, now: number = cityNow()): string {
  if (!iso) return "—";
  const ms = Date.parse(iso);
  return Number.isNaN(ms) ? "—" : sayDay(ms, now, dayWords());
}

export function timeOf(iso: string | number): string {
  return cityHourMinute(typeof iso === "number" ? iso : Date.parse(iso));
}

export function weekdayOf(ms: number): string {
  return say("day.weekdays").split(" ")[cityWeekday(ms)] ?? "";
}

export function sameDay(a: number, b: number): boolean {
  return cityDay(a) === cityDay(b);
}

/** Minutes in words: "3:20", "18 分", "4 工作日". */
export function spanOf(minutes: number, dayMinutes = 480, working = false): string {
  const { figure, unit } = figureOf(minutes, dayMinutes, working);
  if (unit === "hours") return figure;
  if (unit === "minutes") return say("span.minutes", { n: figure === "0" ? "<1" : figure });
  return say(working ? "span.workdays" : "span.days", { n: figure });
}

/** The chip's figure for a clock, with its words. */
export function clockWords(reading: ClockReading, now: number): string {
  const span = reading.minutes === null ? "" : spanOf(reading.minutes, reading.dayMinutes, reading.working);
  switch (reading.phase) {
    case "running":
    case "soon":
      return say("clock.left", { span });
    case "over":
      return say("clock.over", { span });
    case "off":
      return reading.until === null ? say("clock.off") : say("clock.off_until", { moment: momentOf(reading.until, now) });
    case "paused":
      return reading.until === null ? say("clock.paused") : say("clock.paused_until", { moment: sayDay(reading.until, now, dayWords()) });
    case "met":
      return reading.minutes === null ? say("clock.met_plain") : say("clock.met", { span });
    case "late":
      return reading.minutes === null ? say("clock.late_plain") : say("clock.late", { span });
    case "none":
      return say("clock.none");
  }
}

/** How old something is: "2 秒前", "11 分钟前". */
export function ageOf(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return say("age.seconds", { n: seconds });
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return say("age.minutes", { n: minutes });
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? say("age.hours", { n: hours }) : say("age.days", { n: Math.floor(hours / 24) });
}

/** 12345 -> 12,345; a count that is not exact carries its plus. */
export function countOf(n: number | null | undefined, exact = true): string {
  if (n === null || n === undefined) return "—";
  return n.toLocaleString("en-US").replace("-", "−") + (exact ? "" : "+");
}

export function rateOf(share: number | null | undefined): string {
  return share === null || share === undefined ? "—" : (share * 100).toFixed(1);
}

export const listJoiner = computed(() => (language.value === "en" ? ", " : "、"));
export { MINUTE };

/** A limit as its rule gives it: "4 working days", "1 working day". */
export function limitWords(limit: Pick<ClockLimit, "unit" | "amount">): string {
  const one = limit.amount === 1 && limit.unit.endsWith("_day");
  return sayOf("limit", one ? `one_${limit.unit}` : limit.unit, { n: limit.amount });
}

/** Where exactly a report came from, in words; `12345:HX-881` keeps its own number. Nothing where it says no more than the family. */
export function channelOf(detail: string | null | undefined, family = ""): string {
  if (!detail || detail === family) return "";
  const [name, number] = detail.split(":", 2) as [string, string | undefined];
  return [sayOf("channel", name, {}, /[\u4e00-\u9fff]/.test(name) ? name : ""), number].filter(Boolean).join(" ");
}
