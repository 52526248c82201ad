"""Django's settings, read from the installation. Processes are told by environment which one that is.

Without a data folder (making migrations, reading help) the settings load, but no database answers.
"""

import os
import secrets as _random
from pathlib import Path

from chengyun import screens, stores
from chengyun.runtime.installation import Installation, read_installation
from chengyun.runtime.refusals import StartRefused

_here: Installation | None = read_installation() if os.environ.get("CHENGYUN_DATA") else None

SECRET_KEY = _here.secret_key if _here else _random.token_urlsafe(36)
DEBUG = False
ALLOWED_HOSTS = list(_here.hosts) if _here and _here.hosts else ["localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = list(_here.origins) if _here else []


def _databases() -> dict[str, dict[str, object]]:
    """`default` logs in as chengyun_app. `owner` exists only in processes that migrate."""
    if _here is None:
        return {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "none", "HOST": "/nonexistent"}}
    try:
        found = {"default": _here.app().for_django()}
    except StartRefused:
        return {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "none", "HOST": "/nonexistent"}}
    if os.environ.get("CHENGYUN_MIGRATES") == "1":
        found["owner"] = _here.owner().for_django()
    return found


DATABASES = _databases()


def _stage_apps() -> list[str]:
    """One Django app per stage: every folder of `stores/writing` with an `apps.py`."""
    root = Path(stores.__path__[0]) / "writing"
    return [f"chengyun.stores.writing.{folder.parent.name}" for folder in sorted(root.glob("*/apps.py"))]


INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    *_stage_apps(),
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "chengyun.runtime.urls"
WSGI_APPLICATION = None
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(screens.__path__[0]) / "admin" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

AUTH_USER_MODEL = "base.Account"
AUTHENTICATION_BACKENDS = ["chengyun.stores.accounts.AccountBackend"]
SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # account names are unique within a tenant; the backend above knows

PASSWORD_HASHERS = [
    # Memory-hard, in Python's own library; a third of the CPU of the iterated default for a sign-in.
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "/django-static/"
DATA = _here.data if _here else None

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = os.environ.get("CHENGYUN_TLS") == "1"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {"django.request": {"level": "ERROR"}, "django.server": {"level": "WARNING"}},
}
