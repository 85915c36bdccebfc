"""Hosts and URLs that customers could try."""

from __future__ import annotations


def _words(text: str) -> list[str]:
    return text.split()


BAD = _words("""
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254
168.63.129.16 169.254.0.1 169.254.169.254 169.254.170.2 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192
192.0.2.1 192.31.196.1 192.52.193.1 192.88.99.1 192.168.0.1 192.175.48.1 198.18.0.1 198.19.255.255
198.51.100.1 203.0.113.1 224.0.0.1 224.1.2.3 239.255.255.255 240.0.0.1 255.255.255.255 :: ::1 ::7f00:1
::5db8:d822 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:93.184.216.34 ::ffff:0:7f00:1 64:ff9b::7f00:1
64:ff9b::a9fe:a9fe 64:ff9b:1::1 100::1 100:0:0:1::1 2001::1 2001:0:7f00:1::1 2001:2::1 2001:10::1
2001:20::1 2001:1ff::1 2001:db8::1 2002:7f00:1:: 2002:a9fe:a9fe::1 2620:4f:8000::1 3ffe::1 3fff::1
4000::1 5f00::1 fc00::1 fd00::1 fd00:ec2::254 fd20:ce::254 fe80::1 fe80::1%eth0 fe80::1%1 febf::1
fec0::1 feff::1 ff02::1 ff0e::1 2606:4700:4700::1111%eth0
""")
"""IP addresses that are not of the public internet."""

GOOD = _words("""
1.1.1.1 8.8.8.8 9.255.255.255 93.184.216.34 100.63.255.255 100.128.0.1 168.63.129.17 172.15.255.255
172.32.0.1 192.0.1.1 198.17.255.255 198.20.0.0 223.255.255.255 2001:200::1 2606:4700:4700::1111
2a00:1450:4001:81b::200e
""")
"""IP addresses that are, some of them just beside the others."""

ENCODINGS = _words("""
2130706433 0x7f.1 0x7f000001 0177.0.0.1 127.1 127.0.1 017700000001 ①②⑦.0.0.1 127。0。0。1 127.0.0.1.
0127.0.0.01 127.0.0.0x1 1.2.3 1.2.3.4.5 256.1.1.1 %31%32%37.0.0.1 [127.0.0.1] [::1 ::1 [::1%25eth0]
[fe80::1%eth0] [v1.fe80::a] [0:0:0:0:0:ffff:7f00:1] [::127.0.0.1] [::] [1:2] localhost LOCALHOST
localhost. a.localhost localhost.localdomain printer.local metadata.google.internal router.home.arpa
backend redis a..com -a.com a-.com .com a_b.com a*b.com bücher.example
""")
"""Hosts of URLs that mean something else than they look like, or nothing public."""

SHAPES = [
    r"http://127.0.0.1\@good.com/",
    r"https://good.com\@127.0.0.1/",
    "https://user@good.com/",
    "https://user:pass@good.com/",
    "https://good.com@127.0.0.1/",
    "https://good.com#@127.0.0.1/",
    "https://good.com/#part",
    "https://good.com/a b",
    " https://good.com/",
    "https://good.com/\n",
    "https://good.com/\r\nX: y",
    "https://goo\td.com/",
    "https://good.com/\x00",
    "https://good.com/\x7f",
    "https://good.com/\u2028",
    "https://good.com/ü",
    "https://",
    "https:///path",
    "https://:443/",
    "https://?a@good.com",
    "https://good.com:/",
    "https://good.com:0/",
    "https://good.com:22/",
    "https://good.com:6379/",
    "https://good.com:80/",
    "https://good.com:65979/",
    "https://good.com:443:443/",
    "https://good.com:+443/",
    "https://good.com:４４３/",
    "https:/good.com/",
    "https:good.com",
    "//good.com/",
    "good.com",
    "",
    "ftp://good.com/",
    "file:///etc/passwd",
    "gopher://good.com:443/",
    "javascript:alert(1)",
    "https://good.com/" + "a" * 2_048,
    "https://" + "a" * 64 + ".com/",
    "https://" + "a." * 130 + "com/",
]
"""URLs that parsers could disagree about, or that nobody needs."""


def in_url(address: str) -> str:
    """An address as the host of a URL."""
    return f"https://[{address}]/" if ":" in address else f"https://{address}/"
