"""Headers of every response, error pages, files and streams included. What an answer set itself is kept: a file may be stricter.

Scripts come from this host alone, none stand in pages and none are made from text. Styles may stand in `style=` attributes, which the
front end's frameworks write; the map's workers are made from blobs.
"""

import os

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "style-src-elem 'self' 'unsafe-inline'",
        "style-src-attr 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
"""`style-src-elem` allows inline: the component library and the chart write <style> elements at run time. No script can."""

HEADERS = {
    "Content-Security-Policy": CONTENT,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=(self), payment=(), usb=(), interest-cohort=()",
}
A_YEAR = "max-age=31536000"


class SecurityHeaders:
    """The outermost wrapper of the application."""

    def __init__(self, application: ASGIApp) -> None:
        self.application = application
        self.encrypted = os.environ.get("CHENGYUN_TLS") == "1"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if self.encrypted:
                    headers.setdefault("Strict-Transport-Security", A_YEAR)
            await send(message)

        await self.application(scope, receive, with_headers)
