/** Codes of the reports made on this device, newest first; the code opens the report, so no account is needed. */
const KEY = "cy.own-reports";
export function ownCodes(): string[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(found) ? found.filter((c): c is string => typeof c === "string") : [];
  } catch {
    return [];
  }
}
export function rememberCode(code: string): void {
  localStorage.setItem(KEY, JSON.stringify([code, ...ownCodes().filter((c) => c !== code)].slice(0, 50)));
}
