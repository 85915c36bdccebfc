"""The app that tests serve by a real server: ``gunicorn served_app:app``, with WAAPI_TESTS_DATABASE set.

WAAPI_TESTS_SETTINGS may hold settings of it as JSON.
"""

from __future__ import annotations

import json
import os

from factories import make_app

app = make_app(
    os.environ["WAAPI_TESTS_DATABASE"], **json.loads(os.environ.get("WAAPI_TESTS_SETTINGS", "{}"))
).app
