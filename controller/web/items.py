"""This file holds what every list of the API is made of, and how its items read a record."""

from __future__ import annotations

from typing import Annotated, Any, Final, Generic, Self, TypeVar

import msgspec
from pydantic import (
    AliasChoices,
    AliasGenerator,
    AliasPath,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    create_model,
)

from protocol.model import iso

Item = TypeVar("Item", bound=BaseModel)

Moment = Annotated[str, BeforeValidator(lambda at: iso(at) if isinstance(at, int) else at)]
_OF_THE_PLACE: Final = {"school": ("place", "school"), "agent_id": ("place", "agent")}


def sources_of(name: str) -> AliasChoices:
    """Where a record holds this field: by the name, in its place, or in milliseconds (_ms)."""
    path = AliasPath(*_OF_THE_PLACE.get(name, (name,)))
    return AliasChoices(name, path, f"{name.removesuffix('_at')}_ms")


class RecordItem(BaseModel):
    """What the API tells of a record, each field read by its name. Moments are told as RFC 3339."""

    model_config = ConfigDict(
        from_attributes=True, alias_generator=AliasGenerator(validation_alias=sources_of)
    )

    @classmethod
    def of(cls, record: Any) -> Self:
        """The record as the API shows it. Raises ValidationError for one of another shape."""
        return cls.model_validate(record)


def described(name: str, record: type[msgspec.Struct], **more: Any) -> type[BaseModel]:
    """A record's fields as a named schema, for an answer that is written straight from records.

    more: further fields, or others in their place, by their type.
    """
    own = {field.name: field.type for field in msgspec.structs.fields(record)}
    fields: dict[str, Any] = {field: (kind, ...) for field, kind in (own | more).items()}
    return create_model(name, **fields)


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
    """Every error that the controller answers with (RFC 9457), in the language that was asked for.

    type: names the kind of error, and leads nowhere. title: what went wrong; detail: what to do.
    error: the same as versions before told it.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    error: ErrorBody
