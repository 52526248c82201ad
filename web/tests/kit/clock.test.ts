import { describe, expect, it } from "vitest";
import { figureOf, layOut, limitMinutes, readClock, type ClockFacts } from "../../src/kit/clock";

const at = (text: string): number => Date.parse(text);
const NINE = "2026-11-24T01:00:00Z"; // 09:00 in the city

function clock(more: Partial<ClockFacts> = {}): ClockFacts {
  return {
    name: "unit", due: "2026-11-24T03:00:00Z", limit: { amount: 2, unit: "urgent_hour" }, started: NINE, paused: false, outcome: "running", calendar_open: true,
    next_opening: null, counted_minutes_left: 120, working: false, as_of: NINE, ...more,
  };
}

describe("a deadline clock", () => {
  it("runs while more than a quarter and more than thirty minutes are left", () => {
    expect(readClock(clock(), at(NINE))).toMatchObject({ phase: "running", minutes: 120, share: 1 });
  });

  it("counts down from the server's answer with the city's time", () => {
    expect(readClock(clock(), at("2026-11-24T01:40:30Z"))).toMatchObject({ phase: "running", minutes: 79 });
  });

  it("is soon due at thirty minutes, or at a quarter of a long limit", () => {
    expect(readClock(clock(), at("2026-11-24T02:30:00Z")).phase).toBe("soon");
    expect(readClock(clock(), at("2026-11-24T02:29:00Z")).phase).toBe("running");
    const days = clock({ limit: { amount: 4, unit: "work_day" }, working: true, counted_minutes_left: 480 });
    expect(readClock(days, at(NINE)).phase).toBe("soon");
    expect(readClock({ ...days, counted_minutes_left: 481 }, at(NINE)).phase).toBe("running");
  });

  it("is over from the first second past due and shows by how much", () => {
    expect(readClock(clock(), at("2026-11-24T03:00:00Z")).phase).toBe("soon");
    expect(readClock(clock(), at("2026-11-24T03:00:01Z"))).toMatchObject({ phase: "over", minutes: 0 });
    expect(readClock(clock(), at("2026-11-24T04:05:00Z"))).toMatchObject({ phase: "over", minutes: 65 });
  });

  it("rests outside office hours when it counts working time, and says when it goes on", () => {
    const night = clock({ working: true, calendar_open: false, next_opening: "2026-11-25T00:00:00Z", counted_minutes_left: 90, as_of: "2026-11-24T10:00:00Z" });
    expect(readClock(night, at("2026-11-24T15:00:00Z"))).toMatchObject({ phase: "off", minutes: 90, until: at("2026-11-25T00:00:00Z") });
    expect(readClock(night, at("2026-11-25T00:20:00Z"))).toMatchObject({ phase: "running", minutes: 70 });
  });

  it("does not rest at night when it counts round the clock", () => {
    const night = clock({ calendar_open: false, counted_minutes_left: 90, as_of: "2026-11-24T15:00:00Z" });
    expect(readClock(night, at("2026-11-24T15:10:00Z"))).toMatchObject({ phase: "running", minutes: 80 });
  });

  it("stands still while paused, whatever the time", () => {
    const paused = clock({ paused: true, outcome: "paused", due: null, counted_minutes_left: 40, paused_until: "2026-11-30T00:00:00Z" });
    expect(readClock(paused, at("2026-11-26T00:00:00Z"))).toMatchObject({ phase: "paused", minutes: 40 });
  });

  it("ends as met with the time used, or late with the time over", () => {
    expect(readClock(clock({ outcome: "met", counted_minutes_left: 8 }), at(NINE))).toMatchObject({ phase: "met", minutes: 112 });
    expect(readClock(clock({ outcome: "late", counted_minutes_left: -35 }), at(NINE))).toMatchObject({ phase: "late", minutes: 35 });
  });

  it("shows nothing without a limit or when it is not charged", () => {
    expect(readClock(clock({ limit: null, due: null, counted_minutes_left: null }), at(NINE)).phase).toBe("none");
    expect(readClock(clock({ outcome: "cancelled" }), at(NINE)).phase).toBe("none");
    expect(readClock(null, at(NINE)).phase).toBe("none");
  });

  it("knows what a limit is worth in minutes", () => {
    expect(limitMinutes({ amount: 2, unit: "work_day" })).toBe(960);
    expect(limitMinutes({ amount: 3, unit: "work_hour" })).toBe(180);
    expect(limitMinutes(null)).toBeNull();
  });

  it("says days from two on, hours from one on, else minutes", () => {
    expect(figureOf(960, 480, true)).toEqual({ figure: "2", unit: "days" });
    expect(figureOf(959, 480, true)).toEqual({ figure: "15:59", unit: "hours" });
    expect(figureOf(60, 480, true)).toEqual({ figure: "1:00", unit: "hours" });
    expect(figureOf(59, 480, true)).toEqual({ figure: "59", unit: "minutes" });
  });

  it("lays intervals and pauses on one line; what lies between is off hours, and the sum counts only what counts", () => {
    const laid = layOut([["2026-11-24T01:00:00Z", "2026-11-24T02:00:00Z"], ["2026-11-24T05:00:00Z", "2026-11-24T06:30:00Z"]], [["2026-11-24T02:00:00Z", "2026-11-24T04:00:00Z", "consult"]], at(NINE));
    expect(laid.spans.map((s) => s.why)).toEqual(["counted", "consult", "off", "counted"]);
    expect(laid.countedMinutes).toBe(150);
  });
});
