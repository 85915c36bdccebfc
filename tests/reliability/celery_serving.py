"""What ``celery -A celery_serving:celery`` runs."""

from __future__ import annotations

# Found beside this file: the processes run with its folder on their path.
from serving import CELERY, create_app  # type: ignore[import-not-found]

celery = create_app().extensions[CELERY]
