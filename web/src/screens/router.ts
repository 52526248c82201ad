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
  { path: "cases/:id", component: () => import("../cases/CasePage.vue"), meta: { title: "page.cases" } },
];

const phone: RouteRecordRaw[] = [
];

export const routes: RouteRecordRaw[] = [
  { path: "/sign-in", component: () => import("./SignInPage.vue"), meta: { title: "signin.enter", open: true } },
  { path: "/phone", component: () => import("./PhoneShell.vue"), children: phone },
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
  router.afterEach((to) => {
    if (to.meta.title) setTitle(to.meta.title);
  });
  return router;
}
