// What waits on the device: reports, acts and their photos, sent in the order they were made. Each keeps the idempotency key and
// the capture time it got here, so sending twice does it once. A photo that arrived is not sent again. A refusal does not stop
// the rest; it comes back to its author with the reason, his photos and words still there, until he has dealt with it.
import { computed, ref } from "vue";
import { ApiError, newKey, read, saySignedOut, send, setCsrf, type Write } from "../api/client";
import { evidenceIn, getCase } from "../api/cases";
import type { ActionResult, TimelineEntry } from "../api/types";
import { cityNow, onClockChecked } from "../kit/city-clock";
import { onDevice } from "./device";
import { sendPhoto } from "./upload";

/** `upload`: the server's name of a photo whose pieces have all arrived and of which only the last answer is missing. */
export interface KeptPhoto { key: string; blob: Blob; name: string; stage: string; id: string | null; upload?: string }
export interface Kept {
  key: string;
  /** Place in the order of making; never a clock's word, for a clock may be put back. */
  order: number;
  at: number;
  captured_at: string;
  /** Seconds this device's city time was ahead of the city's when they next met; null until then. */
  clock_error_s: number | null;
  kind: "report" | "act";
  title: string;
  method: Write["method"];
  path: string;
  body: Record<string, unknown>;
  photos: KeptPhoto[];
  state: "waiting" | "sending" | "sent" | "refused";
  reason?: string;
  reasonCode?: string | null;
  errorId?: string | null;
  number?: string;
  case?: string;
  owner?: string;
}

export interface Shelf { all(): Promise<Kept[]>; put(item: Kept): Promise<void>; drop(key: string): Promise<void> }

/** Everything on the device, whoever made it. A shared phone shows and sends only what belongs to the person signed in. */
const held = ref<Kept[]>([]);
const owner = ref<string | null>(null);
const isMine = (k: Kept): boolean => !k.owner || owner.value === null || k.owner === owner.value;
export const kept = computed<Kept[]>(() => held.value.filter(isMine));
export const othersCount = computed(() => held.value.filter((k) => !isMine(k) && k.state !== "sent").length);
export function setOwner(id: string | null): void {
  const came = id !== null && id !== owner.value;
  owner.value = id;
  if (came && watching) void flush();
}
const deviceSaysOnline = (): boolean => typeof navigator === "undefined" || navigator.onLine !== false;
/** What the device says of its network; `online` is what was seen of the city itself. */
export const connected = ref(deviceSaysOnline());
export const online = ref(deviceSaysOnline());
export const sending = ref(false);
/** Nothing is durable here (a private window, a full disk): the person is told before he relies on it. */
export const keepsNothing = ref(false);
const isWaiting = (k: Kept): boolean => k.state === "waiting" || k.state === "sending";
export const waiting = computed(() => kept.value.filter(isWaiting));
export const waitingCount = computed(() => waiting.value.length);
export const refusedItems = computed(() => kept.value.filter((k) => k.state === "refused"));
export const sentItems = computed(() => kept.value.filter((k) => k.state === "sent"));
/** Whether an act on a case is on this device and not yet known to the city. */
export const actsOn = (id: string): Kept[] => waiting.value.filter((k) => k.kind === "act" && k.path === actPath(id));
/** Acts after which there is still something to do on the spot. */
const STILL_TO_DO = new Set(["arrive", "note"]);
export const isDoneHere = (id: string): boolean => actsOn(id).some((k) => !STILL_TO_DO.has(String(k.body.action)));
export const actPath = (id: string): string => `/cases/${encodeURIComponent(id)}/actions`;
export const caseOf = (k: Kept): string | null => k.case ?? /^\/cases\/([^/]+)\/actions$/.exec(k.path)?.[1] ?? null;

let shelf: Shelf = memoryShelf();

export function memoryShelf(start: Kept[] = []): Shelf {
  const held = new Map(start.map((k) => [k.key, k]));
  return { all: async () => [...held.values()], put: async (k) => void held.set(k.key, k), drop: async (key) => void held.delete(key) };
}

const DEVICE: Shelf = {
  all: () => onDevice("outbox", "readonly", (s) => s.getAll() as IDBRequest<Kept[]>),
  put: async (k) => void (await onDevice("outbox", "readwrite", (s) => s.put(plain(k)))),
  drop: async (key) => void (await onDevice("outbox", "readwrite", (s) => s.delete(key))),
};

/** Without Vue's wrappers, which IndexedDB cannot copy. */
function plain(k: Kept): Kept {
  return { ...k, body: JSON.parse(JSON.stringify(k.body)) as Record<string, unknown>, photos: k.photos.map((p) => ({ ...p })) };
}

const SENT_KEPT_MS = 48 * 3_600_000;
export async function openOutbox(on: Shelf = DEVICE): Promise<void> {
  shelf = on;
  let found: Kept[] = [];
  try {
    found = await shelf.all();
  } catch {
    keepsNothing.value = true;
    shelf = memoryShelf();
  }
  const old = found.filter((k) => k.state === "sent" && cityNow() - k.at > SENT_KEPT_MS);
  for (const k of old) await shelf.drop(k.key);
  const place = (k: Kept): number => k.order ?? k.at;
  held.value = found.filter((k) => !old.includes(k)).map((k) => ({ ...k, order: place(k), clock_error_s: k.clock_error_s ?? null, ...(k.state === "sending" ? { state: "waiting" as const } : {}) })).sort((a, b) => a.order - b.order);
}

const nextOrder = (): number => held.value.reduce((most, k) => Math.max(most, k.order), 0) + 1;
/** Keep something to send; it is on the device before this returns. */
export async function keep(item: Pick<Kept, "kind" | "title" | "method" | "path" | "body" | "owner"> & { photos: { blob: Blob; name: string; stage: string }[] }): Promise<Kept> {
  const at = cityNow();
  const made: Kept = { ...item, key: newKey(), order: nextOrder(), at, captured_at: new Date(at).toISOString(), clock_error_s: null, state: "waiting", photos: item.photos.map((p) => ({ ...p, key: newKey(), id: null })) };
  await shelf.put(made);
  held.value = [...held.value, made];
  return made;
}

async function set(item: Kept, next: Partial<Kept>): Promise<Kept> {
  const made = { ...(held.value.find((k) => k.key === item.key) ?? item), ...next };
  held.value = held.value.map((k) => (k.key === item.key ? made : k));
  await shelf.put(made);
  return made;
}

/** The first word of the city after something was made tells how wrong the device's clock was then. */
onClockChecked((aheadMs) => {
  for (const k of held.value.filter((k) => k.clock_error_s === null && k.state === "waiting")) void set(k, { clock_error_s: Math.round(aheadMs / 100) / 10 });
});

/** Acts made one after the other on the same sight of a case: what the first one answered is what the next one has seen. */
async function rebase(done: Kept, seq: number): Promise<void> {
  for (const next of held.value.filter((k) => k.kind === "act" && k.state === "waiting" && k.path === done.path && k.order > done.order && k.body.expected_seq === done.body.expected_seq)) await set(next, { body: { ...next.body, expected_seq: seq } });
}

export async function discard(key: string): Promise<void> {
  await shelf.drop(key);
  held.value = held.value.filter((k) => k.key !== key);
}

/** A refused act made anew: another key, at the end of the order; photos that have arrived and the time of capture stay. */
async function replace(item: Kept, next: Partial<Kept>): Promise<Kept> {
  const made: Kept = { ...item, ...next, key: newKey(), order: nextOrder(), state: "waiting", reason: undefined, reasonCode: undefined, errorId: undefined };
  await shelf.put(made);
  held.value = [...held.value, made];
  await discard(item.key);
  return made;
}
/** The same act on the case as it stands now. */
export const doAgain = (item: Kept, seq: number): Promise<Kept> => replace(item, { body: { ...item.body, expected_seq: seq } });
/** What was seen and photographed, left on the case as a note: the act came too late, the work was done. */
export const leaveAsNote = (item: Kept, seq: number, words: string): Promise<Kept> =>
  replace(item, { body: { action: "note", expected_seq: seq, facts: {}, texts: { note: words } }, photos: item.photos.map((p) => ({ ...p, stage: "document" })) });

/** Only the first of several tabs sends; what another one has sent already is answered as done. */
async function alone(run: () => Promise<void>): Promise<void> {
  const locks = typeof navigator === "undefined" ? undefined : (navigator as { locks?: LockManager }).locks;
  if (!locks) return run();
  await locks.request("chengyun-outbox", { ifAvailable: true }, async (lock) => { if (lock) await run(); });
}

/** Send what waits, first made first. Stops at the first thing that cannot reach the server; nothing overtakes it. */
export async function flush(pauses?: readonly number[]): Promise<void> {
  if (sending.value || !waiting.value.length || !deviceSaysOnline()) return;
  sending.value = true;
  try {
    await alone(async () => {
      if (!(await meetCity())) return;
      for (let next = firstWaiting(); next; next = firstWaiting()) if (!(await sendOne(next, pauses))) break;
    });
  } finally {
    sending.value = false;
  }
}
const firstWaiting = (): Kept | undefined => kept.value.find((k) => k.state === "waiting");

/** Says good day before anything is sent: is it there, does it still know me, what time is it, and the token for this session. */
async function meetCity(): Promise<boolean> {
  try {
    const said = await read<{ signed_in: boolean; csrf: string }>("/session");
    setCsrf(said.csrf);
    online.value = true;
    if (!said.signed_in) saySignedOut();
    return said.signed_in;
  } catch (error) {
    if (!(error instanceof ApiError)) online.value = false;
    return false;
  }
}

/** True if the next one may follow. */
async function sendOne(first: Kept, pauses?: readonly number[]): Promise<boolean> {
  // What is told of it is settled before the first try: the same key must always carry the same words.
  let item = await set(first, { state: "sending", clock_error_s: first.clock_error_s ?? 0 });
  try {
    for (const photo of item.photos.filter((p) => p.id === null)) {
      const note = async (upload: string): Promise<void> => { item = await set(item, { photos: item.photos.map((p) => (p.key === photo.key ? { ...p, upload } : p)) }); };
      const id = await sendPhoto(photo, pauses, note);
      item = await set(item, { photos: item.photos.map((p) => (p.key === photo.key ? { ...p, id } : p)) });
    }
    const evidence = evidenceIn(item.photos.map((p) => ({ id: p.id!, stage: p.stage })));
    const write = (): Write => ({ key: item.key, method: item.method, path: item.path, body: { ...item.body, [item.kind === "report" ? "attachments" : "evidence"]: evidence, captured_at: item.captured_at, clock_error_s: item.clock_error_s } });
    const result = await send<ActionResult>(write(), pauses).catch(async (error: unknown) => {
      const seq = error instanceof ApiError && error.reason === "moved_on" ? await undisturbedTo(item) : null;
      if (seq === null) throw error;
      item = await set(item, { body: { ...item.body, expected_seq: seq } });
      return send<ActionResult>(write(), pauses);
    });
    if (item.kind === "act" && result) await rebase(item, result.seq);
    await set(item, { state: "sent", number: result?.number, case: result ? String(result.case) : undefined, photos: [] });
    online.value = true;
    return true;
  } catch (error) {
    const fate = fateOf(error);
    if (fate === "refused") {
      const no = error as ApiError;
      await set(item, { state: "refused", reason: no.message || no.reason || no.code, reasonCode: no.reason ?? no.code, errorId: no.errorId });
      return true;
    }
    await set(item, { state: "waiting" });
    if (!(error instanceof ApiError)) online.value = false;
    if (fate !== "slower") return false;
    await new Promise((done) => setTimeout(done, 1000 * Math.min(60, Number((error as ApiError).facts.seconds ?? 5))));
    return true;
  }
}

/** What may happen to a case without disturbing whoever is working on it: clocks that warn, somebody who urges, a call written down. */
const ASIDE = new Set(["warn", "escalate", "urge", "retime", "note", "record_call"]);
/** In eight hours clocks warn. If nothing else happened since he looked, what he did still stands: gives the case as it stands now. */
async function undisturbedTo(item: Kept): Promise<number | null> {
  const on = caseOf(item);
  if (item.kind !== "act" || on === null) return null;
  const now = await getCase(on).catch((error: unknown) => { if (error instanceof ApiError && error.status < 500) return null; throw error; });
  if (now === null) return null;
  const seen = Number(item.body.expected_seq ?? 0);
  const before = [...now.timeline].reverse().find((e: TimelineEntry) => e.seq <= seen)?.to;
  const since = now.timeline.filter((e) => e.seq > seen);
  return since.length && since.length === now.seq - seen && since.every((e) => ASIDE.has(e.type) && e.to === before) ? now.seq : null;
}

/** What a failure means for what waits: a "no" of the rules comes back to its author; all else is tried again, later or slower. */
function fateOf(error: unknown): "refused" | "later" | "slower" {
  if (!(error instanceof ApiError)) return "later";
  if (error.status === 429) return "slower";
  // 401: sign in first. 403 without the policy's word: the page's token is out of date, and the next greeting brings a new one.
  if (error.status >= 500 || [401, 408, 425].includes(error.status) || (error.status === 403 && error.code !== "forbidden")) return "later";
  return "refused";
}

const TRY_AGAIN_MS = 30_000;
let watching = false;
export async function watchNetwork(): Promise<void> {
  if (watching) return;
  watching = true;
  await openOutbox();
  // Asks the browser not to clear what waits when the device runs short of space.
  if (typeof navigator !== "undefined") void navigator.storage?.persist?.().catch(() => undefined);
  window.addEventListener("online", () => { connected.value = online.value = true; void flush(); });
  window.addEventListener("offline", () => { connected.value = online.value = false; });
  setInterval(() => void flush(), TRY_AGAIN_MS);
  void flush();
}
