// Moving and marking in a list by keys: J K, X, Shift J. The list owns nothing; it is told what to select.
import { computed, ref, type Ref } from "vue";
import { useKeys } from "./keyboard";

export function useListKeys<Row extends { id: string }>(rows: Ref<readonly Row[]>, selected: Ref<string | null>, open: (id: string) => void) {
  const picked = ref<Set<string>>(new Set());
  const at = computed(() => rows.value.findIndex((r) => r.id === selected.value));

  function move(by: number): void {
    if (!rows.value.length) return;
    const next = at.value < 0 ? 0 : Math.min(rows.value.length - 1, Math.max(0, at.value + by));
    selected.value = rows.value[next]!.id;
  }
  function pick(id: string): void {
    const next = new Set(picked.value);
    if (!next.delete(id)) next.add(id);
    picked.value = next;
  }
  /** After an act the row below takes the place of the one that left. */
  function selectAfter(id: string): string | null {
    const i = rows.value.findIndex((r) => r.id === id);
    return rows.value[i + 1]?.id ?? rows.value[i - 1]?.id ?? null;
  }
  useKeys([
    { code: "KeyJ", label: "keys.next", run: () => move(1) },
    { code: "ArrowDown", label: "", run: () => move(1) },
    { code: "KeyK", label: "keys.previous", run: () => move(-1) },
    { code: "ArrowUp", label: "", run: () => move(-1) },
    { code: "KeyX", label: "keys.pick", run: () => { if (selected.value) pick(selected.value); } },
    { code: "Shift+KeyJ", label: "keys.extend", run: () => {
      if (selected.value && !picked.value.has(selected.value)) pick(selected.value);
      move(1);
      if (selected.value && !picked.value.has(selected.value)) pick(selected.value);
    } },
    { code: "Enter", label: "keys.open", run: () => { if (selected.value) open(selected.value); } },
  ]);
  return { picked, pick, move, selectAfter, clear: () => { picked.value = new Set(); } };
}
