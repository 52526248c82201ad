"""Every reason a file, an upload or a call can be refused for stands on its reference page."""

from pathlib import Path

from chengyun.sources import attachments, outbound
from chengyun.stores import blobs


def test_every_reason_has_its_line():
    page = (Path(__file__).parents[3] / "docs/reference/attachments.md").read_text(encoding="utf-8")
    missing = [reason for reason in (*attachments.REASONS, *outbound.REASONS, *blobs.REASONS) if f"`{reason}`" not in page]
    assert not missing
