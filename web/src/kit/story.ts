// Which entries of a case's history are shown, and under which of the seven heads.
import type { TimelineEntry } from "../api/types";
import { isEnglish, say, sayOf } from "../text";
import { momentOf } from "./words";

export type StoryFilter = "all" | "people" | "machine" | "evidence" | "calls";
export const STORY_FILTERS: { key: StoryFilter; takes: (e: TimelineEntry) => boolean }[] = [
  { key: "all", takes: () => true },
  { key: "people", takes: (e) => e.actor.kind === "person" },
  { key: "machine", takes: (e) => e.actor.kind !== "person" },
  { key: "evidence", takes: (e) => e.evidence.length > 0 },
  { key: "calls", takes: (e) => e.evidence.some((x) => x.stage === "call") || e.type.includes("call") },
];

/** The step each state belongs to, for entries that do not carry it (domain 2.1). */
const STEP_OF_STATE: Record<string, number> = {
  reported: 1, verifying: 1, pending_filing: 2, void_asked: 2, void: 2, merged: 2, returned_to_filing: 2, pending_dispatch: 3, consulting: 3, returned: 3, split: 3,
  dispatched: 4, handling: 4, finished: 4, extension_asked: 4, extension_endorsed: 4, suspension_asked: 4, suspension_endorsed: 4, suspended: 4,
  feedback_given: 5, checking: 6, pending_closing: 6, closed: 6, forced_closed: 6, evaluated: 7,
};

export function stepOf(entry: TimelineEntry): number {
  return entry.step ?? STEP_OF_STATE[entry.to] ?? 1;
}

export interface StoryGroup { step: number; entries: TimelineEntry[] }

/** Groups in the order of the history: a case sent back opens its earlier head again, further down. */
export function groupBySteps(shown: readonly TimelineEntry[], all: readonly TimelineEntry[]): StoryGroup[] {
  const begun = new Map<number, number>();
  let before = 1;
  for (const e of [...all].sort((a, b) => a.seq - b.seq)) {
    // An act is told under the step in which it was done: the head changes after it, not with it.
    begun.set(e.seq, e.seq === 1 ? 1 : before);
    before = stepOf(e);
  }
  const groups: StoryGroup[] = [];
  for (const e of [...shown].sort((a, b) => a.seq - b.seq)) {
    const step = begun.get(e.seq) ?? stepOf(e);
    const last = groups[groups.length - 1];
    if (last && last.step === step) last.entries.push(e);
    else groups.push({ step, entries: [e] });
  }
  return groups;
}

/** What was done and to whom: "派遣 → 区排水管理所". Names come with the facts; ids and codes are never shown. */
export function tellEntry(entry: TimelineEntry): string {
  const verb = entry.sentence || entry.label || sayOf("event", entry.type, {}, say("event.other"));
  const f = entry.facts;
  const named = ["unit_name", "handler_name", "checker_name"].map((key) => f[key]).find((name): name is string => typeof name === "string" && name !== "");
  const more: string[] = [];
  if (typeof f.urgency === "string" && entry.type.endsWith("_urgency")) more.push(sayOf("urgency", f.urgency, {}, ""));
  if (typeof f.comparison === "string") more.push(sayOf("comparison", f.comparison, {}, ""));
  if (typeof f.ground === "string") more.push(sayOf("ground", f.ground, {}, ""));
  if (typeof f.exemption === "string") more.push(sayOf("exemption", f.exemption, {}, ""));
  if (typeof f.until === "string") more.push(say("story.until", { moment: momentOf(f.until) }));
  for (const key of ["granted", "passed", "solved"] as const) if (typeof f[key] === "boolean") more.push(`${sayOf("need", key)}${isEnglish.value ? ": " : "："}${f[key] ? say("word.yes") : say("word.no")}`);
  if (entry.type === "correct" && typeof f.category_name === "string") more.push(f.category_name);
  // Clocks timed anew say which day became another one, and why.
  for (const d of (Array.isArray(f.days) ? f.days : []) as { day: string; reason_zh: string; reason_en: string }[]) more.push(`${d.day} ${isEnglish.value ? d.reason_en || d.reason_zh : d.reason_zh}`);
  const tail = more.filter(Boolean).join(isEnglish.value ? ", " : "，");
  return `${verb}${named ? ` → ${named}` : ""}${tail ? ` · ${tail}` : ""}`;
}

/** What was written with an act: reason, answer, note. The words of the report itself stand on the page in their own place. */
export function textsOf(entry: TimelineEntry): string[] {
  return entry.seq === 1 ? [] : Object.values(entry.texts ?? {}).filter(Boolean);
}

const CONDITIONS = ["category_chosen", "inside_a_grid", "photo", "no_duplicate", "one_standard_entry", "switched_on"];

/** Why an act went without a person: the conditions that held, what the duty list said, and the settings that switched it on. */
export function reasonsOf(entry: TimelineEntry): string[] {
  if (entry.actor.kind === "person") return [];
  const { conditions, settings_version: settings, duty_row: row } = entry.facts;
  if (typeof settings !== "number" || entry.type === "report") return [];
  const held = Array.isArray(conditions) ? CONDITIONS.filter((name) => conditions.includes(name)).map((name) => sayOf("condition", name)) : [];
  return [...held, ...(row ? [say("reason.one_answer")] : []), say("reason.settings", { version: settings })];
}

const LATER_MS = 60_000;
const TELLING_S = 5;
/** For what reached the city at least a minute after it was done: when it was done, and how wrong the device's clock was. */
export function capturedWords(entry: TimelineEntry, now?: number): string | null {
  if (!entry.captured_at || Math.abs(Date.parse(entry.at) - Date.parse(entry.captured_at)) < LATER_MS) return null;
  const error = Number(entry.facts.clock_error_s ?? 0);
  const clock = Math.abs(error) < TELLING_S ? "" : say(error > 0 ? "story.clock_fast" : "story.clock_slow", { s: Math.abs(Math.round(error)) });
  return [say("story.captured", { moment: momentOf(entry.captured_at, now) }), clock].filter(Boolean).join(isEnglish.value ? ", " : "，");
}
