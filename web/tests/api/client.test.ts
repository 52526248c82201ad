import { beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, newWrite, NotSent, read, send } from "../../src/api/client";
import { json } from "../harness";

const NO_PAUSE = [0, 0, 0];
let keys: string[] = [];
function answers(...list: (Response | Error)[]): void {
  vi.stubGlobal("fetch", async (_: string, init: RequestInit) => {
    keys.push((init.headers as Record<string, string>)["Idempotency-Key"]!);
    const next = list.shift()!;
    if (next instanceof Error) throw next;
    return next;
  });
}
beforeEach(() => { keys = []; });

describe("a write", () => {
  it("is sent again under the same key when the answer is lost", async () => {
    answers(new TypeError("lost"), json({}, 503), json({ ok: 1 }));
    await expect(send(newWrite("POST", "/x", {}), NO_PAUSE)).resolves.toEqual({ ok: 1 });
    expect(new Set(keys).size).toBe(1);
    expect(keys).toHaveLength(3);
  });

  it("is handed back whole when it cannot be sent, so that it can wait", async () => {
    answers(new TypeError("a"), new TypeError("b"), new TypeError("c"));
    const write = newWrite("POST", "/x", { a: 1 });
    const error = await send(write, NO_PAUSE).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(NotSent);
    expect((error as NotSent).write).toBe(write);
  });

  it("is not repeated when the rules refuse it", async () => {
    answers(json({ code: "refused", reason: "separation_of_duties", message: "不能核查本人上报的案件", error_id: "E-1" }, 422));
    const error = (await send(newWrite("POST", "/x"), NO_PAUSE).catch((e: unknown) => e)) as ApiError;
    expect(error).toMatchObject({ status: 422, refused: true, reason: "separation_of_duties", errorId: "E-1", message: "不能核查本人上报的案件" });
    expect(keys).toHaveLength(1);
  });

  it("has a key of its own each time it is made", () => {
    expect(newWrite("POST", "/x").key).not.toBe(newWrite("POST", "/x").key);
  });
});

describe("a read", () => {
  it("leaves out what was not asked", async () => {
    let asked = "";
    vi.stubGlobal("fetch", async (path: string) => { asked = path; return json({}); });
    await read("/cases", { text: "文汇", street: undefined, overdue: "" });
    expect(asked).toBe(`/api/v1/cases?text=${encodeURIComponent("文汇")}`);
  });
});
