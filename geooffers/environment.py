"""What the environment says, read and checked for `geooffers.settings`, and for nobody else.

A value that is out of its limits, missing or misspelt stops the start, with a sentence for the operator.
"""

from datetime import timedelta

import environ
from django.core.exceptions import ImproperlyConfigured

# Secrets may also come from a file: GEOOFFERS_SECRET_KEY_FILE=/run/secrets/key
env = environ.FileAwareEnv()

KNOWN_VARIABLES = {
    "GEOOFFERS_SANDBOX",
    "GEOOFFERS_SECRET_KEY",
    "GEOOFFERS_SECRET_KEY_FILE",
    "GEOOFFERS_SECRET_KEY_FALLBACKS",
    "GEOOFFERS_SECRET_KEY_FALLBACKS_FILE",
    "GEOOFFERS_CODE_KEYS",
    "GEOOFFERS_CODE_KEYS_FILE",
    "GEOOFFERS_DATA_KEYS",
    "GEOOFFERS_DATA_KEYS_FILE",
    "GEOOFFERS_ALLOWED_HOSTS",
    "GEOOFFERS_CSRF_TRUSTED_ORIGINS",
    "GEOOFFERS_PUBLIC_URL",
    "GEOOFFERS_TRUSTED_PROXIES",
    "GEOOFFERS_DEBUG",
    "GEOOFFERS_HTTPS",
    "GEOOFFERS_METRICS_TOKEN",
    "GEOOFFERS_METRICS_TOKEN_FILE",
    "GEOOFFERS_LOG_LEVEL",
    "GEOOFFERS_LOG_FORMAT",
    "GEOOFFERS_FROM_EMAIL",
    "GEOOFFERS_FIREBASE_PROJECT",
    "GEOOFFERS_APP_CHECK",
    "GEOOFFERS_PLAY_INTEGRITY_PACKAGE",
    "GEOOFFERS_PLAY_INTEGRITY_CREDENTIALS",
    "GEOOFFERS_SANDBOX_URL",
    "GEOOFFERS_MAP_ATTRIBUTION",
    "GEOOFFERS_MAP_TILES",
    "GEOOFFERS_APPLE_PASS_CERTIFICATE",
    "GEOOFFERS_APPLE_PASS_KEY",
    "GEOOFFERS_APPLE_PASS_WWDR",
    "GEOOFFERS_APPLE_PASS_TYPE_ID",
    "GEOOFFERS_APPLE_PASS_TEAM_ID",
    "GEOOFFERS_GOOGLE_WALLET_ISSUER",
    "GEOOFFERS_GOOGLE_WALLET_CREDENTIALS",
    "GEOOFFERS_STATIC_ROOT",
    "GEOOFFERS_FENCE_BASES_DIR",
    "GEOOFFERS_DATABASE_POOL",
    "GEOOFFERS_JURISDICTIONS",
    "GEOOFFERS_PHONE_MAX_REGIONS",
    "GEOOFFERS_PHONE_MIN_RADIUS_M",
    "GEOOFFERS_PHONE_MAX_DISTANCE_M",
    "GEOOFFERS_PHONE_TRIGGER_RADIUS_M",
    "GEOOFFERS_PHONE_TRIGGER_LATE_M",
    "GEOOFFERS_PHONE_REFETCH_M",
    "GEOOFFERS_PHONE_FRESH_FOR_S",
    "GEOOFFERS_PHONE_DUPLICATE_WINDOW_S",
    "GEOOFFERS_PHONE_MOVE_LEAST_M",
    "GEOOFFERS_PHONE_MOVE_MOST_M",
    "GEOOFFERS_PHONE_SOON_S",
    "GEOOFFERS_TOMBSTONES",
    "GEOOFFERS_TOMBSTONE_KEYS",
    "GEOOFFERS_TOMBSTONE_KEYS_FILE",
    "GEOOFFERS_KEEP_VISITS_DAYS",
    "GEOOFFERS_KEEP_MESSAGES_DAYS",
    "GEOOFFERS_KEEP_EVENTS_DAYS",
    "GEOOFFERS_KEEP_REPLIES_DAYS",
    "GEOOFFERS_KEEP_REDEMPTIONS_DAYS",
    "GEOOFFERS_KEEP_REFUSED_SCANS_DAYS",
    "GEOOFFERS_KEEP_RECEIPTS_DAYS",
    "GEOOFFERS_KEEP_AUDIT_DAYS",
    "GEOOFFERS_KEEP_TOMBSTONES_DAYS",
}


def refuse_unknown_variables() -> None:
    """A misspelt GEOOFFERS_ variable would be ignored silently; that has switched off more than one lock."""
    unknown = sorted(name for name in env.ENVIRON if name.startswith("GEOOFFERS_") and name not in KNOWN_VARIABLES)
    if unknown:
        raise ImproperlyConfigured(f"unknown setting {', '.join(unknown)}; docs/settings.md lists those that exist")


def secret(name: str, sandbox_value: str, *, sandbox: bool) -> str:
    """The sandbox has fixed, public keys: its database is a toy. Outside of it a missing key stops the start."""
    value: str = env.str(name, default=sandbox_value if sandbox else "").strip()  # files end with a newline
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set (or {name}_FILE); set GEOOFFERS_SANDBOX=1 to try geooffers without"
        )
    if not sandbox and sandbox_value.rpartition(":")[2] in value.lower():
        raise ImproperlyConfigured(f"{name} holds the sandbox's public value")
    return value


def bounded(name: str, *, default: int, least: int, most: int) -> int:
    """Phones obey these: a value outside of its limits stops the start instead of a fleet of them."""
    value: int = env.int(name, default=default)
    if not least <= value <= most:
        raise ImproperlyConfigured(f"{name} is {value}; it may be {least} to {most}")
    return value


def keep_for(name: str, *, days: int, most: int, fewest: int = 1) -> timedelta:
    chosen: int = env.int(f"GEOOFFERS_KEEP_{name}_DAYS", default=days)
    if not fewest <= chosen <= most:
        raise ImproperlyConfigured(f"GEOOFFERS_KEEP_{name}_DAYS is {chosen}; it may be {fewest} to {most}")
    return timedelta(days=chosen)
