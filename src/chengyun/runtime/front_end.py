"""The built front end as files. Names with a digest in them never change; the page itself is asked for again each time."""

import mimetypes
from dataclasses import dataclass, field
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.types import Scope

UNCHANGING = "public, max-age=31536000, immutable"
ASKED_AGAIN = "no-cache"
TYPES = {
    ".webmanifest": "application/manifest+json",
    ".js": "text/javascript",
    ".geojson": "application/geo+json",
    ".mvt": "application/vnd.mapbox-vector-tile",
}

MISSING_PAGE = """<!doctype html><html lang="zh"><meta charset="utf-8"><title>城运 Chengyun</title>
<p>页面尚未构建。请运行 ./run demo。</p><p lang="en">The pages are not built yet. Run ./run demo.</p></html>"""


@dataclass
class FrontEnd:
    folder: Path
    files: dict[str, Path] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Known files are listed once, so no address can climb out of the folder."""
        if self.folder.is_dir():
            self.files = {p.relative_to(self.folder).as_posix(): p for p in self.folder.rglob("*") if p.is_file() and p.suffix != ".gz"}

    def find(self, scope: Scope) -> Response | None:
        """A file, or the page for an address of the application; None for a file that does not exist."""
        name = scope["path"].lstrip("/")
        path = self.files.get(name)
        if path is None:
            if "." in name.rpartition("/")[2]:
                return None
            path = self.files.get("index.html")
            if path is None:
                return Response(MISSING_PAGE, 503, media_type="text/html", headers={"Cache-Control": "no-store"})
        return self._send(path, Headers(scope=scope))

    def _send(self, path: Path, headers: Headers) -> Response:
        inside = path.relative_to(self.folder).as_posix()
        extra = {"Cache-Control": UNCHANGING if inside.startswith("assets/") else ASKED_AGAIN, "Vary": "Accept-Encoding"}
        packed = path.with_name(path.name + ".gz")
        if "gzip" in headers.get("accept-encoding", "") and "range" not in headers and packed.exists():
            extra["Content-Encoding"] = "gzip"
            return _file_or_unchanged(packed, _type(path), extra, headers)
        return _file_or_unchanged(path, _type(path), extra, headers)


def _file_or_unchanged(path: Path, media_type: str | None, extra: dict[str, str], headers: Headers) -> Response:
    """The file, or 304 for a browser that already has it."""
    about = path.stat()
    etag = f'"{about.st_mtime_ns:x}-{about.st_size:x}"'
    if etag in headers.get("if-none-match", ""):
        return Response(status_code=304, headers=extra | {"ETag": etag})
    return FileResponse(path, media_type=media_type, headers=extra | {"ETag": etag}, stat_result=about)


def _type(path: Path) -> str | None:
    """The types Python's own table lacks or guesses by machine."""
    return TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
