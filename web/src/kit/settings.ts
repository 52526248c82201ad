// How a person likes the pages: light or dark, text size, row height. Kept on the device.
import { ref, watchEffect } from "vue";

export type Theme = "desk" | "wall";
export type TextSize = "normal" | "large" | "larger";
const kept = <T extends string>(key: string, allowed: readonly T[], otherwise: T): T => {
  const found = typeof localStorage === "undefined" ? null : (localStorage.getItem(key) as T | null);
  return found !== null && allowed.includes(found) ? found : otherwise;
};
export const theme = ref<Theme>(kept("cy.theme", ["desk", "wall"], "desk"));
export const textSize = ref<TextSize>(kept("cy.text", ["normal", "large", "larger"], "normal"));

export function applySettings(): void {
  watchEffect(() => {
    document.documentElement.dataset.theme = theme.value;
    document.documentElement.dataset.text = textSize.value;
    localStorage.setItem("cy.theme", theme.value);
    localStorage.setItem("cy.text", textSize.value);
  });
}
