// Doing something to a case: what the lifecycle table asks for, as fields of a form; the body the server wants; and what to say
// afterwards. The server decides what may be done; nothing here knows an order of steps.
import { ref } from "vue";
import { ApiError, NotSent } from "../api/client";
import { act } from "../api/cases";
import type { ActionBody, ActionResult, CaseFull, CaseRow, NextAction } from "../api/types";
import { say, sayOf } from "../text";
import { tell } from "../kit/toasts";
import { cityNow } from "../kit/city-clock";
import { numberOf } from "./number";

export type Need = { kind: "text" | "photo" | "fact"; name: string; optional: boolean };

/** `text:reason`, `photo:after`, or a fact by name; a trailing `?` makes it optional. */
export function readNeed(need: string): Need {
  const optional = need.endsWith("?");
  const bare = optional ? need.slice(0, -1) : need;
  const [kind, name] = bare.includes(":") ? (bare.split(":", 2) as [string, string]) : ["fact", bare];
  if (kind === "text") return { kind: "text", name, optional };
  if (kind === "photo" || kind === "evidence") return { kind: "photo", name, optional };
  return { kind: "fact", name: kind === "fact" ? name : bare, optional };
}

export function needsOf(action: NextAction): Need[] {
  return action.needs.map(readNeed);
}

/** Needs a person must still fill in: those the server has not already proposed. */
export function openNeeds(action: NextAction): Need[] {
  return needsOf(action).filter((n) => !(n.kind === "fact" && action.facts?.[n.name] !== undefined));
}

export interface Filled { facts: Record<string, unknown>; texts: Record<string, string>; evidence: { id: string; stage: string; kind?: string }[] }
export const nothing = (): Filled => ({ facts: {}, texts: {}, evidence: [] });

export function missing(action: NextAction, filled: Filled): Need[] {
  return openNeeds(action).filter((n) => {
    if (n.optional) return false;
    if (n.kind === "text") return !filled.texts[n.name]?.trim();
    if (n.kind === "photo") return !filled.evidence.some((e) => e.stage === n.name);
    const value = filled.facts[n.name] ?? (n.name === "grid" ? filled.facts.place : undefined);
    if (Array.isArray(value) && !value.length) return true;
    return value === undefined || value === null || value === "";
  });
}

export function bodyOf(action: NextAction, seq: number, filled: Filled): ActionBody {
  return { action: action.action, expected_seq: seq, facts: { ...(action.facts ?? {}), ...filled.facts }, texts: filled.texts, evidence: filled.evidence, captured_at: new Date(cityNow()).toISOString() };
}

/** Keys of the desk by act (design language 12), for acts whose key the server did not name. */
export const KEY_OF: Record<string, string> = {
  order_verify: "KeyV", verify: "KeyV", file: "KeyF", dispatch: "KeyD", return: "KeyR", return_filing: "KeyR", send_back: "KeyR", ask_extension: "KeyE", ask_suspension: "KeyP",
  urge: "KeyU", supervise: "Shift+KeyU", order_check: "KeyC", close: "Shift+KeyC", merge: "KeyB", note: "Shift+KeyN",
};
export function keyOf(action: NextAction): string | null {
  const named = action.key;
  if (!named) return KEY_OF[action.action] ?? null;
  if (/^(Shift\+|Ctrl\+)?(Key|Digit)/.test(named)) return named;
  const parts = named.split(/[ +]/);
  const last = parts.pop()!;
  return [...parts, `Key${last.toUpperCase()}`].join("+");
}

/** Acts that leave a case where it is: never what `A` does. */
const BESIDE = new Set(["note", "urge", "supervise", "record_call", "raise_urgency", "lower_urgency", "open_identity", "leader_note", "answer_supervision", "correct", "set_assisting", "add_facts", "withdraw", "merge", "recall", "recall_verify", "take_back", "reassign_verify", "reassign_check", "withdraw_request"]);
export function proposedOf(actions: readonly NextAction[]): NextAction | null {
  const able = actions.filter((a) => !a.why_not);
  return able.find((a) => a.proposed) ?? able.find((a) => !a.danger && !BESIDE.has(a.action)) ?? null;
}

/** The act that takes an act back, by the lifecycle table. */
const RECALL_OF: Record<string, string> = { order_verify: "recall_verify", dispatch: "recall" };

/** One act at a time; an error keeps what was typed and says what, why and who. */
export function useAct(after: (result: ActionResult, action: NextAction) => void) {
  const busy = ref(false);
  const problem = ref<string | null>(null);

  async function perform(on: CaseRow | CaseFull, action: NextAction, filled: Filled): Promise<boolean> {
    if (busy.value) return false;
    busy.value = true;
    problem.value = null;
    try {
      const result = await act(on.id, bodyOf(action, on.seq, filled));
      const recall = sayOf("recall", action.action, {}, "");
      tell(say("act.done", { act: action.label, number: numberOf(result.number || on.number) }), recall ? { recall: { label: recall, run: () => recallAct(result, action) } } : {});
      after(result, action);
      return true;
    } catch (error) {
      problem.value = sentenceOf(error);
      tell(problem.value, { kind: error instanceof NotSent ? "waiting" : "refused", errorId: error instanceof ApiError ? error.errorId : null });
      return false;
    } finally {
      busy.value = false;
    }
  }

  /** Taking an act back is a new entry in the history, by the same door. */
  async function recallAct(now: ActionResult, action: NextAction): Promise<void> {
    try {
      const result = await act(now.case, { action: RECALL_OF[action.action] ?? "recall", expected_seq: now.seq });
      tell(say("act.recalled", { act: action.label, number: numberOf(now.number) }));
      after(result, { ...action, action: "recall" });
    } catch (error) {
      tell(sentenceOf(error), { kind: "refused", errorId: error instanceof ApiError ? error.errorId : null });
    }
  }
  return { busy, problem, perform };
}

export function sentenceOf(error: unknown): string {
  if (error instanceof NotSent) return say("error.waiting");
  if (error instanceof ApiError) {
    if (error.overtaken) return error.message || say("error.overtaken");
    return error.message || (error.reason ? sayOf("refused", error.reason, {}, say("error.refused")) : say("error.server"));
  }
  return say("error.network");
}
