"""What may stand in a log.

Never a secret, a message's text or a whole phone number. The words of an exception from a plugin or a driver
can hold any of them, so a log tells its kind and where it was raised, not what it says.
"""

from __future__ import annotations

import logging
import traceback


def log_failure(logger: logging.Logger, error: BaseException, message: str, *values: object) -> None:
    """Log what failed, the kind of the error and the lines that led to it.

    :param message: with ``%s`` for each of the values, which must be fit for a log.
    """
    frames = "".join(traceback.format_tb(error.__traceback__))
    logger.error(f"{message}: %s\n%s", *values, type(error).__name__, frames)  # noqa: G004
