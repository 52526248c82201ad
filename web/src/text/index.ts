// Words a person sees. Two flat files with the same keys, Chinese and English side by side; nothing is compiled at run time,
// so a page works under a policy that forbids eval. `say` takes a key the compiler knows, `sayOf` a name that came from the
// server (a state, an action) inside a known group, `nameOf` a record that carries both names itself.
import { computed, ref } from "vue";
import zh from "./zh.json";
import en from "./en.json";

export type Language = "zh" | "en";
export type TextKey = keyof typeof zh;
export type Words = Record<string, string | number>;

const files: Record<Language, Record<string, string>> = { zh, en };
export const language = ref<Language>(rememberedLanguage());
export const isEnglish = computed(() => language.value === "en");

function rememberedLanguage(): Language {
  const kept = typeof localStorage === "undefined" ? null : localStorage.getItem("cy.language");
  if (kept === "zh" || kept === "en") return kept;
  return typeof navigator !== "undefined" && navigator.language.toLowerCase().startsWith("zh") ? "zh" : typeof navigator === "undefined" ? "zh" : "en";
}

export function setLanguage(next: Language): void {
  language.value = next;
  localStorage.setItem("cy.language", next);
  document.documentElement.lang = next === "zh" ? "zh-CN" : "en";
}

/** The words for a key, with `{name}` filled in. */
export function say(key: TextKey, words: Words = {}): string {
  return fill(files[language.value][key] ?? key, words);
}

/** The words for a name the server gave, inside a group of keys; `otherwise` if the group does not know it. */
export function sayOf(group: string, name: string, words: Words = {}, otherwise = "—"): string {
  const found = files[language.value][`${group}.${name}`];
  return found === undefined ? otherwise : fill(found, words);
}

export function knows(group: string, name: string): boolean {
  return files.zh[`${group}.${name}`] !== undefined;
}

interface Named {
  name_zh: string;
  name_en?: string | null;
}

/** A record's own name in the reader's language; Chinese where no English was given. */
export function nameOf(record: Named | null | undefined): string {
  if (!record) return "—";
  return language.value === "en" ? record.name_en || record.name_zh : record.name_zh;
}

function fill(text: string, words: Words): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in words ? String(words[name]) : whole));
}
