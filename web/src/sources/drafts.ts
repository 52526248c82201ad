// What somebody has begun and not handed in: photos, words and choices, kept on the device so that a page that was closed, reloaded
// or thrown out of memory opens again as it was left.
import { onDevice } from "./device";

interface Draft<T> { about: string; at: number; held: T }

const whose = (about: string, owner: unknown): string => `${String(owner ?? "")}/${about}`;

/** The draft about something, if there is one and it can be read. */
export async function findDraft<T>(about: string, owner: unknown): Promise<T | null> {
  try {
    return ((await onDevice("drafts", "readonly", (s) => s.get(whose(about, owner)) as IDBRequest<Draft<T> | undefined>)) ?? null)?.held ?? null;
  } catch {
    return null;
  }
}

/** Keep it; false if the device could not, and then the page itself is all there is. */
export async function keepDraft<T>(about: string, owner: unknown, held: T): Promise<boolean> {
  try {
    await onDevice("drafts", "readwrite", (s) => s.put({ about: whose(about, owner), at: Date.now(), held }));
    return true;
  } catch {
    return false;
  }
}

export async function dropDraft(about: string, owner: unknown): Promise<void> {
  try {
    await onDevice("drafts", "readwrite", (s) => s.delete(whose(about, owner)));
  } catch { /* nothing was kept */ }
}
