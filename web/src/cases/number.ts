/** A case number in its four groups: WJ 2611 24 0147. Numbers of another make are shown as they are. */
export function numberOf(number: string | null | undefined): string {
  if (!number) return "—";
  const found = /^([A-Z]{1,4})(\d{4})(\d{2})(\d{4,6})$/.exec(number.replace(/[\s-]/g, ""));
  return found ? found.slice(1).join(" ") : number;
}
