// What the API says, by hand until `npm run api-types` makes it from openapi.json. Names are the server's; times are ISO text in UTC.
import type { ClockFacts } from "../kit/clock";

export type Urgency = "normal" | "urgent" | "critical";
export type Holder = "centre" | "unit" | "checker" | "back" | "closed";

export interface OrgRef { id: string | number; name_zh: string; name_en?: string | null }
export interface CategoryRef { code: string; name_zh: string; name_en?: string | null; field: string }
export interface CategoryRow extends CategoryRef { number?: string; major?: string; major_zh?: string; major_en?: string; kind?: string; conditions?: Standard[]; likely?: boolean }
export interface Standard { id?: number; condition_no: number; filing_zh: string; filing_en?: string; closing_zh?: string; closing_en?: string; limit_zh?: string; limit_en?: string; limit?: { amount: number; unit: string } }

export interface Me {
  person: { id: string | number; number: string; name: string };
  org: OrgRef | null;
  posts: { role: string; scope: { area?: string | null; area_name_zh?: string; area_name_en?: string; fields?: string[] | null } | null }[];
  language: "zh" | "en" | null;
  rail?: string[];
  tenant: { name_zh: string; name_en: string; center: [number, number]; zoom: number; bounds: [number, number, number, number] | null; zone?: string };
  now: string;
  rate?: number;
  practice?: boolean;
  simulated?: boolean;
  version?: string;
}

export interface QueueHead { key: string; label?: string; count: number; is_exact?: boolean }

export interface CaseRow {
  id: string;
  number: string;
  state: string;
  state_name?: string;
  step: number;
  holder: Holder;
  marks: string[];
  category: CategoryRef | null;
  title?: string | null;
  address: string | null;
  grid: string | null;
  street_name?: string | null;
  community_name?: string | null;
  unit: OrgRef | null;
  proposed_unit?: (OrgRef & { action?: string; label?: string }) | null;
  urgency: Urgency;
  source_family: string;
  reported_at: string;
  clock: ClockFacts | null;
  lon: number | null;
  lat: number | null;
  seq: number;
  thumb?: string | null;
}

export interface Page<Row> { rows: Row[]; next: string | null; total: number | null; total_is_exact?: boolean; as_of: string; partial?: { missing: string[]; have: number; of: number } | null }

export interface QueueFilter {
  open?: string; since?: string; until?: string; answerable?: string; outcome?: string;
  street?: string; community?: string; field?: string; source?: string; urgency?: string; text?: string; overdue?: string; order?: string;
  state?: string; unit?: string; category?: string; from?: string; to?: string; indicator?: string; period?: string; part?: string;
}

export interface EvidenceItem { id: string; stage: string; kind: string; thumb_url: string | null; url: string; taken_at?: string | null; place?: string | null; accuracy_m?: number | null; by?: string | null; warning?: string | null }

export interface TimelineEntry {
  seq: number;
  at: string;
  /** When it was done on a device that was without a network; `at` is when it reached the city. */
  captured_at?: string | null;
  type: string;
  label?: string | null;
  actor: { role: string; person_name?: string | null; org_name?: string | null; kind: "person" | "machine" | "timer"; model?: string; score?: number };
  facts: Record<string, unknown>;
  texts: Record<string, string>;
  evidence: EvidenceItem[];
  clock_effects: (string | { clock: string; op: string; words?: string })[];
  to: string;
  step?: number;
  sentence?: string;
  corrects?: number | null;
}

export interface FullClock extends ClockFacts {
  calendar_name?: string;
  calendar_version?: number | string;
  intervals?: [string, string][];
  pauses?: [string, string | null, string][];
  extensions?: number;
  org_name?: string | null;
  serial?: number;
  standard?: { id: number; version: number; condition_no: number; filing: string; closing: string; limit: string; source: string } | null;
}

export interface DutyCheck { kind: "category" | "area" | "owner" | "hours"; ok: boolean; found: string; detail?: string | null; row_number?: string | null; link?: string | null }
export interface DutyAlternative { unit: OrgRef | null; row_number?: string | null; why: string; column?: string | null }
export interface Why {
  sentence: string;
  decision?: string;
  gap?: string | null;
  row: { number: string; version: number; signed_by?: string | null; unit?: OrgRef | null } | null;
  checks: DutyCheck[];
  alternatives: DutyAlternative[];
  history?: string | null;
}

export interface NextAction { action: string; label: string; needs: string[]; key?: string | null; danger?: boolean; proposed?: boolean; facts?: Record<string, unknown>; why_not?: string | null; choices?: Record<string, { value: string | number | boolean; label: string; hint?: string | null }[]> }

export interface CaseFull extends CaseRow {
  description?: string | null;
  source_detail?: string | null;
  component?: string | null;
  closing_condition?: string | null;
  filing_condition?: string | null;
  flow?: string;
  flow_version?: number;
  flow_title?: string | null;
  timeline: TimelineEntry[];
  clocks: FullClock[];
  why: Why | null;
  next_actions: NextAction[];
  reporters: { masked_name?: string | null; masked_phone?: string | null; family: string; answered: boolean; wants_answer?: boolean; number?: string }[];
  related: { id: string; number: string; relation: string; title: string; state?: string; state_name?: string; distance_m?: number | null; at?: string }[];
  seal?: { entries: number; verified_at: string | null } | null;
  entries?: number;
  standard?: { id: number; version: number; condition_no: number; filing: string; closing: string; limit: string; source: string } | null;
  counts?: Record<string, number>;
  as_of?: string;
  unsent?: boolean;
}

export interface ActionBody { action: string; expected_seq: number; facts?: Record<string, unknown>; texts?: Record<string, string>; evidence?: { id: string; stage: string; kind?: string }[]; captured_at?: string }
export interface ActionResult { case: string; number: string; seq: number; state: string; events: string[]; proposals: string[]; repeated: boolean }
export interface BulkResult { results: { case: string; done: ActionResult | null; code?: string | null; reason?: string | null; message?: string | null }[] }

/** Only what the role may send is sent: the server refuses a field that is not his. */
export interface ReportBody {
  category?: string | null; place?: [number, number] | null; accuracy_m?: number | null; address?: string; description?: string; note?: string;
  attachments?: { id: string; stage: string }[]; component?: string | null; urgency?: string; contact?: { name: string; phone: string }; wants_answer?: boolean; source_detail?: string; captured_at?: string; asked?: Record<string, unknown>;
}
export type ReportResult = ActionResult & { code?: string };

export interface Figure { key: string; value: number | null; numerator: number | null; denominator: number | null; points?: number | null; weight?: number | null; formula?: string | null; filter?: QueueFilter | null; unit?: string | null }
export interface UnitScore { unit: OrgRef; rank: number | null; score: number | null; band?: string | null; change?: number | null; cases: number; filter: Figure["filter"]; figures: Figure[]; trend?: number[]; note?: string | null }
export interface Scoreboard { period: { key: string; label?: string; from: string; to: string; complete: boolean }; rules: { name: string; version: string | number }; computed_at: string; rows: UnitScore[]; total?: UnitScore | null; as_of: string; periods?: { key: string; label?: string }[]; denominator_rule?: string }

export interface DutyRow { id: string | number; number: string; version: number; category: CategoryRef | null; major?: string | null; major_zh?: string; major_en?: string; area_name_zh?: string | null; area_name_en?: string | null; owner?: OrgRef | null; hours: string; unit: OrgRef | null; trade_department?: OrgRef | null; valid_from?: string; valid_to?: string | null; signed_by?: string; source?: string; cases_30d?: number | null; problem?: "gap" | "double" | null }
export interface DutyPage extends Page<DutyRow> { gaps?: number; doubles?: number; unique_share?: number | null; streets?: { code: string; name_zh: string; name_en?: string; gaps: number }[] }

export interface Notice { id: string; at: string; event?: string; title: string; body?: string; case?: string | null; case_number?: string | null; read: boolean; level?: string }
export interface AuditRow { seq: number; at: string; actor: string; role?: string; org?: string; action: string; object?: string; case?: string | null; case_number?: string | null; fields?: string[]; outcome?: string; origin?: string; detail?: string }
export interface AuditPage extends Page<AuditRow> { chain?: { entries: number; verified_at: string | null; ok: boolean } }
export interface AreaRef { code: string; name_zh: string; name_en?: string | null; parent?: string | null; kind: string }

/** What a citizen may see of his own report, in plain words. `stage`: how many of the five steps are reached. */
export interface OwnReport { code: string; number?: string; title: string; address: string | null; at: string; stage: number; promised_by: string | null; handled_by?: OrgRef | null; steps: { step: number; at: string | null; note?: string | null }[]; answers: { by: string; at: string; text: string }[]; before?: string[]; after?: string[]; finished: boolean; void_reason?: string | null; can_rate?: boolean; as_of: string }
