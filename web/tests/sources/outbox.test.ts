import { beforeEach, describe, expect, it, vi } from "vitest";
import { cityNow } from "../../src/kit/city-clock";
import { doAgain, flush, keep, kept, leaveAsNote, memoryShelf, online, openOutbox, refusedItems, type Kept } from "../../src/sources/outbox";
import { json } from "../harness";

const NO_PAUSE = [0];
interface Call { path: string; key: string; body: unknown }
let calls: Call[] = [];
let network: (call: Call) => Response | Error = () => json({ case: 1, number: "WJ1", seq: 1 });
let reachable = true;
let signedIn = true;
let aheadMs = 0;
beforeEach(async () => {
  calls = [];
  reachable = signedIn = true;
  aheadMs = 0;
  await openOutbox(memoryShelf());
  vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
    const call = { path, key: (init.headers as Record<string, string>)["Idempotency-Key"] ?? "", body: typeof init.body === "string" ? JSON.parse(init.body) : init.body };
    // The greeting before anything is sent: who I am, and what time it is.
    if (path.endsWith("/session")) {
      if (!reachable) throw new TypeError("gone");
      return json({ signed_in: signedIn, csrf: "t", now: new Date(cityNow() - aheadMs).toISOString() });
    }
    calls.push(call);
    const said = network(call);
    if (said instanceof Error) throw said;
    return said;
  });
});
const item = (title: string, photos = 0): Parameters<typeof keep>[0] => ({ kind: "report", title, method: "POST", path: `/sources/reports`, body: { description: title }, photos: Array.from({ length: photos }, (_, i) => ({ blob: new Blob(["x"]), name: `${i}.jpg`, stage: "before" })) });

describe("what waits on the device", () => {
  it("goes out in the order it was made, each with the capture time it got here", async () => {
    network = (c) => (c.path.endsWith("attachments") ? json({ id: 9 }) : json({ case: 1, number: "WJ1", seq: 1 }));
    const first = await keep(item("a"));
    const second = await keep(item("b", 1));
    await flush(NO_PAUSE);
    expect(calls.map((c) => c.path.split("/").pop())).toEqual(["reports", "attachments", "reports"]);
    expect(calls[0]!.body).toMatchObject({ description: "a", captured_at: first.captured_at });
    expect(calls[2]!.body).toMatchObject({ description: "b", attachments: [{ id: 9, stage: "before" }] });
    expect(second.at).toBeGreaterThan(first.at);
    expect(kept.value.map((k) => k.state)).toEqual(["sent", "sent"]);
  });

  it("stops where the network stops, keeps its keys, and does not send a photo twice", async () => {
    let up = 0;
    network = (c) => (c.path.endsWith("attachments") ? ((up += 1), up === 2 ? new TypeError("gone") : json({ id: up })) : json({ case: 1, number: "WJ1", seq: 1 }));
    await keep(item("a", 2));
    await keep(item("b"));
    await flush(NO_PAUSE);
    expect(kept.value.map((k) => k.state)).toEqual(["waiting", "waiting"]);
    expect(online.value).toBe(false);
    const lost = calls[1]!.key;
    calls = [];
    await flush(NO_PAUSE);
    expect(calls.map((c) => c.path.split("/").pop())).toEqual(["attachments", "reports", "reports"]);
    expect(calls[0]!.key).toBe(lost);
    expect(online.value).toBe(true);
  });

  it("gives a refused one back with its reason and sends the rest", async () => {
    network = (c) => ((c.body as { description: string }).description === "a" ? json({ code: "refused", message: "案件已结案" }, 422) : json({ case: 2, number: "WJ2", seq: 1 }));
    await keep(item("a"));
    await keep(item("b"));
    await flush(NO_PAUSE);
    expect(kept.value.map((k) => [k.state, k.reason ?? k.number])).toEqual([["refused", "案件已结案"], ["sent", "WJ2"]]);
  });

  it("waits again after the app was closed in the middle of sending", async () => {
    const made: Kept = { ...(await keep(item("a"))), state: "sending" };
    await openOutbox(memoryShelf([made]));
    expect(kept.value.map((k) => k.state)).toEqual(["waiting"]);
  });

  it("sends a large picture in pieces and goes on where the server stands", async () => {
    const size = 2_000_000;
    let received = 1_048_576;
    network = (c) => {
      if (c.path.endsWith("/uploads")) return json({ id: "u1", size, received, piece_bytes: 1_048_576 });
      if (c.path.includes("?offset=")) return (received = size), json({ id: "u1", size, received, piece_bytes: 1_048_576 });
      return c.path.endsWith("/finish") ? json({ id: 7 }) : json({ case: 1, number: "WJ1", seq: 1 });
    };
    const bytes = new Uint8Array(size);
    const blob = Object.assign(new Blob([bytes], { type: "image/jpeg" }), { arrayBuffer: async () => bytes.buffer }); // jsdom's has none
    await keep({ ...item("large"), photos: [{ blob, name: "a.jpg", stage: "before" }] });
    await flush(NO_PAUSE);
    expect(calls.map((c) => c.path.replace("/api/v1/sources/", ""))).toEqual(["uploads", "uploads/u1?offset=1048576", "uploads/u1/finish", "reports"]);
    expect(calls.at(-1)!.body).toMatchObject({ attachments: [{ id: 7, stage: "before" }] });
  });

  it("keeps the order of making when the device's clock is put back, across a closing of the application", async () => {
    const shelf = memoryShelf();
    await openOutbox(shelf);
    const clock = vi.spyOn(performance, "now");
    clock.mockReturnValue(9_000_000);
    const first = await keep(item("a"));
    clock.mockReturnValue(1_000);
    await openOutbox(shelf);
    const second = await keep(item("b"));
    clock.mockRestore();
    expect(second.at).toBeLessThan(first.at);
    await openOutbox(shelf);
    expect(kept.value.map((k) => k.title)).toEqual(["a", "b"]);
    await flush(NO_PAUSE);
    expect(calls.map((c) => (c.body as { description: string }).description)).toEqual(["a", "b"]);
  });

  it("tells how wrong the device's clock was, settled before the first try and the same ever after", async () => {
    aheadMs = 90_000;
    await keep(item("a"));
    network = () => new TypeError("the answer was lost");
    await flush(NO_PAUSE);
    network = () => json({ case: 1, number: "WJ1", seq: 1 });
    aheadMs = 0;
    await flush(NO_PAUSE);
    const told = calls.map((c) => c.body as { captured_at: string; clock_error_s: number });
    expect(told.map((b) => b.clock_error_s)).toEqual([90, 90]);
    expect(told[0]).toEqual(told[1]);
    expect(calls[0]!.key).toBe(calls[1]!.key);
  });

  it("sends nothing while the city does not answer or no longer knows the person, and loses nothing", async () => {
    await keep(item("a"));
    reachable = false;
    await flush(NO_PAUSE);
    expect([calls.length, online.value]).toEqual([0, false]);
    reachable = true;
    signedIn = false;
    await flush(NO_PAUSE);
    expect([calls.length, kept.value[0]!.state]).toEqual([0, "waiting"]);
  });

  it.each([[429, "too_many", { seconds: 0 }], [503, "down", {}], [403, "csrf", {}], [401, "sign_in_first", {}]])("takes %i for a matter of time, not for a no", async (status, code, facts) => {
    await keep(item("a"));
    let first = true;
    network = () => (first ? ((first = false), json({ code, message: "", facts }, status)) : json({ case: 1, number: "WJ1", seq: 1 }));
    await flush(NO_PAUSE);
    await flush(NO_PAUSE);
    expect(kept.value.map((k) => k.state)).toEqual(["sent"]);
    expect(new Set(calls.map((c) => c.key)).size).toBe(1);
  });

  it("asks only for the last answer when a large picture was taken in and the answer was lost", async () => {
    const size = 1_000_000;
    let lost = true;
    network = (c) => {
      if (c.path.endsWith("/uploads")) return json({ id: "u1", size, received: 0, piece_bytes: 1_048_576 });
      if (c.path.includes("?offset=")) return json({ id: "u1", size, received: size, piece_bytes: 1_048_576 });
      if (c.path.endsWith("/finish")) return lost ? ((lost = false), new TypeError("gone")) : json({ id: 7 });
      return json({ case: 1, number: "WJ1", seq: 1 });
    };
    const bytes = new Uint8Array(size);
    const blob = Object.assign(new Blob([bytes], { type: "image/jpeg" }), { arrayBuffer: async () => bytes.buffer }); // jsdom's has none
    await keep({ ...item("large"), photos: [{ blob, name: "a.jpg", stage: "before" }] });
    await flush(NO_PAUSE);
    const before = calls.length;
    await flush(NO_PAUSE);
    expect(calls.slice(before).map((c) => c.path.replace("/api/v1/sources/", ""))).toEqual(["uploads/u1/finish", "reports"]);
    expect(calls[before]!.key).toBe(calls[before - 1]!.key);
  });

  const check = (): Parameters<typeof keep>[0] => ({ ...item("check", 1), kind: "act", path: "/cases/5/actions", body: { action: "check_pass", expected_seq: 4, facts: {}, texts: {} } });
  async function refusedCheck(): Promise<Kept> {
    network = (c) => (c.path.endsWith("attachments") ? json({ id: 9 }) : c.path.endsWith("/cases/5") ? json({ code: "not_found", message: "" }, 404) : json({ code: "refused", reason: "moved_on", message: "x", facts: {} }, 409));
    await keep(check());
    await flush(NO_PAUSE);
    expect(refusedItems.value).toHaveLength(1);
    network = (c) => (c.path.endsWith("attachments") ? json({ id: 10 }) : json({ case: 5, number: "WJ5", seq: 8 }));
    calls = [];
    return refusedItems.value[0]!;
  }

  it("does a refused act again on the case as it stands, with the photo that has arrived and the first time of capture", async () => {
    const no = await refusedCheck();
    await doAgain(no, 7);
    await flush(NO_PAUSE);
    expect(calls).toHaveLength(1);
    expect(calls[0]!.key).not.toBe(no.key);
    expect(calls[0]!.body).toMatchObject({ action: "check_pass", expected_seq: 7, captured_at: no.captured_at, evidence: [{ id: 9, stage: "before" }] });
    expect(kept.value.map((k) => k.state)).toEqual(["sent"]);
  });

  it("leaves a refused act's photo and words as a note", async () => {
    const no = await refusedCheck();
    await leaveAsNote(no, 7, "seen clean at ten");
    await flush(NO_PAUSE);
    expect(calls.map((c) => c.body)).toMatchObject([{ action: "note", expected_seq: 7, texts: { note: "seen clean at ten" }, evidence: [{ id: 9, stage: "document" }] }]);
  });

  const entry = (seq: number, type: string, to = "checking"): object => ({ seq, at: "2026-11-24T02:00:00Z", type, to, actor: { role: "system", kind: "timer" }, facts: {}, texts: {}, evidence: [], clock_effects: [] });
  it.each([
    ["only clocks warned", [entry(4, "order_check"), entry(5, "warn"), entry(6, "escalate")], 6, "sent"],
    ["somebody else was told to check", [entry(4, "order_check"), entry(5, "warn"), entry(6, "reassign_check")], 6, "refused"],
    ["part of the history is not shown to him", [entry(4, "order_check"), entry(6, "warn")], 6, "refused"],
  ])("of a case that moved on: %s", async (_name, timeline, seq, state) => {
    network = (c) => {
      if (c.path.endsWith("/cases/5")) return json({ id: 5, number: "WJ5", seq, timeline, related: [] });
      if (c.path.endsWith("attachments")) return json({ id: 9 });
      return (c.body as { expected_seq: number }).expected_seq === seq ? json({ case: 5, number: "WJ5", seq: seq + 1 }) : json({ code: "refused", reason: "moved_on", message: "x", facts: {} }, 409);
    };
    await keep(check());
    await flush(NO_PAUSE);
    expect(kept.value.map((k) => k.state)).toEqual([state]);
  });
});
