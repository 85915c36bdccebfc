"""What is kept, and the one way to it."""

from __future__ import annotations
