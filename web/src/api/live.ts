// Live changes: one stream per browser, shared between its tabs. The tab that holds the lock listens to the server and passes
// on what it hears; when it closes, the next tab takes the lock. A browser without locks or channels listens for itself.
import { ref } from "vue";
import { cityNow, setCityTime } from "../kit/city-clock";
import { role } from "./session";

/** What the server tells of an event: only what the reader may know. `gone`: the case left his sight, nothing else is said. */
export interface LiveCase { id: string; seq: number; state: string; type?: string; number?: string; gone?: boolean }
export type LiveMessage =
  | { type: "case"; data: LiveCase }
  | { type: "counts"; data: Record<string, number> }
  | { type: "ping"; data: { as_of: string } }
  | { type: "snapshot"; data: { version: string } }
  | { type: "lost" };

export const heardAt = ref<number | null>(null);
export const isLive = ref(false);
export const tries = ref(0);

const LOCK = "chengyun-live";
const CHANNEL = "chengyun-live";
const KINDS = ["case", "counts", "ping"] as const;
const SILENCE_MS = 45_000;

/** Posts that see no cases come by; the server would refuse them the stream. */
export const hearsNothing = (): boolean => HEARS_NOTHING.has(role.value);
const HEARS_NOTHING = new Set(["system_admin", "security_admin", "auditor"]);

type Listener = (message: LiveMessage) => void;
const listeners = new Set<Listener>();
let started = false;
let channel: BroadcastChannel | null = null;
let stop: (() => void) | null = null;
let watchdog: ReturnType<typeof setTimeout> | undefined;

export function onLive(listener: Listener): () => void {
  listeners.add(listener);
  start();
  return () => listeners.delete(listener);
}

function start(): void {
  if (started || typeof EventSource === "undefined" || hearsNothing()) return;
  started = true;
  if (typeof BroadcastChannel !== "undefined") {
    channel = new BroadcastChannel(CHANNEL);
    channel.onmessage = (event: MessageEvent<LiveMessage>) => hear(event.data);
  }
  const locks = (navigator as { locks?: LockManager }).locks;
  if (locks && channel) void locks.request(LOCK, () => new Promise<void>((release) => { stop = listen(release); }));
  else stop = listen(() => undefined);
}

export function stopLive(): void {
  stop?.();
  channel?.close();
  clearTimeout(watchdog);
  started = false;
  channel = null;
  stop = null;
  isLive.value = false;
}

function listen(release: () => void): () => void {
  let source: EventSource;
  let again: ReturnType<typeof setTimeout> | undefined;
  const open = (): void => {
    source = new EventSource("/rt/events", { withCredentials: true });
    for (const kind of KINDS)
      source.addEventListener(kind, (event) => pass(readMessage(kind, (event as MessageEvent<string>).data)));
    // Too long away: whatever is shown is read anew.
    source.addEventListener("reset", (event) => pass({ type: "snapshot", data: { version: (event as MessageEvent<string>).lastEventId } }));
    source.onerror = () => {
      pass({ type: "lost" });
      if (source.readyState === EventSource.CLOSED) again = setTimeout(open, Math.min(30_000, 1000 * 2 ** Math.min(tries.value, 5)));
    };
  };
  open();
  return () => {
    clearTimeout(again);
    source.close();
    release();
  };
}

/** Ids are numbers to the server and words here. */
function readMessage(kind: (typeof KINDS)[number], text: string): LiveMessage {
  const data = JSON.parse(text);
  return { type: kind, data: kind === "case" ? { ...data, id: String(data.id) } : data } as LiveMessage;
}

function pass(message: LiveMessage): void {
  channel?.postMessage(message);
  hear(message);
}

function hear(message: LiveMessage): void {
  if (message.type === "lost") {
    isLive.value = false;
    tries.value += 1;
  } else {
    isLive.value = true;
    tries.value = 0;
    if (message.type === "ping" && message.data.as_of) setCityTime(message.data.as_of);
    heardAt.value = cityNow();
    clearTimeout(watchdog);
    watchdog = setTimeout(() => { isLive.value = false; }, SILENCE_MS);
  }
  for (const listener of listeners) listener(message);
}
