"""The WSGI application that Granian serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "geooffers.settings")

application = get_wsgi_application()

# Models can be imported only now. Threads begin here, in the process that will serve, and not at the first report.
from geooffers.api.location import dropped_fixes  # noqa: E402
from merchants.live_fences import live_fences  # noqa: E402

live_fences.matcher().follow()
dropped_fixes.keep_writing()
