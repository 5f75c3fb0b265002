"""Request bodies: how Litestar is told to read them with our fields."""

from __future__ import annotations

from collections.abc import Generator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_type_hints

import msgspec
from litestar.dto import AbstractDTO
from litestar.dto.data_structures import DTOFieldDefinition
from litestar.typing import FieldDefinition
from msgspec import UNSET, Struct, UnsetType

from thunderbox.api import fields

if TYPE_CHECKING:
    from litestar._openapi.schema_generation import SchemaCreator
    from litestar.openapi.spec import Reference, Schema

Model = TypeVar("Model", bound=Struct)


class Body(AbstractDTO[Model], Generic[Model]):
    """`dto=Body[Model]`: the handler's `data` is a Model."""

    def decode_bytes(self, value: bytes) -> Any:
        """Read the body. Raises RequestError, InvalidError."""
        return fields.parse(self.model_type, fields.decode(value))

    @classmethod
    def create_for_field_definition(cls, *_: Any, **__: Any) -> None:
        """Nothing to prepare: fields are read by our own code."""

    @classmethod
    def create_openapi_schema(
        cls, field_definition: FieldDefinition, handler_id: str, schema_creator: SchemaCreator
    ) -> Reference | Schema:
        """The schema of the model."""
        return schema_creator.for_field_definition(FieldDefinition.from_annotation(cls._shape()))

    @classmethod
    def is_supported_model_type_field(cls, field_definition: FieldDefinition) -> bool:
        """Only `data` is read with this; answers are views of their own."""
        return field_definition.name == "data"

    @classmethod
    def generate_field_definitions(
        cls, model_type: type[Any]
    ) -> Generator[DTOFieldDefinition, None, None]:
        """None: fields are read by our own code."""
        yield from ()

    @classmethod
    def detect_nested_field(cls, field_definition: FieldDefinition) -> bool:
        """None is."""
        return False

    @classmethod
    def _shape(cls) -> type[Struct]:
        return cls.model_type


class Given(Body[Model], Generic[Model]):
    """`dto=Given[Model]`: the handler's `data` is a dict of the fields that were sent."""

    def decode_bytes(self, value: bytes) -> Any:
        """Read the body. Raises RequestError, InvalidError."""
        return fields.parse_given(self.model_type, fields.decode(value))

    @classmethod
    def _shape(cls) -> type[Struct]:
        return _partial(cls.model_type)


class Whole(Body[Model], Generic[Model]):
    """`dto=Whole[Model]`: as Given, for a body from which nothing required may be missing."""

    def decode_bytes(self, value: bytes) -> Any:
        """Read the body. Raises RequestError, InvalidError."""
        raw = fields.decode(value)
        fields.parse(self.model_type, raw)
        return fields.parse_given(self.model_type, raw)


@lru_cache(maxsize=32)
def _partial(kind: type[Struct]) -> type[Struct]:
    """The model with every field optional, for the OpenAPI document."""
    hints = get_type_hints(kind, include_extras=True)
    return msgspec.defstruct(
        f"Patched{kind.__name__}",
        [(name, hints[name] | UnsetType, UNSET) for name in kind.__struct_fields__],
    )
