"""This file hands the inventory out as a file for other programs: Excel, GLPI, Snipe-IT."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fastapi import Response
from fastapi.responses import StreamingResponse

from controller.inventory.exports.picture import Form, Picture
from controller.inventory.exports.workbook import ExportError
from controller.inventory.feed import Format
from controller.web.downloads import CSV_WITH_HEAD, XLSX, attachment
from controller.web.refusals import HttpError
from protocol.words import N_

WHOLE: Final[Mapping[Format, Form]] = {Format(form.value): form for form in Form}
_MEDIA: Final = {
    Form.XLSX: XLSX,
    Form.GLPI: "application/zip",
    Form.SNIPEIT: CSV_WITH_HEAD,
}


def exported(picture: Picture, form: Form, since: str = "") -> Response:
    """The picture as a file to keep. Raises HttpError, StoreError."""
    if since:
        raise HttpError(
            422,
            "since_refused",
            N_("This format is a whole picture and has no changes."),
            N_("Leave `since` out, or take json, ndjson or csv."),
        )
    headers = attachment(picture.file_name(form))
    try:
        parts = picture.written(form)
    except ExportError as error:
        raise HttpError(422, error.code, error.message, error.hint) from error
    return StreamingResponse(parts, media_type=_MEDIA[form], headers=headers)
