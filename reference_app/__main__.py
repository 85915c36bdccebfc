"""``python -m reference_app``: migrate, prepare, print what is needed, serve."""

from __future__ import annotations

import os
import sys

from sqlalchemy.exc import SQLAlchemyError

from flask_waapi import ConfigurationError

from . import create_app
from .serve import PlaceTaken, address_of, read_place, serve
from .start import prepare, welcome


def main() -> int:
    """Run the app; the exit code."""
    try:
        host, port = read_place(os.environ)
        prepared = prepare(create_app())
    except (PlaceTaken, ConfigurationError) as error:
        print(error, file=sys.stderr)
        return 1
    except SQLAlchemyError as error:
        print(f"The database cannot be used: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    message = welcome(prepared, address_of(host, port))
    serve(create_app, host, port, lambda: print(message, flush=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
