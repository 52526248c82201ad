// Keys of the desk. Bound to the place of the key (`event.code`), so they work with a Chinese input method on; silent while
// somebody composes or types. A later binding stands before an earlier one, so a dialog takes the keys of the page under it.
import { onScopeDispose, ref, shallowReactive } from "vue";
import type { TextKey } from "../text";

export interface KeyBinding {
  /** "KeyJ", "Shift+KeyC", "Ctrl+KeyK", or two strokes "KeyG KeyW". */
  code: string;
  label: TextKey | "";
  run: (event: KeyboardEvent) => void;
  when?: () => boolean;
  /** Works in a text field too (Escape, Ctrl+Enter). */
  always?: boolean;
}

export const bindings = shallowReactive<KeyBinding[]>([]);
export const sheetOpen = ref(false);
let first: string | null = null;
let firstAt = 0;
const SECOND_STROKE_MS = 1200;

export function strokeOf(event: KeyboardEvent): string {
  const mods = [event.ctrlKey || event.metaKey ? "Ctrl" : "", event.altKey ? "Alt" : "", event.shiftKey ? "Shift" : ""].filter(Boolean);
  return [...mods, event.code].join("+");
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}

export function handleKey(event: KeyboardEvent): void {
  if (event.isComposing || event.keyCode === 229) return;
  const typing = isTyping(event.target);
  const stroke = strokeOf(event);
  const pair = first !== null && event.timeStamp - firstAt < SECOND_STROKE_MS ? `${first} ${stroke}` : null;
  first = null;
  for (let i = bindings.length - 1; i >= 0; i -= 1) {
    const b = bindings[i]!;
    if (typing && !b.always) continue;
    if (b.code !== stroke && b.code !== pair) continue;
    if (b.when && !b.when()) continue;
    event.preventDefault();
    b.run(event);
    return;
  }
  if (!typing && bindings.some((b) => b.code.startsWith(`${stroke} `))) {
    first = stroke;
    firstAt = event.timeStamp;
  }
}

/** Ctrl Enter is heard before the field it was pressed in: a list would take it for its own Enter and open. */
function hearFirst(event: KeyboardEvent): void {
  if (strokeOf(event) !== "Ctrl+Enter") return;
  handleKey(event);
  if (event.defaultPrevented) event.stopImmediatePropagation();
}

if (typeof window !== "undefined") {
  window.addEventListener("keydown", hearFirst, true);
  window.addEventListener("keydown", handleKey);
}

/** Bind keys for as long as the calling component lives. */
export function useKeys(list: KeyBinding[]): void {
  bindings.push(...list);
  onScopeDispose(() => {
    for (const b of list) bindings.splice(bindings.indexOf(b), 1);
  });
}

const NAMES: Record<string, string> = { Slash: "/", Space: "Space", Enter: "Enter", Escape: "Esc", ArrowDown: "↓", ArrowUp: "↑", BracketLeft: "[", BracketRight: "]" };

/** How a binding is printed on a button. */
export function printed(code: string): string {
  return code
    .split(" ")
    .map((stroke) =>
      stroke === "Shift+Slash" ? "?" : stroke.split("+").map((part) => NAMES[part] ?? part.replace(/^Key|^Digit/, "")).join(" "),
    )
    .join(" ");
}
