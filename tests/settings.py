"""The service's settings, for the tests' own process. What tests start (web, worker, commands) has the service's alone.

Two things differ. It is a sandbox unless the environment says otherwise. And it has no pool: races hold more
connections at once than a pool gives, and the database that they are on is dropped at the end. The pool is on where the
service runs as it does in production, in processes of its own (`races.serving`, `crashes.worker_process`).
"""

import os

os.environ.setdefault("GEOOFFERS_SANDBOX", "1")

from geooffers.settings import *  # noqa: F403  # the one settings file
from geooffers.settings import DATABASES

for _database in DATABASES.values():
    _database["OPTIONS"].pop("pool", None)

os.environ["DJANGO_SETTINGS_MODULE"] = "geooffers.settings"
