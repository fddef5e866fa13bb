"""From which address a request came: behind our proxies the one that they saw."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import salted_hmac


def as_caller(request: HttpRequest) -> str:
    """The client's address as a key of its own: the rows hold no address. An IPv6 client counts by its /64."""
    return "address:" + salted_hmac("geooffers.api.edge.client_address", address_of(request)).hexdigest()[:32]


def came_by_our_proxy(request: HttpRequest) -> bool:
    peer = _parse(request.META.get("REMOTE_ADDR", ""))
    return peer is not None and _is_trusted(peer)


def address_of(request: HttpRequest) -> str:
    """The right-most hop that is not a trusted proxy. What stands left of it anybody can write."""
    address = _parse(request.META.get("REMOTE_ADDR", ""))
    if address is None:
        return "unknown"
    if _is_trusted(address):
        for hop in reversed(request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")):
            before = _parse(hop)
            if before is None:
                break  # not an address: the last hop that is one is as far as we can see
            address = before
            if not _is_trusted(address):
                break
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _parse(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _is_trusted(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return any(address in network for network in settings.TRUSTED_PROXIES)
