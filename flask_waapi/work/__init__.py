"""What happens apart from requests."""

from __future__ import annotations
