"""This file holds what every list of the API is made of."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import BaseModel

Item = TypeVar("Item", bound=BaseModel)


class Listing(BaseModel, Generic[Item]):
    """One page of a list; next is the cursor of the page after it, null on the last."""

    items: list[Item]
    next: str | None


class ErrorBody(BaseModel):
    """What went wrong: a stable code, a sentence, what to do."""

    code: str
    message: str
    hint: str


class ErrorItem(BaseModel):
    """Every error that the controller answers with."""

    error: ErrorBody
