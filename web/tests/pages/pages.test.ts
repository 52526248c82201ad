import { afterEach, describe, expect, it, vi } from "vitest";
import type { VueWrapper } from "@vue/test-utils";
import { json, open, press, serve, settle } from "../harness";

vi.mock("../../src/map/engine", () => ({ default: {} }));
vi.mock("../../src/kit/chart", () => ({ init: () => ({ setOption: () => undefined, on: () => undefined, resize: () => undefined, dispose: () => undefined }) }));
if (!globalThis.CSS?.escape) vi.stubGlobal("CSS", { escape: (s: string) => s });

let page: VueWrapper | null = null;
afterEach(() => {
  page?.unmount();
  page = null;
  document.body.innerHTML = "";
});

describe("signing in", () => {
  it("asks who you are before it shows anything, and brings you where you wanted to go", async () => {
    serve("none", (s) => (s.path === "/session" && s.method === "POST" ? json(sessionOf("dispatcher")) : undefined));
    page = await open("/work/dispatch");
    expect(page.find("input[name=password]").exists()).toBe(true);
    await page.find("input[name=account]").setValue("WJ-0302");
    await page.find("input[name=password]").setValue("not-a-real-one");
    await page.find("form").trigger("submit");
    await settle();
    expect(page.text()).toContain("待派遣 48");
  });

  it("says what the server said when it is refused, and forgets the password", async () => {
    serve("none", (s) => (s.path === "/session" && s.method === "POST" ? json({ code: "sign_in_failed", message: "工号或密码不对", error_id: "E-1" }, 401) : undefined));
    page = await open("/sign-in");
    await page.find("input[name=account]").setValue("x");
    await page.find("input[name=password]").setValue("y");
    await page.find("form").trigger("submit");
    await settle();
    expect(page.find("[role=alert]").text()).toContain("工号或密码不对");
    expect((page.find("input[name=password]").element as HTMLInputElement).value).toBe("");
  });
});

describe("the workbench", () => {
  it("lists the queue of the post with its counts, and selects the first case", async () => {
    serve("dispatcher");
    page = await open("/work/dispatch");
    expect(page.findAll("[role=option]")).toHaveLength(48);
    expect(page.find("[role=tab].on").text()).toBe("待派遣48");
    expect(page.find("[role=option][aria-selected=true]").text()).toContain("雨水箅子堵塞");
  });

  it("does the proposed act with A, sends what the list showed, and goes on to the next case", async () => {
    const log = serve("dispatcher");
    page = await open("/work/dispatch");
    press("KeyJ");
    await settle();
    press("KeyA");
    await settle();
    const act = log.find((s) => s.path === "/cases/1001/actions")!;
    expect(act.body).toMatchObject({ action: "dispatch", expected_seq: 5, facts: { unit: 32 } });
    expect(act.headers["Idempotency-Key"]).toMatch(/^[0-9a-f-]{36}$/);
    expect(page.find("[role=option][aria-selected=true]").attributes("data-id")).toBe("1002");
    expect(page.find("[role=status]").exists()).toBe(true);
  });

  it("keeps a refusal in sight with its sentence, and leaves the case selected", async () => {
    serve("dispatcher", (s) => (s.path.endsWith("/actions") ? json({ code: "refused", reason: "not_in_this_state", message: "案件已不在待派遣" }, 422) : undefined));
    page = await open("/work/dispatch");
    press("KeyA");
    await settle();
    expect(page.text()).toContain("案件已不在待派遣");
    expect(page.find("[role=option][aria-selected=true]").attributes("data-id")).toBe("1000");
  });

  it("asks for the reason before it sends a case back, and names the act on the button", async () => {
    const log = serve("dispatcher");
    page = await open("/work/dispatch");
    press("KeyR");
    await settle();
    const dialog = document.querySelector("[role=dialog]")!;
    const send = dialog.querySelector<HTMLButtonElement>("button[type=submit]")!;
    expect(send.textContent).toBe("退回");
    expect(send.disabled).toBe(true);
    const reason = dialog.querySelector("textarea")!;
    reason.value = "地点不清";
    reason.dispatchEvent(new Event("input"));
    await settle();
    dialog.dispatchEvent(new Event("submit"));
    await settle();
    expect(log.find((s) => s.path.endsWith("/actions"))?.body).toMatchObject({ action: "return_filing", texts: { reason: "地点不清" } });
  });

  it("gives each of many cases its own answer", async () => {
    const log = serve("dispatcher", (s) => (s.path === "/cases/actions" ? json({ results: [{ case: 1000, done: { case: 1000, number: "WJ2611240380", seq: 6, state: "dispatched", events: [], proposals: [], repeated: false } }, { case: 1001, code: "refused", reason: "x", message: "已被他人派遣" }] }) : undefined));
    page = await open("/work/dispatch");
    press("KeyX");
    press("KeyJ");
    await settle();
    press("KeyX");
    await settle();
    await page.find(".many .cy-btn.main").trigger("click");
    await settle();
    document.querySelector("[role=dialog]")?.dispatchEvent(new Event("submit"));
    await settle();
    const sent = log.find((s) => s.path === "/cases/actions");
    expect((sent?.body as { items: { case: number; expected_seq: number; facts: object }[] }).items).toMatchObject([{ case: 1000, expected_seq: 5, facts: { unit: 31 } }, { case: 1001, expected_seq: 5, facts: { unit: 32 } }]);
    expect(page.text()).toContain("已被他人派遣");
  });

  it("says why it is empty", async () => {
    serve("dispatcher", (s) => (s.path.startsWith("/tasks/queues/") ? json({ rows: [], next: null, total: 0, as_of: "2026-11-24T02:42:00Z" }) : undefined));
    page = await open("/work/dispatch");
    expect(page.text()).toContain("当前没有待办案件");
  });

  it("shows the server's refusal with its error id instead of an empty list", async () => {
    serve("dispatcher", (s) => (s.path.startsWith("/tasks/queues/") ? json({ code: "forbidden", message: "不在您的范围内", error_id: "E-7K3M" }, 403) : undefined));
    page = await open("/work/dispatch");
    expect(page.text()).toContain("不在您的范围内");
    expect(page.text()).toContain("E-7K3M");
  });
});

function sessionOf(role: string): object {
  return { signed_in: true, csrf: "t", person: { id: 7, number: "WJ-0302", name: "秦岚" }, org: null, posts: [{ role }], language: "zh", city: { code: "1", name_zh: "临江市", name_en: "Linjiang", zone: "Asia/Shanghai", bounds: [123.9, 29.9, 124.1, 30.1], simulated: true }, now: "2026-11-24T02:42:00Z", demo: true };
}

describe("the other pages tell what the server told", () => {
  const cases: [name: string, role: string, path: string, zh: string[], en: string[]][] = [
    ["case", "dispatcher", "/cases/1001", ["为什么派这里", "D-0417", "会商，不计", "记录 4 条首尾相连", "138****0217"], ["Why this unit", "consultation, not counted", "4 entries linked"]],
    ["cases", "dispatcher", "/cases", ["共 48 件", "WJ 2611 24 0380"], ["48 cases"]],
    ["scores", "assessor", "/scores?unit=32", ["按期处置率", "无案件", "1,547 / 1,630"], ["On time", "no cases"]],
    ["duty list", "dispatcher", "/city", ["98.1 %", "无人承接", "D-0410"], ["nobody answers"]],
    ["audit", "auditor", "/audit", ["审计链 9,000 条首尾相连"], ["Audit chain of 9,000 entries verified"]],
    ["hotline", "call_agent", "/hotline", ["来电号码", "还缺"], ["Caller's number"]],
    ["notices", "dispatcher", "/notices", ["案件 0371 已并案", "1 条未读"], ["1 unread"]],
    ["collector's day", "collector", "/phone/today", ["核查", "上报"], ["Check", "Report"]],
    ["handler's task", "handler", "/phone/task/1006", ["办成什么样", "箅子畅通"], ["What must be true"]],
    ["citizen's form", "none", "/citizen", ["我要反映", "办事单位看不到您的姓名和电话"], ["does not see your name"]],
    ["citizen's report", "none", "/citizen/mine/7K3M-42", ["正在办", "已交给 钟楼街道综合执法队"], ["Being done"]],
  ];
  it.each(cases)("%s", async (_name, role, path, zh, en) => {
    serve(role);
    page = await open(path, "zh");
    for (const words of zh) expect(page.text()).toContain(words);
    expect(page.text()).not.toMatch(/\bundefined\b|\bNaN\b|\[object/);
    page.unmount();
    page = await open(path, "en");
    for (const words of en) expect(page.text()).toContain(words);
  });

  it("a collector never sees a desk, a dispatcher never the audit", async () => {
    serve("collector");
    page = await open("/work");
    expect(page.text()).toContain("要做的");
    page.unmount();
    serve("dispatcher");
    page = await open("/audit");
    expect(page.text()).not.toContain("审计链");
  });
});
