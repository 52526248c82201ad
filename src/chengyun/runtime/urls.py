"""Django's root addresses. Each screen brings its own list; a screen that is not part of this release is not mounted."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = []

if find_spec("chengyun.screens.api") and find_spec("chengyun.screens.api.urls"):
    urlpatterns.append(path("", include("chengyun.screens.api.urls")))

handler404 = "chengyun.screens.api.problems.nowhere"
