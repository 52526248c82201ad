// The tasks in hand, whole, on the device: each page of today's list opens and can be worked on without a network.
import { ApiError } from "../api/client";
import { getCase } from "../api/cases";
import { PICTURES } from "../api/session";
import type { CaseFull } from "../api/types";

const KEEP = "cy.task.";

/** The task as it was last seen on this device. */
export function findKeptTask(id: string): CaseFull | null {
  try {
    return JSON.parse(localStorage.getItem(KEEP + id) ?? "null") as CaseFull | null;
  } catch {
    return null;
  }
}

/** Ask the city; without a network the task as it was last seen stands in. */
export async function getTask(id: string, signal?: AbortSignal): Promise<CaseFull> {
  try {
    const got = await getCase(id, signal);
    keepTask(got);
    return got;
  } catch (error) {
    const last = error instanceof ApiError ? null : findKeptTask(id);
    if (last) return last;
    throw error;
  }
}

function keepTask(task: CaseFull): void {
  try {
    localStorage.setItem(KEEP + task.id, JSON.stringify(task));
  } catch { /* no room: this task needs a network */ }
}

let running = false;
/** Fetch what is missing or has moved on since, one after the other, and let go of what is no longer in hand. */
export async function keepTasks(rows: readonly { id: string; seq: number }[]): Promise<void> {
  if (running) return;
  running = true;
  try {
    const wanted = new Set(rows.map((r) => KEEP + r.id));
    for (const key of Object.keys(localStorage)) if (key.startsWith(KEEP) && !wanted.has(key)) localStorage.removeItem(key);
    for (const row of rows) {
      const have = findKeptTask(row.id);
      const task = have?.seq === row.seq ? have : await getTask(row.id);
      if (task !== have) await keepPicture(task);
    }
  } catch { /* the network went: what was fetched stays, the rest is fetched when the list is next read */ } finally {
    running = false;
  }
}

/** The picture to compare with, for the service worker to hand out. */
async function keepPicture(task: CaseFull): Promise<void> {
  const before = task.timeline.flatMap((e) => e.evidence).find((p) => p.stage === "before" && p.thumb_url);
  if (!before?.thumb_url || typeof caches === "undefined") return;
  const shelf = await caches.open(PICTURES);
  if (!(await shelf.match(before.thumb_url, { ignoreVary: true }))) await shelf.add(before.thumb_url).catch(() => undefined);
}
