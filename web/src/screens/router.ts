// Every view is a URL. Pages are loaded when first opened; the guard asks once who is here.
import { createRouter, createWebHistory, type RouteRecordRaw, type RouterHistory } from "vue-router";
import { findMe, homeOf, isCitizen, isPhoneRole, me, rail } from "../api/session";
import type { TextKey } from "../text";
import { setTitle } from "./title";

declare module "vue-router" {
  interface RouteMeta { title?: TextKey; open?: boolean; bare?: boolean }
}

const desk: RouteRecordRaw[] = [
  { path: "work/:queue?", name: "work", component: () => import("../tasks/WorkPage.vue"), meta: { title: "page.work" } },
  { path: "cases", component: () => import("../cases/CasesPage.vue"), meta: { title: "page.cases" } },
  { path: "cases/:id", component: () => import("../cases/CasePage.vue"), meta: { title: "page.cases" } },
  { path: "map", component: () => import("../map/MapPage.vue"), meta: { title: "page.map" } },
  { path: "scores", component: () => import("../evaluation/ScoresPage.vue"), meta: { title: "page.scores" } },
  { path: "city", component: () => import("../city/DutyListPage.vue"), meta: { title: "page.city" } },
  { path: "hotline", component: () => import("../sources/HotlinePage.vue"), meta: { title: "page.hotline" } },
  { path: "lifecycle/:name?", component: () => import("../cases/LifecyclePage.vue"), meta: { title: "lifecycle.title" } },
  { path: "calendar", component: () => import("../city/CalendarPage.vue"), meta: { title: "calendar.title" } },
  { path: "shift", component: () => import("../tasks/ShiftPage.vue"), meta: { title: "shift.title" } },
  { path: "notices", component: () => import("../screens/NoticesPage.vue"), meta: { title: "page.notices" } },
  { path: "audit", component: () => import("../screens/AuditPage.vue"), meta: { title: "page.audit" } },
  { path: "accounts", component: () => import("../screens/AccountsPage.vue"), meta: { title: "account.title" } },
  { path: "setup", component: () => import("../screens/SetupPage.vue"), meta: { title: "page.setup" } },
];

const phone: RouteRecordRaw[] = [
  { path: "", redirect: "/phone/today" },
  { path: "today", component: () => import("../tasks/PhoneToday.vue"), meta: { title: "phone.today" } },
  { path: "report", component: () => import("../sources/PhoneReport.vue"), meta: { title: "phone.report" } },
  { path: "map", component: () => import("../map/PhoneMap.vue"), meta: { title: "phone.map" } },
  { path: "me", component: () => import("../screens/PhoneMe.vue"), meta: { title: "phone.me" } },
  { path: "outbox", component: () => import("../sources/PhoneOutbox.vue"), meta: { title: "outbox.title" } },
  { path: "task/:id", component: () => import("../tasks/PhoneTask.vue"), meta: { title: "phone.task", bare: true } },
];

const citizen: RouteRecordRaw[] = [
  { path: "", component: () => import("../sources/CitizenReport.vue"), meta: { title: "citizen.report", open: true } },
  { path: "mine", component: () => import("../sources/CitizenMine.vue"), meta: { title: "citizen.mine", open: true } },
  { path: "mine/:code", component: () => import("../sources/CitizenCase.vue"), meta: { title: "citizen.mine", open: true } },
];

export const routes: RouteRecordRaw[] = [
  { path: "/cases/:id/print", component: () => import("../cases/PrintPage.vue"), meta: { title: "print.title" } },
  { path: "/sign-in", component: () => import("./SignInPage.vue"), meta: { title: "signin.enter", open: true } },
  { path: "/citizen", component: () => import("./CitizenShell.vue"), children: citizen },
  { path: "/phone", component: () => import("./PhoneShell.vue"), children: phone },
  ...(import.meta.env.DEV ? [{ path: "/kit", component: () => import("../kit/KitSheet.vue"), meta: { open: true } } as RouteRecordRaw] : []),
  { path: "/", component: () => import("./DeskShell.vue"), children: [{ path: "", redirect: () => homeOf() }, ...desk] },
  { path: "/:rest(.*)*", component: () => import("./NotFoundPage.vue"), meta: { open: true, title: "error.not_found" } },
];

export function makeRouter(history: RouterHistory = createWebHistory()) {
  const router = createRouter({ history, routes });
  router.beforeEach(async (to) => {
    if (me.value === null) {
      try {
        await findMe();
      } catch {
        // The server cannot be reached: an open page is shown all the same, the others say so themselves.
      }
    }
    if (to.meta.open) {
      if (to.path === "/sign-in" && me.value) return homeOf();
      return true;
    }
    if (me.value === null) return { path: "/sign-in", query: to.fullPath === "/" ? {} : { to: to.fullPath } };
    if (to.path === "/") return homeOf();
    if (isCitizen.value && !to.path.startsWith("/citizen")) return "/citizen";
    if (isPhoneRole.value && !to.path.startsWith("/phone") && !to.path.startsWith("/cases/")) return homeOf();
    const first = to.path.split("/")[1]!;
    const guarded = ["work", "scores", "city", "setup", "audit", "hotline"];
    if (guarded.includes(first) && !rail.value.includes(first)) return homeOf() === `/${first}` ? true : homeOf();
    return true;
  });
  router.afterEach((to, from) => {
    // A filter or a selection is the same page: it keeps the counts its page has put beside the title.
    if (to.meta.title && to.path !== from.path) setTitle(to.meta.title);
  });
  return router;
}
