"""`python -m tests.browser.serve_city FOLDER`: the demo's city, served by real processes until standard input ends.

Says one line of JSON: where it is served, the shops with their tills' keys, and who may sign in.
"""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

import django


def main(folder: Path) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "geooffers.settings")
    django.setup()

    from django.core.management import call_command
    from django.db import connections

    from geooffers.worker.demo import city, processes
    from merchants.models import User
    from tests.browser import bakery

    call_command("migrate", interactive=False, verbosity=0)
    town = city.build()
    till_facts = bakery.build()
    markup = city.open_shop(plan=bakery.markup_shop(), by=User.objects.get(username="operator"))
    connections.close_all()
    with processes.Processes(log_dir=folder / "log", any_port=True) as services:
        services.start()
        told = {
            "web_url": services.web_url,
            "sandbox_url": services.sandbox_url,
            "shops": [asdict(shop) for shop in town.shops],
            "logins": [asdict(login) for login in town.logins],
            "bakery": till_facts,
            "markup": asdict(markup),
            "database_url": os.environ["DATABASE_URL"],
        }
        print(json.dumps(told), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
