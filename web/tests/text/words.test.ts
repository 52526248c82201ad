import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import zh from "../../src/text/zh.json";
import en from "../../src/text/en.json";

function sources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? sources(path) : /\.(vue|ts)$/.test(name) ? [path] : [];
  });
}

const code = sources(join(__dirname, "../../src")).map((path) => readFileSync(path, "utf8")).join("\n");
const keys = Object.keys(zh) as (keyof typeof zh)[];
/** Groups whose names come from the server or from a list: `sayOf("state", ...)`. */
const groups = new Set([...code.matchAll(/sayOf\(\s*['"](\w+)['"]/g)].map((m) => m[1]!));

describe("the words of the screens", () => {
  it("stand in both languages under the same keys", () => {
    expect(Object.keys(en).sort()).toEqual(Object.keys(zh).sort());
  });

  it("are all used", () => {
    const unused = keys.filter((key) => !groups.has(key.split(".")[0]!) && !code.includes(`"${key}"`) && !code.includes(`'${key}'`));
    expect(unused).toEqual([]);
  });

  it("are never empty and carry the same fillings in both languages", () => {
    const fillings = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]!).sort();
    for (const key of keys) {
      expect(zh[key].trim(), key).not.toBe("");
      expect(en[key].trim(), key).not.toBe("");
      expect(fillings(en[key]), key).toEqual(fillings(zh[key]));
    }
  });

  it("hold no Chinese in the English file", () => {
    expect(keys.filter((key) => /[\u4e00-\u9fff]/.test(en[key]))).toEqual([]);
  });

  it("stand in the text files, not in the templates", () => {
    const allowed = new Set(["LanguageSwitch.vue", "CitizenShell.vue"]);
    const found = sources(join(__dirname, "../../src")).filter((p) => p.endsWith(".vue") && !allowed.has(p.split("/").pop()!)).filter((p) => /[\u4e00-\u9fff]/.test(readFileSync(p, "utf8")));
    expect(found).toEqual([]);
  });
});
