"""All settings. Every value comes from the environment, is checked here, and an unknown one stops the start.

`docs/settings.md` lists the variables. Tuning of the product (cool-downs, caps, dwell) is data in the database,
not a setting.
"""

import ipaddress
import re
from datetime import timedelta
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static

from geooffers import environment
from geooffers.environment import bounded, env, keep_for

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

environment.refuse_unknown_variables()

SANDBOX: bool = env.bool("GEOOFFERS_SANDBOX", default=False)
DEBUG: bool = env.bool("GEOOFFERS_DEBUG", default=False)

# --- secrets -------------------------------------------------------------------------------------------------
_SANDBOX_KEY = "sandbox-only-and-public-0123456789abcdef0123456789abcdef"
secret = partial(environment.secret, sandbox=SANDBOX)
SECRET_KEY = secret("GEOOFFERS_SECRET_KEY", _SANDBOX_KEY)
# Older ones: what they signed (sessions, links in mails, list cursors) is still believed.
SECRET_KEY_FALLBACKS: list[str] = [
    key.strip() for key in env.str("GEOOFFERS_SECRET_KEY_FALLBACKS", default="").split(",") if key.strip()
]
# "id:hex,id:hex"; the first makes new codes, all of them read old ones. 32 bytes each.
CODE_KEYS = secret("GEOOFFERS_CODE_KEYS", "s1:" + "5a" * 32)
# In the same form; the first seals what is stored of codes and of where phones are, all of them open it.
DATA_KEYS = secret("GEOOFFERS_DATA_KEYS", "s1:" + "3c" * 32)

# --- where it runs -------------------------------------------------------------------------------------------
ALLOWED_HOSTS: list[str] = env.list(
    "GEOOFFERS_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", "testserver"] if SANDBOX else []
)
if not ALLOWED_HOSTS and not SANDBOX:
    raise ImproperlyConfigured("GEOOFFERS_ALLOWED_HOSTS is not set: every request would be refused")
CSRF_TRUSTED_ORIGINS: list[str] = env.list("GEOOFFERS_CSRF_TRUSTED_ORIGINS", default=[])
# Where the world finds this service. Without it nothing is said that somebody else would have to fetch from here.
PUBLIC_URL: str = env.str("GEOOFFERS_PUBLIC_URL", default="").rstrip("/")
if PUBLIC_URL and not re.fullmatch(r"https://[A-Za-z0-9.-]+(:[0-9]+)?", PUBLIC_URL):
    raise ImproperlyConfigured(
        f"GEOOFFERS_PUBLIC_URL is {PUBLIC_URL}; it is https:// and a host: https://offers.example"
    )
# Networks whose X-Forwarded-For is believed, e.g. "10.0.0.0/8". Without it the peer's own address counts.
TRUSTED_PROXIES = [ipaddress.ip_network(net) for net in env.list("GEOOFFERS_TRUSTED_PROXIES", default=[])]

ROOT_URLCONF = "geooffers.urls"
WSGI_APPLICATION = "geooffers.wsgi.application"

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "merchants.admin_app.MerchantsAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "ninja",
    "geooffers.events",
    "geooffers.operators.break_glass",
    "geooffers.ledger",
    "geooffers.shoppers",
    "merchants",
    "notifications",
    "geooffers.visits",
    "geooffers.coupons",
    "geooffers.redemptions",
    "geooffers.decisions",
    "geooffers.callers",
    "geooffers.api",
    "geooffers.pages",
    "geooffers.worker",
]

MIDDLEWARE = [
    "geooffers.api.edge.middleware.Manners",
    "geooffers.api.edge.health.Health",
    "geooffers.monitoring.answering.Metrics",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "geooffers.pages.password_tries.PasswordTries",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "merchants.admin_reader.ReaderMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "geooffers.pages.policy.AdminPolicy",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "OPTIONS": {
            "loaders": [("django.template.loaders.cached.Loader", ["merchants.theme_templates.Loader"])],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- database ------------------------------------------------------------------------------------------------
_default_database = f"sqlite:///{VAR_DIR / 'geooffers.sqlite3'}"
_database = env.db_url("DATABASE_URL", default=_default_database)
if _database["ENGINE"] == "django.db.backends.sqlite3":
    Path(_database["NAME"]).parent.mkdir(parents=True, exist_ok=True)
    VAR_DIR.mkdir(exist_ok=True)
    _database["OPTIONS"] = {
        # Deferred transactions that read first fail with "locked" the moment a second writer is there.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # What is deleted is overwritten: else an erased person's rows stay readable in the file's free pages.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;",
    }
    # A worker has one thread and keeps its connection: opening the file anew costs more than most requests.
    _database["CONN_MAX_AGE"] = None
    # A file, not memory: races between threads and processes are tested on what is served.
    _database["TEST"] = {"NAME": VAR_DIR / "test.sqlite3"}
else:
    # Beside what the URL asks for (`?sslmode=verify-full`), which must not get lost.
    _database.setdefault("OPTIONS", {})
    if pool := bounded("GEOOFFERS_DATABASE_POOL", default=6, least=0, most=1_000):
        _database["OPTIONS"]["pool"] = {"min_size": 1, "max_size": pool}
DATABASES = {"default": _database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL: str = env.str("REDIS_URL", default="")

# --- people who sign in --------------------------------------------------------------------------------------
AUTH_USER_MODEL = "merchants.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"  # unfold's form loses where it was to lead
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL: str = env.str("GEOOFFERS_FROM_EMAIL", default="geooffers@localhost")

# --- language and time ---------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
USE_I18N = True
FORMAT_MODULE_PATH = "geooffers.formats"
USE_TZ = True
TIME_ZONE = "UTC"

# --- files ---------------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = Path(env.str("GEOOFFERS_STATIC_ROOT", default=str(VAR_DIR / "static")))

# Many fences are kept here as arrays that the processes of a machine share (merchants.live_fences.snapshots).
FENCE_BASES_DIR = Path(env.str("GEOOFFERS_FENCE_BASES_DIR", default=str(VAR_DIR / "fences")))
# Leaflet and Leaflet.draw come out of django-leaflet's folder. As an installed app it would want GDAL.
_leaflet = next(iter(find_spec("leaflet").submodule_search_locations or []))  # type: ignore[union-attr]  # it is required
STATICFILES_DIRS = [("leaflet", Path(_leaflet) / "static" / "leaflet")]
# The sandbox serves static files where the packages keep them; production collects, hashes and compresses them.
WHITENOISE_USE_FINDERS = SANDBOX
if not SANDBOX:
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }

# --- HTTP ----------------------------------------------------------------------------------------------------
HTTPS: bool = env.bool("GEOOFFERS_HTTPS", default=not SANDBOX)
SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_AGE = 12 * 3600
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Where map tiles come from, e.g. https://tile.example/{z}/{x}/{y}.png; without it maps have a plain background.
MAP_TILES: str = env.str("GEOOFFERS_MAP_TILES", default="")
MAP_ATTRIBUTION: str = env.str("GEOOFFERS_MAP_ATTRIBUTION", default="")
_tile_host = "/".join(MAP_TILES.replace("{s}", "*").split("/")[:3])
# geooffers/pages/policy.py says what the admin gets beside this.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:", *([_tile_host] if _tile_host else [])],
        "font-src": [SELF],
        "connect-src": [SELF],
        "media-src": [SELF, "blob:"],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576

# --- Firebase ------------------------------------------------------------------------------------------------
GOOGLE_APPLICATION_CREDENTIALS: str = env.str("GOOGLE_APPLICATION_CREDENTIALS", default="")
FIREBASE_PROJECT: str = env.str("GEOOFFERS_FIREBASE_PROJECT", default="geooffers-sandbox" if SANDBOX else "")
# Whether apps have to vouch for themselves by Firebase App Check: off, score (who does not is pushed less), require.
APP_CHECK: str = env.str("GEOOFFERS_APP_CHECK", default="off")
if APP_CHECK not in ("off", "score", "require"):
    raise ImproperlyConfigured(f"GEOOFFERS_APP_CHECK is {APP_CHECK}; it is off, score or require")
if APP_CHECK != "off" and not FIREBASE_PROJECT:
    raise ImproperlyConfigured("GEOOFFERS_APP_CHECK needs GEOOFFERS_FIREBASE_PROJECT: tokens are checked for a project")
# The Android app whose phones show Google Play's verdict; without it they are not asked. docs/identity.md.
PLAY_INTEGRITY_PACKAGE: str = env.str("GEOOFFERS_PLAY_INTEGRITY_PACKAGE", default="")
if PLAY_INTEGRITY_PACKAGE and not re.fullmatch(r"[A-Za-z]\w*(\.[A-Za-z]\w*)+", PLAY_INTEGRITY_PACKAGE, re.ASCII):
    raise ImproperlyConfigured("GEOOFFERS_PLAY_INTEGRITY_PACKAGE is not the name of an Android package")
PLAY_INTEGRITY_CREDENTIALS: str = env.str(
    "GEOOFFERS_PLAY_INTEGRITY_CREDENTIALS", default=GOOGLE_APPLICATION_CREDENTIALS
)
# Where the sandbox listens (`manage.py runsandbox`); firebase-admin is pointed there instead of at Google.
SANDBOX_URL: str = env.str("GEOOFFERS_SANDBOX_URL", default="http://127.0.0.1:8085") if SANDBOX else ""
SANDBOX_DIR = VAR_DIR / "sandbox"
if not SANDBOX and not GOOGLE_APPLICATION_CREDENTIALS:
    raise ImproperlyConfigured(
        "GOOGLE_APPLICATION_CREDENTIALS is not set: pushes could not be sent. "
        "Give a Firebase service account file, or set GEOOFFERS_SANDBOX=1 to use the local look-alike."
    )
if env.str("FIREBASE_AUTH_EMULATOR_HOST", default=""):
    raise ImproperlyConfigured("FIREBASE_AUTH_EMULATOR_HOST is set: forged ID tokens would pass. Unset it.")

# --- wallets -------------------------------------------------------------------------------------------------
# Optional: without them nothing but the wallet passes is missing. What is wrong with a file is said when a pass is
# asked for (and by `check --deploy`), so that a certificate that expires stops passes and nothing else.
APPLE_PASS_CERTIFICATE: str = env.str("GEOOFFERS_APPLE_PASS_CERTIFICATE", default="")
APPLE_PASS_KEY: str = env.str("GEOOFFERS_APPLE_PASS_KEY", default="")
APPLE_PASS_WWDR: str = env.str("GEOOFFERS_APPLE_PASS_WWDR", default="")
APPLE_PASS_TYPE_ID: str = env.str("GEOOFFERS_APPLE_PASS_TYPE_ID", default="")
APPLE_PASS_TEAM_ID: str = env.str("GEOOFFERS_APPLE_PASS_TEAM_ID", default="")
GOOGLE_WALLET_ISSUER: str = env.str("GEOOFFERS_GOOGLE_WALLET_ISSUER", default="")
GOOGLE_WALLET_CREDENTIALS: str = env.str("GEOOFFERS_GOOGLE_WALLET_CREDENTIALS", default=GOOGLE_APPLICATION_CREDENTIALS)

# --- what phones are told to do next: docs/fence-sync.md ------------------------------------------------------
PHONE_MAX_REGIONS = bounded("GEOOFFERS_PHONE_MAX_REGIONS", default=99, least=0, most=99)  # 0: phones watch nothing
PHONE_MIN_RADIUS_M = bounded("GEOOFFERS_PHONE_MIN_RADIUS_M", default=100, least=50, most=500)
PHONE_MAX_DISTANCE_M = bounded("GEOOFFERS_PHONE_MAX_DISTANCE_M", default=100_000, least=10_000, most=1_000_000)
PHONE_TRIGGER_RADIUS_M = bounded("GEOOFFERS_PHONE_TRIGGER_RADIUS_M", default=1_000, least=100, most=5_000)
# How far beyond a region's rim a phone is when its system says that it has left.
PHONE_TRIGGER_LATE_M = bounded("GEOOFFERS_PHONE_TRIGGER_LATE_M", default=100, least=0, most=1_000)
PHONE_REFETCH_M = bounded("GEOOFFERS_PHONE_REFETCH_M", default=5_000, least=1_000, most=50_000)
PHONE_FRESH_FOR_S = bounded("GEOOFFERS_PHONE_FRESH_FOR_S", default=86_400, least=60, most=604_800)
PHONE_DUPLICATE_WINDOW_S = bounded("GEOOFFERS_PHONE_DUPLICATE_WINDOW_S", default=3_600, least=60, most=86_400)
PHONE_MOVE_LEAST_M = bounded("GEOOFFERS_PHONE_MOVE_LEAST_M", default=25, least=10, most=500)
PHONE_MOVE_MOST_M = bounded("GEOOFFERS_PHONE_MOVE_MOST_M", default=5_000, least=500, most=50_000)
PHONE_SOON_S = bounded("GEOOFFERS_PHONE_SOON_S", default=30, least=5, most=300)

# --- what the law asks for, by place -------------------------------------------------------------------------
# A file that tightens geooffers/jurisdictions/rules.toml; docs/jurisdictions.md has its form.
_jurisdictions: str = env.str("GEOOFFERS_JURISDICTIONS", default="")
JURISDICTIONS_FILE: Path | None = Path(_jurisdictions) if _jurisdictions else None


# --- how long things are kept (the forgetting is a task; docs/privacy.md tells what each table holds) ---------
STALE_AFTER = timedelta(minutes=60)  # a phone that is silent for so long is no longer in a visit
KEEP_VISITS = keep_for("VISITS", days=30, most=90)  # then visits and decisions lose their shopper
KEEP_MESSAGES = keep_for("MESSAGES", days=14, most=30)
KEEP_EVENTS = keep_for("EVENTS", days=30, most=90)  # one of a visit loses its shopper with the visit
KEEP_REPLIES = keep_for("REPLIES", days=30, most=90)
KEEP_REDEMPTIONS = keep_for("REDEMPTIONS", days=7 * 365, most=10 * 365)
KEEP_REFUSED_SCANS = keep_for("REFUSED_SCANS", days=7 * 365, most=10 * 365)
KEEP_RECEIPTS = keep_for(
    "RECEIPTS", days=7 * 365, most=10 * 365
)  # of erased shoppers; until then as long as the shopper is here
KEEP_AUDIT = keep_for("AUDIT", days=7 * 365, most=10 * 365)  # what was forgotten, exported and erased: counts, no names

# --- erasure -------------------------------------------------------------------------------------------------
# Where erasures are written down outside the database, so that a restored backup can be made to forget again.
_beside_database = (
    f"{_database['NAME']}.tombstones" if _database["ENGINE"].endswith("sqlite3") else VAR_DIR / "tombstones"
)
_tombstones: str = env.str("GEOOFFERS_TOMBSTONES", default=str(_beside_database) if SANDBOX else "")
TOMBSTONES = Path(_tombstones)
if not _tombstones:
    raise ImproperlyConfigured(
        "GEOOFFERS_TOMBSTONES is not set: name a file that is not restored together with the database"
    )
# "id:hex,id:hex"; the first writes, all of them read. Without the key of a line nobody can tell whom it is about.
TOMBSTONE_KEYS = secret("GEOOFFERS_TOMBSTONE_KEYS", "s1:" + "7b" * 32)
# Longer than the oldest backup that anybody might restore.
KEEP_TOMBSTONES = keep_for("TOMBSTONES", days=3 * 365, most=10 * 365, fewest=35)
ERASED_TOKENS_KNOWN_FOR = timedelta(days=35)  # so long a phone that asks again gets the same answer
ERASE_WITHIN = timedelta(hours=24)

# --- monitoring ----------------------------------------------------------------------------------------------
# What Prometheus sends as its bearer token to ask for /metrics. Without it nobody is answered.
METRICS_TOKEN: str = env.str("GEOOFFERS_METRICS_TOKEN", default="").strip()
if METRICS_TOKEN and not re.fullmatch(r"[!-~]{32,}", METRICS_TOKEN):
    raise ImproperlyConfigured(
        "GEOOFFERS_METRICS_TOKEN is shorter than 32 characters, or holds others than a header may"
    )

# --- logs: the path without the query, never a position ------------------------------------------------------
LOG_FORMAT: str = env.str("GEOOFFERS_LOG_FORMAT", default="line")
if LOG_FORMAT not in ("line", "json"):
    raise ImproperlyConfigured(f"GEOOFFERS_LOG_FORMAT is {LOG_FORMAT}; it is line or json")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "geooffers.log_lines.formatter", "style": LOG_FORMAT}},
    "filters": {"without_query": {"()": "geooffers.log_lines.WithoutQuery"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.str("GEOOFFERS_LOG_LEVEL", default="INFO")},
    "loggers": {
        "django.request": {"level": "ERROR"},
        # The development server's; Granian's line has no query (manage.py runweb).
        "django.server": {"handlers": ["stderr"], "propagate": False, "filters": ["without_query"]},
        "httpx": {"level": "WARNING"},
        # At DEBUG it writes down all that a page was given, for each variable that a template asks for in vain.
        "django.template": {"level": "INFO"},
    },
}

UNFOLD = {
    "SITE_TITLE": "Geooffers",
    "SITE_HEADER": "Geooffers",
    "SITE_SUBHEADER": "Offers where shoppers are",
    "SITE_SYMBOL": "location_on",
    "SITE_URL": None,  # there is no other site to return to
    "SHOW_VIEW_ON_SITE": False,
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("pages/icon.svg")},
    ],
    # The blue of design.css and its neighbours; 500 is what the theme writes with on a dark ground.
    "COLORS": {
        "primary": {
            "50": "#eff4fe",
            "100": "#e0e9fd",
            "200": "#c5d5fb",
            "300": "#a0baf8",
            "400": "#93b4ff",
            "500": "#86abff",
            "600": "#2456d6",
            "700": "#1d46b1",
            "800": "#1b3b8d",
            "900": "#1a3470",
            "950": "#112046",
        }
    },
}
