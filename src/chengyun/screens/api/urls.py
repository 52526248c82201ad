"""Where the interface hangs."""

from django.urls import path

from chengyun.screens.api.api import api

urlpatterns = [path("api/", api.urls)]
