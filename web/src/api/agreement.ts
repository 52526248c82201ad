// Types only: our own names for what is written must fit what the server's schema takes. A change there fails `npm run types`.
import type { ActionBody, ReportBody } from "./types";
import type { components } from "./generated";

type Schemas = components["schemas"];
type Fits<Ours extends Theirs, Theirs> = Ours;
export type ReportFields = Fits<keyof ReportBody, keyof Schemas["ReportIn"]>;
export type ActFields = Fits<keyof ActionBody, keyof Schemas["ActIn"]>;
