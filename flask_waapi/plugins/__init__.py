"""How providers plug in: what they are, the hook that brings them, the registry that holds them."""

from __future__ import annotations
