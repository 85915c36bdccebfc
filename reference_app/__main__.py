"""``python -m reference_app``: migrate, prepare, print what is needed, serve."""

from __future__ import annotations

import os
import sys

from sqlalchemy.exc import SQLAlchemyError

from flask_waapi import ConfigurationError

from . import create_app
from .serve import PlaceTaken, address_of, is_loopback, read_place, serve
from .start import prepare, welcome


def main() -> int:
    """Run the app; the exit code."""
    try:
        host, port = read_place(os.environ)
        address = address_of(host, port)
        is_private = is_loopback(host)
        # Whoever may make endpoints could reach what else listens here: only for those who sit here.
        config = {"WAAPI_WEBHOOK_ALLOW_LOOPBACK": True} if is_private else {}
        prepared = prepare(create_app(config), address if is_private else None)
    except (PlaceTaken, ConfigurationError) as error:
        print(error, file=sys.stderr)
        return 1
    except SQLAlchemyError as error:
        print(f"The database cannot be used: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    message = welcome(prepared, address)
    serve(lambda: create_app(config), host, port, lambda: print(message, flush=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
