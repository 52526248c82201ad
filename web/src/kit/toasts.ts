// What was done, and how to put it right. A toast with a recall keeps it until the next act or until its time is over.
import { ref } from "vue";

export interface Toast { id: number; text: string; kind: "done" | "waiting" | "refused"; recall?: { label: string; run: () => void | Promise<void> }; errorId?: string | null }

export const toasts = ref<Toast[]>([]);
export const lastRecall = ref<Toast["recall"] | null>(null);
let next = 1;
const STAY_MS = 8000;

export function tell(text: string, more: Partial<Omit<Toast, "id" | "text">> = {}): number {
  const toast: Toast = { id: next++, text, kind: "done", ...more };
  toasts.value = [...toasts.value.slice(-2), toast];
  if (toast.recall) lastRecall.value = toast.recall;
  if (toast.kind !== "refused") setTimeout(() => dismiss(toast.id), STAY_MS);
  return toast.id;
}

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((t) => t.id !== id);
}

export async function recallLast(): Promise<void> {
  const recall = lastRecall.value;
  lastRecall.value = null;
  toasts.value = toasts.value.filter((t) => t.recall !== recall);
  await recall?.run();
}
