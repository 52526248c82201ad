"""`/django-static/...`: scripts, styles and pictures of the administration pages, out of the installed package and of ours."""

import mimetypes
from pathlib import Path

from django.contrib import admin
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

FOLDERS = (Path(admin.__file__).parent / "static", Path(__file__).parent / "static")
FILES = {path.relative_to(folder).as_posix(): path for folder in FOLDERS for path in folder.rglob("*") if path.is_file()}
"""Listed once, so that no address can climb out of the folders."""


async def answer(request: Request) -> Response:
    path = FILES.get(request.path_params["name"])
    if path is None:
        return Response(status_code=404)
    about = path.stat()
    headers = {"Cache-Control": "no-cache", "ETag": f'"{about.st_mtime_ns:x}-{about.st_size:x}"'}
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return FileResponse(path, media_type=mimetypes.guess_type(path.name)[0], headers=headers)


ROUTES = [Route("/django-static/{name:path}", answer, methods=["GET"])]
