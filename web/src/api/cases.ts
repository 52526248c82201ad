// Queues, cases and what one does to them.
import { newWrite, read, send, write, type Query } from "./client";
import type { ActionBody, ActionResult, AreaRef, AuditPage, BulkResult, CaseFull, CaseRow, CategoryRow, DutyPage, Notice, OwnReport, Page, QueueFilter, QueueHead, ReportBody, ReportResult, Scoreboard } from "./types";

export const findQueues = (): Promise<QueueHead[]> => read<QueueHead[] | { queues: QueueHead[] }>("/tasks/queues").then((q) => (Array.isArray(q) ? q : q.queues));
export const findQueue = (key: string, filter: QueueFilter & { after?: string | null; limit?: number }, signal?: AbortSignal) => read<Page<CaseRow>>(`/tasks/queues/${encodeURIComponent(key)}`, filter as Query, signal);
export const findCases = (filter: QueueFilter & { after?: string | null; limit?: number }, signal?: AbortSignal) => read<Page<CaseRow>>("/cases", filter as Query, signal);
export const getCase = (id: string, signal?: AbortSignal) => read<CaseFull>(`/cases/${encodeURIComponent(id)}`, {}, signal);

export const newAct = (id: string, body: ActionBody) => newWrite("POST", `/cases/${encodeURIComponent(id)}/actions`, body);
export const act = (id: string, body: ActionBody) => send<ActionResult>(newAct(id, body));
export const actOnMany = (items: ({ case: string } & ActionBody)[]) => write<BulkResult>("POST", "/cases/actions", { items });

export const newReport = (body: ReportBody) => newWrite("POST", "/sources/reports", body);
export const report = (body: ReportBody) => send<ReportResult>(newReport(body));
export function attach(file: Blob, name: string, stage: string): Promise<{ id: string; thumb_url: string | null }> {
  const form = new FormData();
  form.append("file", file, name);
  form.append("stage", stage);
  return write("POST", "/sources/attachments", form);
}

const rowsOf = <T>(found: T[] | { rows: T[] }): T[] => (Array.isArray(found) ? found : found.rows);
export const findCategories = (query: { text?: string; lon?: number | null; lat?: number | null; limit?: number }) => read<CategoryRow[] | { rows: CategoryRow[] }>("/city/categories", query).then(rowsOf);
export const findAreas = (kind: string, parent?: string) => read<AreaRef[] | { rows: AreaRef[] }>("/city/areas", { kind, parent }).then(rowsOf);
export const findDutyList = (query: Query, signal?: AbortSignal) => read<DutyPage>("/city/duty-list", query, signal);
export const findScores = (query: Query, signal?: AbortSignal) => read<Scoreboard>("/evaluation/units", query, signal);
export const findNotices = (query: Query = {}) => read<Page<Notice> | Notice[]>("/notices", query).then(rowsOf);
export const markRead = (id: string) => write<void>("POST", `/notices/${encodeURIComponent(id)}/read`);
export const findAudit = (query: Query, signal?: AbortSignal) => read<AuditPage>("/audit", query, signal);

export const getOwnReport = (code: string, signal?: AbortSignal) => read<OwnReport>(`/sources/reports/${encodeURIComponent(code)}`, {}, signal);
export const rateReport = (code: string, solved: boolean, text: string) => write<OwnReport>("POST", `/sources/reports/${encodeURIComponent(code)}/rating`, { solved, text });
