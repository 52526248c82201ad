// A page as a person meets it: the real router, shell and client, with the invented city answering in place of the server.
import { flushPromises, mount, type VueWrapper } from "@vue/test-utils";
import { vi } from "vitest";
import { createMemoryHistory } from "vue-router";
import App from "../src/App.vue";
import { me } from "../src/api/session";
import { makeRouter } from "../src/screens/router";
import { setLanguage } from "../src/text";
import { answer } from "./mock/city";

export interface Sent { method: string; path: string; query: URLSearchParams; body: unknown; headers: Record<string, string> }
export type Override = (sent: Sent) => Response | undefined | Promise<Response>;

export const json = (body: unknown, status = 200): Response => new Response(body === null ? null : JSON.stringify(body), { status: body === null ? 204 : status });

export function serve(role: string, override: Override = () => undefined): Sent[] {
  const log: Sent[] = [];
  vi.stubGlobal("fetch", async (input: string, init: RequestInit = {}) => {
    const url = new URL(input, "http://city");
    const sent: Sent = { method: init.method ?? "GET", path: url.pathname.replace("/api/v1", ""), query: url.searchParams, body: typeof init.body === "string" ? JSON.parse(init.body) : init.body, headers: (init.headers ?? {}) as Record<string, string> };
    log.push(sent);
    const own = await override(sent);
    if (own) return own;
    const said = answer(sent.method, sent.path, sent.query, role);
    return said === undefined ? json({ code: "not_found", message: "" }, 404) : json(said);
  });
  return log;
}

export async function settle(): Promise<void> {
  for (let i = 0; i < 12; i += 1) {
    await flushPromises();
    await new Promise((done) => setImmediate(done));
    await vi.dynamicImportSettled();
  }
}

export async function open(path: string, language: "zh" | "en" = "zh"): Promise<VueWrapper> {
  me.value = null;
  setLanguage(language);
  const router = makeRouter(createMemoryHistory());
  await router.push(path);
  const page = mount(App, { global: { plugins: [router] }, attachTo: document.body });
  await router.isReady();
  await settle();
  return page;
}

export function press(code: string, more: KeyboardEventInit = {}): void {
  window.dispatchEvent(new KeyboardEvent("keydown", { code, bubbles: true, cancelable: true, ...more }));
}
