"""Media: what WhatsApp takes, what providers keep for the accounts, and whose it is."""

from __future__ import annotations
