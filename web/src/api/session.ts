// Who is here, what they may see, and how they like their pages.
import { computed, ref } from "vue";
import { cityNow, setCityTime, setZone } from "../kit/city-clock";
import { setOwner } from "../sources/outbox";
import { setLanguage } from "../text";
import { ApiError, onSignedOut, read, setCsrf, write } from "./client";
import type { Me } from "./types";

export const me = ref<Me | null>(null);
export const role = computed(() => me.value?.posts[0]?.role ?? "anonymous");

const RAIL: Record<string, readonly string[]> = {
  intake_officer: ["work", "cases", "map", "notices"],
  call_agent: ["hotline", "work", "cases", "map"],
  dispatcher: ["work", "cases", "map", "city"],
  shift_lead: ["work", "cases", "map", "scores"],
  unit_clerk: ["work", "cases", "map", "scores"],
  supervising_dept: ["work", "cases", "map", "scores"],
  duty_leader: ["map", "cases", "work", "scores"],
  assessor: ["scores", "cases", "map", "city"],
  system_admin: ["setup", "city"],
  security_admin: ["setup", "audit"],
  auditor: ["audit", "cases"],
};
const PHONE = new Set(["collector", "handler"]);

export const isPhoneRole = computed(() => PHONE.has(role.value));
export const isCitizen = computed(() => role.value === "citizen");
const KNOWN = new Set(["work", "cases", "map", "scores", "city", "setup", "audit", "hotline"]);
export const rail = computed<readonly string[]>(() => (me.value?.rail?.length ? me.value.rail : RAIL[role.value] ?? ["work", "cases", "map"]).filter((r) => KNOWN.has(r)));

export function homeOf(): string {
  if (isPhoneRole.value) return "/phone/today";
  if (isCitizen.value) return "/citizen";
  const first = rail.value[0] ?? "work";
  return `/${first}`;
}

/** What the server says about the session; `city` is the tenant, and a person stands there only when signed in. */
interface SessionAnswer {
  signed_in: boolean;
  csrf: string;
  person?: { id: number; number: string; name: string } | null;
  org?: { id: number; name_zh: string; name_en: string } | null;
  posts: { role: string; org?: number | null; areas?: string[] | null; fields?: string[] | null }[];
  language: "zh" | "en" | null;
  city: { code: string; name_zh: string; name_en: string; zone: string; bounds: number[]; simulated: boolean };
  now: string;
  rate?: number;
  demo: boolean;
  rail?: string[];
}

export const city = ref<SessionAnswer["city"] | null>(null);

function take(found: SessionAnswer, heard = true): Me | null {
  setCsrf(found.csrf);
  city.value = found.city;
  setZone(found.city.zone);
  // Without a network nobody has said what time it is: the clock goes on from when somebody last did.
  if (heard) setCityTime(found.now, found.rate ?? 1);
  setOwner(found.signed_in && found.person ? String(found.person.id) : null);
  if (!found.signed_in || !found.person) return (me.value = null);
  const [west, south, east, north] = found.city.bounds as [number, number, number, number];
  if (found.language && localStorage.getItem("cy.language") === null) setLanguage(found.language);
  return (me.value = {
    person: found.person, org: found.org ?? null, posts: found.posts.map((p) => ({ role: p.role, scope: { area: p.areas?.[0] ?? null, fields: p.fields ?? null } })), language: found.language, rail: found.rail,
    tenant: { name_zh: found.city.name_zh, name_en: found.city.name_en, center: [(west + east) / 2, (south + north) / 2], zoom: zoomFor(west, east), bounds: [west, south, east, north], zone: found.city.zone },
    now: found.now, simulated: found.city.simulated, practice: found.demo,
  });
}

/** The zoom at which a width in degrees fills about 900 px. */
function zoomFor(west: number, east: number): number {
  const span = Math.max(0.001, east - west);
  return Math.min(16, Math.max(8, Math.log2((360 / span) * (900 / 512))));
}

/** Pictures of the tasks in hand, kept by the page and handed out by the service worker (public/sw.js names the same shelf). */
export const PICTURES = "chengyun-pictures";
const LAST = "cy.session";
/** Who I am, or null if nobody is signed in. A phone without a network goes on as whom it last was, until the server says otherwise. */
export async function findMe(): Promise<Me | null> {
  try {
    const found = await read<SessionAnswer>("/session");
    const mine = take(found);
    if (mine && PHONE.has(role.value)) localStorage.setItem(LAST, JSON.stringify(found));
    else localStorage.removeItem(LAST);
    return mine;
  } catch (error) {
    const last = localStorage.getItem(LAST);
    if (error instanceof ApiError && error.status < 500) throw error;
    if (!last) throw error;
    const found = JSON.parse(last) as SessionAnswer;
    return take({ ...found, now: new Date(cityNow()).toISOString() }, false);
  }
}

export async function signIn(account: string, password: string): Promise<Me | null> {
  return take(await write<SessionAnswer>("POST", "/session", { account, password }));
}

export async function signOut(): Promise<void> {
  await write("DELETE", "/session");
  forgetDevice();
  me.value = null;
  await findMe().catch(() => null);
}

/** What was kept to work without a network goes with the person; what waits to be sent stays until it is sent. */
function forgetDevice(): void {
  for (const key of Object.keys(localStorage)) if (key === LAST || key === "cy.today" || key.startsWith("cy.task.")) localStorage.removeItem(key);
  if (typeof caches !== "undefined") void caches.delete(PICTURES).catch(() => undefined);
}

onSignedOut(() => {
  me.value = null;
});
