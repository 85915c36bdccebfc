"""What is sent, how it gets there, what became of it."""

from __future__ import annotations
