// The six faces of a view as one value, and a loader that keeps the old content while the new one comes.
import { computed, onScopeDispose, ref, shallowRef, type Ref } from "vue";
import { ApiError } from "../api/client";
import { say } from "../text";

export type Face =
  | { kind: "ready" }
  | { kind: "empty" }
  | { kind: "loading"; first: boolean }
  | { kind: "stale"; since: string | null; problem: string }
  | { kind: "partial"; missing: string[]; have: number; of: number }
  | { kind: "refused"; message: string; rule?: string | null; who?: string | null; errorId?: string | null; cure?: string | null; place?: string | null }
  | { kind: "full"; shown: number; total: number | null };

export const SKELETON_AFTER_MS = 300;

/** What to tell a person about an error: the server's own sentence first, with place and cure. */
export function faceOfError(error: unknown): Extract<Face, { kind: "refused" }> {
  if (error instanceof ApiError)
    return { kind: "refused", message: error.message || (error.status === 403 ? say("error.not_yours") : error.status === 404 ? say("error.not_found") : say("error.server")), rule: error.reason, errorId: error.errorId, cure: error.cure, place: error.place };
  return { kind: "refused", message: say("error.network") };
}

export interface View<T> {
  data: Ref<T | null>;
  loading: Ref<boolean>;
  slow: Ref<boolean>;
  problem: Ref<unknown>;
  face: Ref<Face>;
  load: () => Promise<void>;
}

/** Load something again and again; a newer load cancels the older, and a failed reload leaves what was there, marked stale. */
export function useView<T>(get: (signal: AbortSignal) => Promise<T>, more: { isEmpty?: (data: T) => boolean; asOf?: (data: T) => string | null; missing?: (data: T) => { missing: string[]; have: number; of: number } | null | undefined } = {}): View<T> {
  const data = shallowRef<T | null>(null);
  const loading = ref(false);
  const slow = ref(false);
  const problem = shallowRef<unknown>(null);
  let running: AbortController | null = null;

  async function load(): Promise<void> {
    running?.abort();
    const mine = new AbortController();
    running = mine;
    loading.value = true;
    const timer = setTimeout(() => { slow.value = true; }, SKELETON_AFTER_MS);
    try {
      const got = await get(mine.signal);
      if (running !== mine) return;
      data.value = got;
      problem.value = null;
    } catch (error) {
      if (running === mine && !mine.signal.aborted) problem.value = error;
    } finally {
      clearTimeout(timer);
      if (running === mine) {
        loading.value = false;
        slow.value = false;
      }
    }
  }
  onScopeDispose(() => running?.abort());

  const face = computed<Face>(() => {
    if (problem.value !== null) {
      if (data.value === null) return faceOfError(problem.value);
      const said = faceOfError(problem.value);
      if (problem.value instanceof ApiError && problem.value.status < 500) return said;
      return { kind: "stale", since: more.asOf?.(data.value) ?? null, problem: said.message };
    }
    if (data.value === null) return { kind: "loading", first: true };
    if (more.isEmpty?.(data.value)) return loading.value ? { kind: "loading", first: false } : { kind: "empty" };
    const gap = more.missing?.(data.value);
    if (gap && gap.missing.length) return { kind: "partial", ...gap };
    return loading.value ? { kind: "loading", first: false } : { kind: "ready" };
  });
  return { data, loading, slow, problem, face, load };
}
