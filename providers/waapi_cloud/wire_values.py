"""What several of Meta's objects are made of."""

from __future__ import annotations

from typing import Any

from flask_waapi import Document, Image, Location, Media, Rejected, Video

JsonObject = dict[str, Any]


def present(**members: Any) -> JsonObject:
    """The members that are set."""
    return {name: value for name, value in members.items() if value is not None}


def media_object(media: Media) -> JsonObject:
    """The object of a medium without further members: sticker, and those in headers."""
    if media.media_id is not None:
        return {"id": media.media_id}
    return {"link": media.link}


def captioned_object(media: Image | Video) -> JsonObject:
    """The ``image`` or ``video`` object."""
    return media_object(media) | present(caption=media.caption)


def document_object(document: Document) -> JsonObject:
    """The ``document`` object."""
    return media_object(document) | present(caption=document.caption, filename=document.filename)


def location_object(location: Location) -> JsonObject:
    """The ``location`` object.

    :raises Rejected: it is not on Earth.
    """
    # Written so that "not a number", which JSON cannot carry, is refused as well.
    if not (abs(location.latitude) <= 90 and abs(location.longitude) <= 180):
        raise Rejected("The location is not on Earth: check latitude and longitude.")
    return {
        "latitude": location.latitude,
        "longitude": location.longitude,
        **present(name=location.name, address=location.address),
    }
