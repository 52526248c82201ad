"""Django's root addresses. Each screen brings its own list; a screen that is not part of this release is not mounted.

The administration's pages of the tables are known to the stores, its site to the screens: here they meet.
"""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from chengyun.screens.admin.naming import name
from chengyun.screens.admin.site import OPERATIONS, site

for model, pages in admin.site._registry.items():
    if model._meta.app_label in OPERATIONS and not site.is_registered(model):
        name(model)
        site.register(model, type(pages))

urlpatterns: list[URLPattern | URLResolver] = [path("admin/", site.urls)]

if find_spec("chengyun.screens.api") and find_spec("chengyun.screens.api.urls"):
    urlpatterns.append(path("", include("chengyun.screens.api.urls")))

handler404 = "chengyun.screens.api.problems.nowhere"
