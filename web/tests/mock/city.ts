// A small invented city as the API would tell it: for tests and for looking at pages. Everything here is made up.
import type { CaseFull, CaseRow, DutyPage, NextAction, Page, Scoreboard } from "../../src/api/types";
import type { ClockFacts } from "../../src/kit/clock";

export const NOW = "2026-11-24T02:42:00Z"; // 10:42 in the city
const at = (minutes: number): string => new Date(Date.parse(NOW) + minutes * 60_000).toISOString();

export function clock(left: number, more: Partial<ClockFacts> = {}): ClockFacts {
  return { name: "dispatch", due: at(left), limit: { amount: 15, unit: "work_minute" }, started: at(left - 15), paused: false, outcome: "running", calendar_open: true, next_opening: null, counted_minutes_left: left, working: true, as_of: NOW, ...more };
}

const KINDS = [
  ["2026:01-04", "雨水箅子堵塞", "Blocked gully", "facilities"], ["2026:09-03", "占道经营", "Street vending", "enforcement"], ["2026:06-03", "路面塌陷", "Road collapse", "facilities"], ["2026:06-10", "暴露垃圾", "Exposed rubbish", "environment"],
  ["2026:02-03", "路灯不亮", "Street lights out", "facilities"], ["2026:09-08", "共享单车堆积", "Heaps of shared bikes", "traffic"], ["2026:08-02", "夜间施工噪声", "Night construction noise", "environment"], ["2026:05-03", "井盖缺失", "Missing manhole cover", "safety"],
] as const;
const STREETS = ["钟楼街道", "柳浦街道", "学苑街道", "澄湖街道", "望江门街道"] as const;
const ROADS = ["文汇路 88 号门前", "柳浦街桂香路东北角", "南埠路地铁 2 口", "滨江大道 46 号", "桂香新村 3 号投放点与老年活动中心之间的通道", "湖滨路澄湖公园段"] as const;
const UNITS = [[31, "区排水管理所", "Drainage station"], [32, "街道综合执法队", "Street enforcement team"], [33, "市政设施管理处", "Public works office"], [34, "区环卫所", "Sanitation station"]] as const;
const FAMILIES = ["collector", "public", "hotline", "video", "sensor", "exchange"] as const;

export const rows: CaseRow[] = Array.from({ length: 48 }, (_, i): CaseRow => {
  const [code, zh, en, field] = KINDS[i % KINDS.length]!;
  const unit = UNITS[i % UNITS.length]!;
  const left = i - 6;
  const facts = i === 9 ? clock(8, { paused: true, outcome: "paused", due: null, paused_until: at(3000) }) : i === 14 ? clock(300, { calendar_open: false, next_opening: at(1278), limit: { amount: 1, unit: "work_day" } }) : clock(left * 2, { limit: { amount: left > 12 ? 4 : 1, unit: "work_hour" }, working: i % 3 !== 0 });
  return {
    id: String(1000 + i), number: `WJ261124${String(380 + i).padStart(4, "0")}`, state: "pending_dispatch", step: 3, holder: i === 6 ? "back" : "centre", marks: i === 3 ? ["gap"] : i === 6 ? ["returned"] : [],
    category: { code, name_zh: zh, name_en: en, field }, address: ROADS[i % ROADS.length]!, grid: "9901010020140" + (i % 9), street_name: STREETS[i % STREETS.length]!, unit: null,
    proposed_unit: i === 3 ? null : { id: unit[0], name_zh: unit[1], name_en: unit[2] }, urgency: i === 0 ? "critical" : i === 3 ? "urgent" : "normal", source_family: FAMILIES[i % FAMILIES.length]!, reported_at: at(-20 - i * 3), clock: facts,
    lon: 123.9812 + ((i * 37) % 60) / 1600, lat: 29.9912 + ((i * 53) % 60) / 2200, seq: 5, thumb: null,
  };
});

export const acts: NextAction[] = [
  { action: "dispatch", label: "派遣至 区排水管理所", needs: ["unit"], facts: { unit: 31 }, proposed: true, key: null },
  { action: "merge", label: "并案", needs: ["into"], key: null },
  { action: "return_filing", label: "退回", needs: ["text:reason"], key: null },
  { action: "ask_void", label: "申请作废", needs: ["ground", "text:reason"], danger: true, key: null },
];

export function caseOf(id: string): CaseFull {
  const row = rows.find((r) => r.id === id) ?? rows[1]!;
  const photo = (n: number) => ({ id: `p${n}`, stage: "before", kind: "photo", thumb_url: `/mock/photo-${n}.svg`, url: `/mock/photo-${n}.svg`, taken_at: at(-13), accuracy_m: 4, place: "文汇路 88 号" });
  const person = (role: string, name: string, org: string) => ({ role, person_name: name, org_name: org, kind: "person" as const });
  return {
    ...row, state: "pending_dispatch", description: "雨水箅子堵塞，路面积水约 12 m²，车辆绕行。", source_detail: "采集员 07-12，免核实", component: "01004-000731，距 2 m", filing_condition: "堵塞且积水，2 紧急工作时", closing_condition: "箅子畅通、无积水、无遗留垃圾",
    timeline: [
      { seq: 1, at: at(-12), type: "reported", actor: person("collector", "07-12", "采集三队"), facts: {}, texts: { description: "雨水箅子堵塞，路面积水约 12 m²，车辆绕行。" }, evidence: [photo(1), photo(2)], clock_effects: [{ clock: "file", op: "start" }], to: "pending_filing", sentence: "上报，照片 2 张，位置 ±4 m" },
      { seq: 2, at: at(-12), type: "other", actor: { role: "system", kind: "timer" }, facts: {}, texts: {}, evidence: [], clock_effects: [], to: "pending_filing", sentence: "填入网格、部件，查重 1 件" },
      { seq: 3, at: at(-11), type: "filed", actor: { role: "system", kind: "machine", model: "file-2.3", score: 0.94 }, facts: {}, texts: {}, evidence: [], clock_effects: [{ clock: "dispatch", op: "start" }], to: "pending_dispatch", sentence: "自动立案：条件匹配 0.94（阈值 0.85）" },
      { seq: 4, at: at(-6), type: "merged", actor: person("intake_officer", "秦", "受理大厅"), facts: {}, texts: {}, evidence: [], clock_effects: [], to: "pending_dispatch", sentence: "并入 0371（12345 来电），保留 2 位反映人" },
    ],
    clocks: [
      { ...clock(71, { name: "unit", limit: { amount: 2, unit: "urgent_hour" }, working: false, started: at(-61), due: at(83) }), calendar_name: "临江 2026", calendar_version: 4, intervals: [[at(-61), at(-30)], [at(-6), at(83)]], pauses: [[at(-30), at(-6), "consult"]], standard: { id: 7, version: 3, condition_no: 2, filing: "堵塞且积水", closing: "畅通、无积水", limit: "2 紧急工作时", source: "临江市立案结案标准" } },
      { ...clock(30, { name: "answer", limit: { amount: 5, unit: "work_day" }, counted_minutes_left: 2200 }), calendar_name: "临江 2026", calendar_version: 4, intervals: [[at(-60), at(420)]], pauses: [] },
    ],
    clock: row.clock,
    why: { sentence: "钟楼街道 · 雨水箅子异常 · 权属：区排水管理所 · 工作时段 → 派 区排水管理所", row: { number: "D-0417", version: 6, signed_by: "区城管局" }, checks: [{ kind: "category", ok: true, found: "01004 雨水箅子异常", row_number: "D-0417" }, { kind: "area", ok: true, found: "钟楼街道全域", detail: "案点在界内 312 m" }, { kind: "owner", ok: true, found: "部件登记：区排水管理所" }, { kind: "hours", ok: true, found: "周二 10:44，工作时段" }], alternatives: [{ unit: { id: 40, name_zh: "钟楼街道市政服务站", name_en: "Zhonglou street works station" }, row_number: "D-0418", why: "只承接非工作时段" }], history: "近 90 天同类 41 件，回退 2 件" },
    next_actions: acts.map((a) => (a.action === "dispatch" && row.proposed_unit ? { ...a, facts: { unit: row.proposed_unit.id } } : a)), reporters: [{ family: "hotline", masked_name: "李**", masked_phone: "138****0217", answered: false }], related: [{ id: "1040", number: "WJ2611240371", relation: "duplicate", title: "雨水箅子异常", distance_m: 46, at: at(-30), state: "pending_filing" }], seal: { entries: 4, verified_at: at(-1) }, as_of: NOW,
  };
}

export const page = (list: CaseRow[] = rows): Page<CaseRow> => ({ rows: list, next: null, total: list.length, total_is_exact: true, as_of: NOW });
export const queues = [{ key: "dispatch", label: "待派遣", count: 48 }, { key: "returned", label: "回退", count: 5 }, { key: "consult", label: "会商", count: 2 }, { key: "approve", label: "待审批", count: 7 }, { key: "check", label: "待核查", count: 12 }];
export const session = (role = "dispatcher") => ({
  signed_in: true, csrf: "token", person: { id: 7, number: "WJ-0302", name: "秦岚" }, org: { id: 2, code: "C1", name_zh: "望江区受理大厅", name_en: "Wangjiang centre" }, posts: [{ role, org: 2, areas: null, fields: null, deputy_for: null }], roles: [role], language: "zh" as const,
  city: { code: "990101", name_zh: "临江市望江区", name_en: "Wangjiang, Linjiang", zone: "Asia/Shanghai", bounds: [123.978, 29.988, 124.022, 30.022], simulated: true }, now: NOW, demo: true,
});
export const scores: Scoreboard = {
  period: { key: "2026-11", label: "2026-11", from: "2026-11-01", to: "2026-11-30", complete: false }, rules: { name: "区域", version: 3 }, computed_at: at(-2), as_of: NOW,
  rows: UNITS.map((u, i) => ({ unit: { id: u[0], name_zh: u[1], name_en: u[2] }, rank: i + 1, score: 94.6 - i * 6.3, band: "ABCE"[i]!, cases: 1820 - i * 190, filter: { unit: String(u[0]), indicator: "charged" }, trend: [4, 5, 6, 5, 7 - i, 8 - i * 2], figures: [{ key: "on_time", value: 0.98 - i * 0.04, numerator: 1787 - i * 240, denominator: 1820 - i * 190, points: 39.3 - i * 2, weight: 40, formula: `40 × ${(0.98 - i * 0.04).toFixed(3)}`, filter: { unit: String(u[0]), indicator: "on_time" } }, { key: "closed_rate", value: 0.96, numerator: 1750, denominator: 1820, points: 19.2, weight: 20, filter: {} }, { key: "rework", value: 0.011 + i * 0.01, numerator: 20 + i * 14, denominator: 1820, points: 14, weight: 15, filter: {} }, { key: "satisfaction", value: null, numerator: 0, denominator: 0, points: null, weight: 10, filter: {} }] })),
};
export const dutyList: DutyPage = {
  rows: rows.slice(0, 14).map((r, i) => ({ id: i, number: `D-0${410 + i}`, version: 6, category: r.category, area_name_zh: i % 3 ? r.street_name! : null, hours: i % 4 ? "any" : "office", owner: null, unit: i === 2 ? null : { id: 31 + (i % 4), name_zh: UNITS[i % 4]![1], name_en: UNITS[i % 4]![2] }, trade_department: null, cases_30d: 112 - i * 7, problem: i === 2 ? "gap" : i === 5 ? "double" : null, valid_from: "2026-01-01", signed_by: "区城管局", source: "import" })),
  next: null, total: 534, total_is_exact: true, as_of: NOW, gaps: 19, doubles: 3, unique_share: 0.981, streets: STREETS.map((s, i) => ({ code: `9901010${i}`, name_zh: s, gaps: i })),
};

/** Answer of the API to a request, or undefined if the mock does not know it. */
export function answer(method: string, path: string, query: URLSearchParams, role: string): unknown {
  const state = query.get("state");
  if (path === "/session" && method === "GET") return role === "none" ? { ...session(), signed_in: false, person: null, posts: [] } : session(role);
  if (path === "/session") return method === "DELETE" ? null : session(role === "none" ? "dispatcher" : role);
  if (path === "/tasks/queues") return ["collector", "handler"].includes(role) ? [{ key: "my_checks", count: 5 }] : queues;
  if (path.startsWith("/tasks/queues/")) return page(["collector", "handler"].includes(role) ? rows.slice(4, 9).map((r) => ({ ...r, state: role === "handler" ? "handling" : "checking" })) : rows);
  if (path === "/cases/actions") return { results: [] };
  if (/^\/cases\/[^/]+\/actions$/.test(path)) return { case: 1001, number: "WJ2611240381", seq: 6, state: "dispatched", events: ["dispatched"], proposals: [], repeated: false };
  if (path.startsWith("/cases/")) return caseOf(path.split("/")[2]!);
  if (path === "/cases") return state === "none" ? page([]) : page();
  if (path === "/city/categories") return rows.slice(0, 6).map((r) => r.category);
  if (path === "/city/areas") return STREETS.map((s, i) => ({ code: `9901010${i}`, name_zh: s, kind: "street" }));
  if (path === "/city/duty-list") return dutyList;
  if (path === "/evaluation/units") return scores;
  if (path === "/notices") return [{ id: "1", at: at(-4), title: "案件 0371 已并案，反映人 2 位", body: "原案件的答复时限继续计算。", case: "1001", case_number: "WJ2611240371", read: false }, { id: "2", at: at(-60), title: "督办 0312 待回复", read: true }];
  if (path === "/audit") return { rows: rows.slice(0, 20).map((r, i) => ({ seq: 9000 - i, at: at(-i), actor: "WJ-0302", role: "dispatcher", action: "case.dispatch", case: r.id, case_number: r.number, fields: ["unit", "duty_row"], outcome: i === 4 ? "refused" : "ok" })), next: null, total: 9000, as_of: NOW, chain: { entries: 9000, verified_at: at(-1), ok: true } };
  if (path === "/sources/attachments") return { id: 5, thumb_url: null };
  if (path === "/sources/reports") return { case: 1, number: "WJ2611240999", seq: 1, state: "reported", events: ["reported"], proposals: [], repeated: false };
  if (path.startsWith("/sources/reports/")) return { code: "7K3M-42", title: "占道摆摊", address: "钟楼街与南埠路口", at: at(-100), stage: 4, promised_by: at(440), handled_by: { id: 32, name_zh: "钟楼街道综合执法队", name_en: "Zhonglou enforcement team" }, steps: [{ step: 1, at: at(-100) }, { step: 2, at: at(-37), note: "情况属实" }, { step: 3, at: at(-30) }, { step: 4, at: at(-2) }], answers: [{ by: "钟楼街道综合执法队", at: at(-2), text: "您好，我们已到路口劝离 4 个摊位，并告知附近便民市场可以免费进场。" }], finished: false, as_of: NOW };
  return undefined;
}
