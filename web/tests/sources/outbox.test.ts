import { beforeEach, describe, expect, it, vi } from "vitest";
import { flush, keep, kept, memoryShelf, online, openOutbox, type Kept } from "../../src/sources/outbox";
import { json } from "../harness";

const NO_PAUSE = [0];
interface Call { path: string; key: string; body: unknown }
let calls: Call[] = [];
let network: (call: Call) => Response | Error = () => json({ case: 1, number: "WJ1", seq: 1 });
beforeEach(async () => {
  calls = [];
  await openOutbox(memoryShelf());
  vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
    const call = { path, key: (init.headers as Record<string, string>)["Idempotency-Key"]!, body: typeof init.body === "string" ? JSON.parse(init.body) : init.body };
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
});
