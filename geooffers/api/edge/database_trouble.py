"""Telling a database that cannot answer just now from a mistake of ours."""

import sqlite3

from django.db import InterfaceError, OperationalError

# Busy, locked, disk full or failing, no file to open. The rest of SQLite's OperationalErrors are wrong statements.
_SQLITE_PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
}


class Unavailable(Exception):
    """The database cannot answer just now; nothing was done."""

    retry_after_s = 5


def is_passing(error: BaseException) -> bool:
    """A lost or refused connection, an empty pool, a deadlock, a lock or statement that took too long, a full disk."""
    if isinstance(error, InterfaceError):
        return True
    if not isinstance(error, OperationalError):
        return False
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        return cause.sqlite_errorcode & 0xFF in _SQLITE_PASSING  # the low byte is the kind, the rest a detail
    return True
