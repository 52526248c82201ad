// What waits on the device: reports, acts and their photos, sent in the order they were made. Each keeps the idempotency key and
// the capture time it got here, so sending twice does it once. A photo that arrived is not sent again. A refusal does not stop
// the rest; it comes back to its author with the reason and stays until he has dealt with it.
import { computed, ref } from "vue";
import { ApiError, newKey, NotSent, send, type Write } from "../api/client";
import { evidenceIn } from "../api/cases";
import type { ActionResult } from "../api/types";
import { cityNow } from "../kit/city-clock";
import { sendPhoto } from "./upload";

export interface KeptPhoto { key: string; blob: Blob; name: string; stage: string; id: string | null }
export interface Kept {
  key: string;
  at: number;
  captured_at: string;
  kind: "report" | "act";
  title: string;
  method: Write["method"];
  path: string;
  body: Record<string, unknown>;
  photos: KeptPhoto[];
  state: "waiting" | "sending" | "sent" | "refused";
  reason?: string;
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
  owner.value = id;
}
export const online = ref(typeof navigator === "undefined" ? true : navigator.onLine !== false);
export const sending = ref(false);
export const waitingCount = computed(() => kept.value.filter((k) => k.state === "waiting" || k.state === "sending").length);
export const refusedItems = computed(() => kept.value.filter((k) => k.state === "refused"));

let shelf: Shelf = memoryShelf();

export function memoryShelf(start: Kept[] = []): Shelf {
  const held = new Map(start.map((k) => [k.key, k]));
  return { all: async () => [...held.values()], put: async (k) => void held.set(k.key, k), drop: async (key) => void held.delete(key) };
}

export function deviceShelf(): Promise<Shelf> {
  return new Promise((done, fail) => {
    const opening = indexedDB.open("chengyun", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("outbox", { keyPath: "key" });
    opening.onerror = () => fail(opening.error);
    opening.onsuccess = () => {
      const db = opening.result;
      const run = <T>(mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> =>
        new Promise((ok, no) => {
          const tx = db.transaction("outbox", mode);
          const request = ask(tx.objectStore("outbox"));
          tx.oncomplete = () => ok(request.result);
          tx.onerror = () => no(tx.error);
          tx.onabort = () => no(tx.error);
        });
      done({ all: () => run("readonly", (s) => s.getAll() as IDBRequest<Kept[]>), put: async (k) => { await run("readwrite", (s) => s.put(plain(k))); }, drop: async (key) => { await run("readwrite", (s) => s.delete(key)); } });
    };
  });
}

/** Without Vue's wrappers, which IndexedDB cannot copy. */
function plain(k: Kept): Kept {
  return { ...k, body: JSON.parse(JSON.stringify(k.body)) as Record<string, unknown>, photos: k.photos.map((p) => ({ key: p.key, blob: p.blob, name: p.name, stage: p.stage, id: p.id })) };
}

export async function openOutbox(on?: Shelf): Promise<void> {
  try {
    shelf = on ?? (await deviceShelf());
  } catch {
    shelf = memoryShelf();
  }
  const found = await shelf.all();
  held.value = found.map((k) => (k.state === "sending" ? { ...k, state: "waiting" as const } : k)).sort((a, b) => a.at - b.at);
}

let last = 0;
/** Keep something to send; it is on the device before this returns. */
export async function keep(item: Pick<Kept, "kind" | "title" | "method" | "path" | "body" | "owner"> & { photos: { blob: Blob; name: string; stage: string }[] }): Promise<Kept> {
  const at = Math.max(cityNow(), last + 1);
  last = at;
  const made: Kept = { ...item, key: newKey(), at, captured_at: new Date(at).toISOString(), state: "waiting", photos: item.photos.map((p) => ({ ...p, key: newKey(), id: null })) };
  await shelf.put(made);
  held.value = [...held.value, made];
  return made;
}

async function set(item: Kept, next: Partial<Kept>): Promise<Kept> {
  const made = { ...item, ...next };
  held.value = held.value.map((k) => (k.key === item.key ? made : k));
  await shelf.put(made);
  return made;
}

/** Acts made one after the other on the same sight of a case: what the first one answered is what the next one has seen. */
async function rebase(done: Kept, seq: number): Promise<void> {
  for (const next of held.value.filter((k) => k.kind === "act" && k.state === "waiting" && k.path === done.path && k.at > done.at && k.body.expected_seq === done.body.expected_seq)) await set(next, { body: { ...next.body, expected_seq: seq } });
}

export async function discard(key: string): Promise<void> {
  await shelf.drop(key);
  held.value = held.value.filter((k) => k.key !== key);
}

/** Send what waits, first made first. Stops at the first thing that cannot reach the server; nothing overtakes it. */
export async function flush(pauses?: readonly number[]): Promise<void> {
  if (sending.value) return;
  sending.value = true;
  try {
    for (;;) {
      const next = kept.value.find((k) => k.state === "waiting");
      if (!next) break;
      let item = await set(next, { state: "sending" });
      try {
        for (const photo of item.photos.filter((p) => p.id === null)) {
          const id = await sendPhoto(photo, pauses);
          item = await set(item, { photos: item.photos.map((p) => (p.key === photo.key ? { ...p, id } : p)) });
        }
        const evidence = evidenceIn(item.photos.map((p) => ({ id: p.id!, stage: p.stage })));
        const result = await send<ActionResult>({ key: item.key, method: item.method, path: item.path, body: { ...item.body, [item.kind === "report" ? "attachments" : "evidence"]: evidence, captured_at: item.captured_at } }, pauses);
        if (item.kind === "act" && result) await rebase(item, result.seq);
        await set(item, { state: "sent", number: result?.number, case: result ? String(result.case) : undefined, photos: [] });
        online.value = true;
      } catch (error) {
        if (error instanceof ApiError && error.status !== 401 && error.status < 500) {
          await set(item, { state: "refused", reason: error.message || error.reason || error.code, errorId: error.errorId });
          continue;
        }
        await set(item, { state: "waiting" });
        if (error instanceof NotSent) online.value = false;
        break;
      }
    }
  } finally {
    sending.value = false;
  }
}

const TRY_AGAIN_MS = 30_000;
let watching = false;
export async function watchNetwork(): Promise<void> {
  if (watching) return;
  watching = true;
  await openOutbox();
  window.addEventListener("online", () => { online.value = true; void flush(); });
  window.addEventListener("offline", () => { online.value = false; });
  setInterval(() => { if (waitingCount.value > 0) void flush(); }, TRY_AGAIN_MS);
  void flush();
}
