"""The templates of the providers: their catalogue, their rules, and what becomes of their open places."""

from __future__ import annotations
