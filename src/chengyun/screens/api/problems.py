"""How the interface says no: a code for machines, a sentence for people, an id for whoever must look it up. Never an internal."""

import logging
import secrets
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError

from chengyun.base.errors import BadInput, ChengyunError, Conflict, NotFound
from chengyun.base.results import Refused
from chengyun.cases.access import Denied
from chengyun.screens.words import Language, has, language_of, say

log = logging.getLogger("chengyun.api")


class Problem(Schema):
    """What every refused or failed request answers."""

    code: str
    message: str
    error_id: str
    reason: str | None = None
    facts: dict[str, Any] = {}
    place: str | None = None
    cure: str | None = None


PROBLEMS: dict[int, type[Problem]] = dict.fromkeys((400, 401, 403, 404, 409, 413, 415, 422, 429, 503), Problem)
"""The statuses any operation may answer with, described alike."""


class Answered(Exception):
    """Ends a request with a problem."""

    def __init__(self, status: int, code: str, reason: str | None = None, facts: Mapping[str, object] | None = None) -> None:
        super().__init__(code)
        self.status, self.code, self.reason, self.facts = status, code, reason, dict(facts or {})


def settle(answer: object) -> None:
    """Pass over what was done; end the request on a refusal of the rules or of the policy."""
    if isinstance(answer, Refused):
        raise Answered(409 if answer.reason == "moved_on" else 422, "refused", answer.reason, answer.facts)
    if isinstance(answer, Denied):
        raise Answered(404, "not_found") if answer.as_absent else Answered(403, "forbidden", answer.reason)


def language(request: HttpRequest) -> Language:
    chosen = getattr(request, "chengyun_language", None) or request.headers.get("X-Language")
    return language_of(request.headers.get("Accept-Language", ""), chosen)


def problem(request: HttpRequest, api: NinjaAPI, status: int, code: str, **more: Any) -> HttpResponse:
    tongue, reason, facts = language(request), more.get("reason"), more.get("facts") or {}
    told = reason and code != "forbidden" and has(f"refused.{reason}", tongue)
    key = f"refused.{reason}" if told else f"problem.{code}"
    sentence = more.pop("message", None) or say(key, tongue, **facts)
    more = {name: _sayable(value) for name, value in more.items()}
    body = {"code": code, "message": sentence, "error_id": secrets.token_hex(6), **{k: v for k, v in more.items() if v}}
    response = api.create_response(request, body, status=status)
    response["Cache-Control"] = "no-store"
    return response


def nowhere(request: HttpRequest, exception: Exception) -> HttpResponse:
    """An address no operation has, `/cases/0.5` for one: answered like any other absence, in words and in JSON."""
    body = {"code": "not_found", "message": say("problem.not_found", language(request)), "error_id": secrets.token_hex(6)}
    return JsonResponse(body, status=404, headers={"Cache-Control": "no-store"})


def install(api: NinjaAPI) -> None:
    """One handler per kind of fault, sorted by who must act."""

    @api.exception_handler(Answered)
    def answered(request: HttpRequest, fault: Answered) -> HttpResponse:
        return problem(request, api, fault.status, fault.code, reason=fault.reason, facts=_json(fault.facts))

    @api.exception_handler(BadInput)
    def bad_input(request: HttpRequest, fault: BadInput) -> HttpResponse:
        facts = _json({key: value for key, value in fault.facts.items() if key not in ("place", "cure")})
        return problem(request, api, 422, fault.code, facts=facts, place=fault.place or None, cure=fault.cure or None)

    @api.exception_handler(NotFound)
    def not_found(request: HttpRequest, fault: NotFound) -> HttpResponse:
        return problem(request, api, 404, "not_found")

    @api.exception_handler(Conflict)
    def conflict(request: HttpRequest, fault: Conflict) -> HttpResponse:
        return problem(request, api, 409, "conflict")

    @api.exception_handler(ChengyunError)
    def other(request: HttpRequest, fault: ChengyunError) -> HttpResponse:
        return problem(request, api, 503, fault.code)

    @api.exception_handler(AuthenticationError)
    def unknown(request: HttpRequest, fault: AuthenticationError) -> HttpResponse:
        return problem(request, api, 401, "sign_in_first")

    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, fault: ValidationError) -> HttpResponse:
        first = fault.errors[0] if fault.errors else {}
        place = ".".join(str(part) for part in first.get("loc", ()))
        return problem(request, api, 422, "bad_input", place=place, facts={"wanted": str(first.get("msg", ""))[:200]})

    @api.exception_handler(HttpError)
    def http(request: HttpRequest, fault: HttpError) -> HttpResponse:
        return problem(request, api, fault.status_code, "bad_request" if fault.status_code < 500 else "internal")

    @api.exception_handler(Exception)
    def ours(request: HttpRequest, fault: Exception) -> HttpResponse:
        error_id = secrets.token_hex(6)
        log.error("error %s at %s %s", error_id, request.method, request.path, exc_info=fault)
        body = {"code": "internal", "message": say("problem.internal", language(request)), "error_id": error_id}
        return api.create_response(request, body, status=500)


def _sayable(value: Any) -> Any:
    """What a caller sent comes back in answers only as text that can be written: half a surrogate pair cannot."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, Mapping):
        return {_sayable(key): _sayable(each) for key, each in value.items()}
    return [_sayable(each) for each in value] if isinstance(value, list | tuple) else value


def _json(facts: Mapping[str, object]) -> dict[str, Any]:
    """Facts as plain JSON values."""
    return {key: value if isinstance(value, bool | int | float | str | list | dict | None) else str(value) for key, value in facts.items()}
