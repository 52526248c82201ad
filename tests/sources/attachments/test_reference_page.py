"""Every reason a file, an upload or a call can be refused for stands on its reference page and has words in both languages."""

from pathlib import Path

from chengyun.screens import words
from chengyun.sources import attachments, outbound
from chengyun.stores import blobs

REASONS = (*attachments.REASONS, *outbound.REASONS, *blobs.REASONS)


def test_every_reason_has_its_line():
    page = (Path(__file__).parents[3] / "docs/reference/attachments.md").read_text(encoding="utf-8")
    missing = [reason for reason in REASONS if f"`{reason}`" not in page]
    assert not missing


def test_every_reason_has_words():
    assert not [(reason, tongue) for reason in REASONS for tongue in ("zh", "en") if not words.has(f"refused.{reason}", tongue)]
    assert not [code for code in (blobs.StorageFull.code, blobs.FileChanged.code) if not words.has(f"problem.{code}", "zh")]
