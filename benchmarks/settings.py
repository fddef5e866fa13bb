"""The product's settings, with the peers' endpoints beside the product's own."""

from geooffers.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.urls"
