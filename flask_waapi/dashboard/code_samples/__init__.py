"""The same request as code, in the languages that people call the API from."""

from __future__ import annotations

from .languages import LANGUAGES, CodeSample, code_samples

__all__ = ["LANGUAGES", "CodeSample", "code_samples"]
