"""Whose address counts: the right-most hop that is not a trusted proxy."""

import ipaddress
from typing import Any

import pytest
from django.test import RequestFactory

from geooffers.api.edge import client_address


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "address"),
    [
        ("203.0.113.7", "", [], "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", [], "203.0.113.7"),  # spoofed: nobody is trusted
        ("203.0.113.7", "198.51.100.1", ["10.0.0.0/8"], "203.0.113.7"),  # spoofed: the peer is no proxy of ours
        ("10.0.0.2", "198.51.100.1", ["10.0.0.0/8"], "198.51.100.1"),
        ("10.0.0.2", "1.2.3.4, 198.51.100.1", ["10.0.0.0/8"], "198.51.100.1"),  # what stands left anybody wrote
        ("10.0.0.2", "1.2.3.4, 198.51.100.1, 10.9.9.9", ["10.0.0.0/8"], "198.51.100.1"),
        ("10.0.0.2", "10.1.1.1, 10.2.2.2", ["10.0.0.0/8"], "10.1.1.1"),
        ("10.0.0.2", "", ["10.0.0.0/8"], "10.0.0.2"),
        ("10.0.0.2", "rubbish", ["10.0.0.0/8"], "10.0.0.2"),
        ("10.0.0.2", "1.2.3.4, rubbish, 10.3.3.3", ["10.0.0.0/8"], "10.3.3.3"),
        ("10.0.0.2", ",".join(["1.2.3.4"] * 1000 + ["198.51.100.1"]), ["10.0.0.0/8"], "198.51.100.1"),
        ("2001:db8:1:2:3:4:5:6", "", [], "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "", [], "fe80::/64"),
        ("::ffff:203.0.113.7", "", [], "203.0.113.7"),
        ("::ffff:10.0.0.2", "198.51.100.1", ["10.0.0.0/8"], "198.51.100.1"),
        ("", "198.51.100.1", ["10.0.0.0/8"], "unknown"),
    ],
)
def test_the_clients_address(settings: Any, peer: str, forwarded: str, trusted: list[str], address: str) -> None:
    settings.TRUSTED_PROXIES = [ipaddress.ip_network(network) for network in trusted]
    request = RequestFactory().get("/", REMOTE_ADDR=peer, headers={"X-Forwarded-For": forwarded})
    assert client_address.address_of(request) == address
    assert address not in client_address.as_caller(request)
