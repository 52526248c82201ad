"""Reasons not to start. A refusal names what was found, and the cure; the command line prints both and exits with 78."""

from chengyun.base.errors import ChengyunError

EXIT_CODE = 78
"""EX_CONFIG of sysexits.h: something was found in an unconfigured or misconfigured state."""


class StartRefused(ChengyunError):
    """The operator of this installation must act before it can start."""

    def __init__(self, code: str, message: str, *, cure: str, **facts: object) -> None:
        super().__init__(message, cure=cure, **facts)
        self.code, self.cure = code, cure

    def __str__(self) -> str:
        return f"{super().__str__()}\n  cure: {self.cure}"
