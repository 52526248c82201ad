// Who is here, what they may see, and how they like their pages.
import { computed, ref } from "vue";
import { setCityTime, setZone } from "../kit/city-clock";
import { setLanguage } from "../text";
import { ApiError, onSignedOut, read, write } from "./client";
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

function take(found: Me): Me {
  me.value = found;
  setCityTime(found.now, found.rate ?? 1);
  if (found.tenant.zone) setZone(found.tenant.zone);
  if (found.language && localStorage.getItem("cy.language") === null) setLanguage(found.language);
  return found;
}

/** Who I am, or null if nobody is signed in. */
export async function findMe(): Promise<Me | null> {
  try {
    return take(await read<Me>("/me"));
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) return null;
    throw error;
  }
}

export async function signIn(account: string, password: string): Promise<Me> {
  return take(await write<Me>("POST", "/session", { account, password }));
}

export async function signOut(): Promise<void> {
  await write("DELETE", "/session");
  me.value = null;
}

onSignedOut(() => {
  me.value = null;
});
