import { effectScope } from "vue";
import { describe, expect, it, vi } from "vitest";
import { printed, useKeys } from "../../src/kit/keyboard";
import { press } from "../harness";

function bound(code: string, more: object = {}): { run: ReturnType<typeof vi.fn>; stop: () => void } {
  const run = vi.fn();
  const scope = effectScope();
  scope.run(() => useKeys([{ code, label: "", run, ...more }]));
  return { run, stop: () => scope.stop() };
}

describe("keys of the desk", () => {
  it("answer to the place of the key, so an input method does not matter", () => {
    const { run, stop } = bound("KeyA");
    press("KeyA", { key: "啊" });
    expect(run).toHaveBeenCalledTimes(1);
    stop();
  });

  it("are silent while somebody composes or types", () => {
    const { run, stop } = bound("KeyA");
    press("KeyA", { isComposing: true });
    const input = document.body.appendChild(document.createElement("input"));
    input.dispatchEvent(new KeyboardEvent("keydown", { code: "KeyA", bubbles: true }));
    expect(run).not.toHaveBeenCalled();
    input.remove();
    stop();
  });

  it("give the keys of a dialog before those of the page, and give them back", () => {
    const page = bound("Escape");
    const dialog = bound("Escape");
    press("Escape");
    expect([page.run.mock.calls.length, dialog.run.mock.calls.length]).toEqual([0, 1]);
    dialog.stop();
    press("Escape");
    expect(page.run).toHaveBeenCalledTimes(1);
    page.stop();
  });

  it("know two strokes and modifiers, and print as on a key", () => {
    const { run, stop } = bound("KeyG KeyW");
    press("KeyG");
    press("KeyW");
    expect(run).toHaveBeenCalledTimes(1);
    stop();
    const shifted = bound("KeyC");
    press("KeyC", { shiftKey: true });
    expect(shifted.run).not.toHaveBeenCalled();
    shifted.stop();
    expect(printed("Shift+KeyC")).toBe("Shift C");
    expect(printed("Shift+Slash")).toBe("?");
  });
});
