// Queues, cases and what one does to them.
import { newWrite, read, send, write, type Query } from "./client";
import { say } from "../text";
import type { ActionBody, ActionResult, AreaRef, AuditPage, BulkResult, CaseFull, CaseRow, CategoryRow, DutyPage, Notice, OwnReport, Page, QueueFilter, QueueHead, ReportBody, ReportResult, Scoreboard } from "./types";

export const findQueues = (): Promise<QueueHead[]> => read<QueueHead[] | { queues: QueueHead[] }>("/tasks/queues").then((q) => (Array.isArray(q) ? q : q.queues));
export const findQueue = (key: string, filter: QueueFilter & { after?: string | null; limit?: number }, signal?: AbortSignal) => read<Page<CaseRow>>(`/tasks/queues/${encodeURIComponent(key)}`, filter as Query, signal).then(asPage);
/** A list behind a figure of the scoreboard is asked of the scoreboard, so that the list is as long as the figure says. */
export const findCases = (filter: QueueFilter & { after?: string | null; limit?: number }, signal?: AbortSignal) => read<Page<CaseRow>>(filter.indicator && filter.unit ? `/evaluation/units/${encodeURIComponent(filter.unit)}/cases` : "/cases", filter as Query, signal).then(asPage);
export const getCase = (id: string, signal?: AbortSignal) => read<CaseFull>(`/cases/${encodeURIComponent(id)}`, {}, signal).then(asCase);

/** Ids are numbers to the server and words in an address: here they become words, in one place. */
const asRow = <R extends CaseRow>(row: R): R => ({ ...row, id: String(row.id), number: row.number ?? "", title: row.title ?? (row.category ? null : say("case.unclassified")) });
const asPage = (page: Page<CaseRow>): Page<CaseRow> => ({ ...page, rows: page.rows.map(asRow) });
const asCase = (found: CaseFull): CaseFull => ({ ...asRow(found), related: (found.related ?? []).map((r) => ({ ...r, id: String(r.id) })) });
const asResult = (done: ActionResult): ActionResult => ({ ...done, case: String(done.case), proposals: (done.proposals ?? []).map(String) });
const toId = (id: string): number | string => (/^\d+$/.test(id) ? Number(id) : id);
export const evidenceIn = (list: readonly { id: string; stage: string }[]) => list.map((e) => ({ id: toId(e.id), stage: e.stage }));

export const newAct = (id: string, body: ActionBody) => newWrite("POST", `/cases/${encodeURIComponent(id)}/actions`, { ...body, evidence: evidenceIn(body.evidence ?? []) });
export const act = (id: string, body: ActionBody) => send<ActionResult>(newAct(id, body)).then(asResult);
export const actOnMany = (items: ({ case: string } & ActionBody)[]) => write<BulkResult>("POST", "/cases/actions", { items: items.map((i) => ({ ...i, case: toId(i.case), evidence: evidenceIn(i.evidence ?? []) })) }).then((r) => ({ results: r.results.map((x) => ({ ...x, case: String(x.case), done: x.done ? asResult(x.done) : null })) }));

export const newReport = (body: ReportBody) => newWrite("POST", "/sources/reports", { ...body, attachments: evidenceIn(body.attachments ?? []) });
export const report = (body: ReportBody) => send<ReportResult>(newReport(body)).then((r) => ({ ...r, ...asResult(r) }));
export function attach(file: Blob, name: string, stage: string): Promise<{ id: string; thumb_url: string | null }> {
  const form = new FormData();
  form.append("file", file, name);
  form.append("stage", stage);
  return write<{ id: string | number; thumb_url: string | null }>("POST", "/sources/attachments", form).then((made) => ({ ...made, id: String(made.id) }));
}

const rowsOf = <T>(found: T[] | { rows: T[] }): T[] => (Array.isArray(found) ? found : found.rows);
export const findCategories = (query: { text?: string; lon?: number | null; lat?: number | null; limit?: number }) => read<CategoryRow[] | { rows: CategoryRow[] }>("/city/categories", query).then(rowsOf);
export const findAreas = (kind: string, parent?: string) => read<AreaRef[] | { rows: AreaRef[] }>("/city/areas", { kind, parent }).then(rowsOf);
export const findDutyList = (query: Query, signal?: AbortSignal) => read<DutyPage>("/city/duty-list", query, signal);
export const findScores = (query: Query, signal?: AbortSignal) => read<Scoreboard>("/evaluation/units", query, signal);
export const findNotices = (query: Query = {}) => read<Page<Notice> | Notice[]>("/notices", query).then(rowsOf);
export const markRead = (id: string) => write<void>("POST", "/notices/read", { ids: [toId(id)] });
export const findAudit = (query: Query, signal?: AbortSignal) => read<AuditPage>("/audit", query, signal);

export const getOwnReport = (code: string, signal?: AbortSignal) => read<OwnReport>(`/sources/reports/${encodeURIComponent(code)}`, {}, signal);
export const findOwnReports = (signal?: AbortSignal) => read<{ rows: OwnReport[] }>("/sources/reports", { limit: 50 }, signal);
export const rateReport = (code: string, solved: boolean, text: string) => write<OwnReport>("POST", `/sources/reports/${encodeURIComponent(code)}/rating`, { solved, text });
