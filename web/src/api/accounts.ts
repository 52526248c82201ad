// Accounts and the posts behind them.
import type { components } from "./generated";
import { read, write, type Query } from "./client";
import type { AreaRef, OrgRef } from "./types";

export type Account = components["schemas"]["AccountOut"];
export type Post = components["schemas"]["PostHeld"];
export type AccountsPage = components["schemas"]["AccountsOut"];
type PostIn = { role: string; area: string | null; org: number | null; fields: string[] | null; valid_from: string; valid_to: string | null; replaces: number | null };

export const findAccounts = (query: Query, signal?: AbortSignal) => read<AccountsPage>("/accounts", query, signal);
export const makeAccount = (body: { number: string; name: string; org: number; language: string; phone: string }) => write<{ account: number; password: string | null }>("POST", "/accounts", body);
export const grantPost = (account: number, body: PostIn) => write("POST", `/accounts/${account}/posts`, body);
export const endPost = (account: number, post: number, on: string) => write("POST", `/accounts/${account}/posts/${post}/end`, { on });
export const resetPassword = (account: Account) => write<{ password: string | null }>("POST", `/accounts/${account.id}/${account.guarded ? "administrator-password" : "password"}`);
export const changeAccount = (account: number, what: "disable" | "enable" | "sessions/end") => write("POST", `/accounts/${account}/${what}`);
export const findUnits = () => read<{ rows: (OrgRef & { kind: string })[] }>("/city/organisations").then((found) => found.rows);
export const findPlaces = () => Promise.all(["district", "street", "community"].map((kind) => read<{ rows: AreaRef[] }>("/city/areas", { kind }))).then((found) => found.flatMap((each) => each.rows));
