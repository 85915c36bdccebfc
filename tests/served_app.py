"""The app that tests serve by a real server: ``gunicorn served_app:app``, with WAAPI_TESTS_DATABASE set."""

from __future__ import annotations

import os

from factories import make_app

app = make_app(os.environ["WAAPI_TESTS_DATABASE"]).app
