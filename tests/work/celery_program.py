"""What ``celery -A celery_program:celery`` runs in a process of its own; told by its environment."""

from __future__ import annotations

import os

# Found beside this file: the process runs with its folder on its path.
from brokers import make_celery  # type: ignore[import-not-found]
from host_program import app, waapi  # type: ignore[import-not-found]
from sqlalchemy import func, select

from flask_waapi.services import EXTENSION
from flask_waapi.storage.models import Message
from flask_waapi.work import celery as engine

engine.WORK_SECONDS = float(os.environ.get("WAAPI_TESTS_WORK_SECONDS", engine.WORK_SECONDS))

celery = make_celery(os.environ["WAAPI_TESTS_BROKER"], os.environ["WAAPI_TESTS_QUEUE"])
waapi.init_celery(celery)

# As a host that looks into its database when it starts: the children inherit this connection.
with app.extensions[EXTENSION].store.read() as session:
    session.scalar(select(func.count()).select_from(Message))
