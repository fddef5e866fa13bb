"""No log of ours holds a query: some clients can say where they are in nothing but the address."""

import logging

import pytest
from django.core.servers.basehttp import WSGIRequestHandler


def test_the_development_server_logs_no_query(caplog: pytest.LogCaptureFixture) -> None:
    """`manage.py runserver`, whose handler logs the line of the request as it came."""
    logger = logging.getLogger("django.server")
    handler = object.__new__(WSGIRequestHandler)
    handler.request = None
    logger.addHandler(caplog.handler)
    try:
        handler.log_message('"%s" %s %s', "GET /api/v1/ingest/osmand?lat=60.1&id=grk_secret HTTP/1.1", "200", "25")
    finally:
        logger.removeHandler(caplog.handler)
    (record,) = caplog.records
    assert record.getMessage() == '"GET /api/v1/ingest/osmand HTTP/1.1" 200 25'
