"""Which IP addresses anybody may be sent to: those of the public internet, whatever notation hides them."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

IPAddress = IPv4Address | IPv6Address

_NAT64 = IPv6Network("64:ff9b::/96")
_IPV4_COMPATIBLE = IPv6Network("::/96")
_SITE_LOCAL = IPv6Network("fec0::/10")
_PROTOCOL_ASSIGNMENTS = IPv4Network("192.0.0.0/24")
"""RFC 6890; Oracle's metadata address is in it, and some releases of `ipaddress` call it global."""
_METADATA = frozenset({ip_address("168.63.129.16")})
"""A public address that Azure answers on from inside every virtual machine. The metadata addresses of others are
link-local, private or shared."""


def why_not_public(address: IPAddress) -> str | None:
    """What kind of address it is, such as `private`, where it is not one of the public internet; None where it is.

    An IPv6 address that stands for an IPv4 one (mapped, compatible, NAT64, 6to4, Teredo) is refused where either is.
    """
    return next((why for why in map(_why_not, _meant(address)) if why is not None), None)


def parse_address(text: str) -> IPAddress:
    """The address that a resolver has answered, without its zone (`fe80::1%eth0`). Raises ValueError."""
    return ip_address(text.partition("%")[0])


def _meant(address: IPAddress) -> Iterator[IPAddress]:
    """The address, and those of IPv4 that a packet to it may reach."""
    yield address
    if isinstance(address, IPv4Address):
        return
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if address in _NAT64 or address in _IPV4_COMPATIBLE:
        yield IPv4Address(address.packed[-4:])


def _why_not(address: IPAddress) -> str | None:
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return None  # what it stands for is judged instead
    kinds = {
        "a metadata address": address in _METADATA,
        "unspecified": address.is_unspecified,
        "loopback": address.is_loopback,
        "link-local": address.is_link_local,
        "multicast": address.is_multicast,
        "reserved": address.is_reserved and address not in _NAT64,
        "private": address.is_private or address in _SITE_LOCAL or address in _PROTOCOL_ASSIGNMENTS,
        "not public": not address.is_global,
    }
    return next((kind for kind, is_one in kinds.items() if is_one), None)
