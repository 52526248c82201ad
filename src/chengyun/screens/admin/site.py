"""The administration site: the application's own session, the one policy function, one tenant, the reader's language.

Who is not signed in is sent to the application's page; there is no second way to sign in. Every page is asked of `cases.access`
before it is made, and is made inside one transaction of the reader's tenant, so that a change and its audit entry stand or fall together.
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, include, path
from django.utils import translation

from chengyun.cases import access
from chengyun.cases.access import Allowed, Target
from chengyun.screens import house
from chengyun.screens.admin.naming import word
from chengyun.screens.api.asking import Asking, Session
from chengyun.stores.tenancy import in_tenant

OPERATIONS: Mapping[str, str] = {"city": "admin.reference", "base": "admin.accounts", "cases": "admin.cases"}
"""Part of the administration -> what is asked of the policy."""
OPEN = "admin.open"
TONGUES = {"zh": "zh-hans", "en": "en"}


@dataclass(frozen=True)
class Administrator:
    """The reader as Django's pages want their user. What he may is the policy's answer, part by part."""

    ask: Asking
    name: str

    is_active = is_staff = is_authenticated = True
    is_anonymous = False

    @property
    def pk(self) -> int | None:
        return self.ask.account

    @property
    def person(self) -> int | None:
        return self.ask.person

    def get_username(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name

    def has_usable_password(self) -> bool:
        return False

    def may(self, operation: str) -> bool:
        return isinstance(access.may(self.ask.reader, operation, Target(self.ask.tenant)), Allowed)

    def has_perm(self, permission: str, obj: object = None) -> bool:
        return self.has_module_perms(permission.partition(".")[0])

    def has_module_perms(self, app_label: str) -> bool:
        return app_label in OPERATIONS and self.may(OPERATIONS[app_label])


class CitySite(AdminSite):
    site_title = site_header = word("admin.title")
    index_title = word("admin.index")
    site_url = "/"
    empty_value_display = "—"
    enable_nav_sidebar = False
    final_catch_all_view = False

    def has_permission(self, request: HttpRequest) -> bool:
        return isinstance(request.user, Administrator) and request.user.may(OPEN)

    def admin_view(self, view: Callable[..., HttpResponse], cacheable: bool = False) -> Callable[..., HttpResponse]:
        guarded = super().admin_view(view, cacheable)

        @functools.wraps(view)
        def page(request: HttpRequest, *rest: Any, **more: Any) -> HttpResponse:
            ask = Session(csrf=False)(request)
            if ask is None:
                return HttpResponseRedirect(self.site_url)
            card = house.current().book.person(ask.tenant, ask.person) if ask.person is not None else None
            request.user = administrator = Administrator(ask, card.name if card else "")  # type: ignore[assignment]
            with translation.override(TONGUES[ask.language]):
                if not administrator.may(OPEN) or not administrator.may(_operation(request)):
                    return self._refused(request)
                try:
                    with in_tenant(ask.tenant):
                        answer = guarded(request, *rest, **more)
                        if isinstance(answer, TemplateResponse):
                            answer.render()  # rows are read while the page is written
                except PermissionDenied:
                    return self._refused(request)
                if request.method == "POST":
                    house.current().book.forget(ask.tenant)
            answer["Cache-Control"] = "no-store"
            return answer

        return page

    def _refused(self, request: HttpRequest) -> HttpResponse:
        more = {"title": word("admin.refused"), "why": word("admin.not_yours"), "site_back": word("admin.back")}
        more |= {"site_title": self.site_title, "site_header": self.site_header}
        return TemplateResponse(request, "admin/refused.html", more, status=403).render()

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return super().each_context(request) | {"site_back": word("admin.back")}

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """The index, the parts and their tables; none of Django's own doors for signing in and passwords."""
        found: list[URLPattern | URLResolver] = [
            path("", self.admin_view(self.index), name="index"),
            path("jsi18n/", self.admin_view(self.i18n_javascript, cacheable=True), name="jsi18n"),
        ]
        for label in dict.fromkeys(model._meta.app_label for model in self._registry):
            found.append(path(f"{label}/", self.admin_view(self.app_index), {"app_label": label}, name="app_list"))
        for model, pages in self._registry.items():
            found.append(path(f"{model._meta.app_label}/{model._meta.model_name}/", include(pages.urls)))
        return found


def _operation(request: HttpRequest) -> str:
    """What the policy is asked for this address."""
    route = request.resolver_match.route if request.resolver_match else ""
    return OPERATIONS.get(route.removeprefix("admin/").partition("/")[0], OPEN)


site = CitySite(name="admin")
