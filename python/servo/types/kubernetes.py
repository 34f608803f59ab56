"""Words of Kubernetes that connectors share."""

from __future__ import annotations

import enum

__all__ = ["ContainerLogOptions", "Resource", "ResourceRequirement"]


class Resource(enum.StrEnum):
    """A resource of a container."""

    memory = "memory"
    cpu = "cpu"

    @classmethod
    def values(cls) -> list[str]:
        """The texts of all members."""
        return [member.value for member in cls]


class ResourceRequirement(enum.Enum):
    """What a container asks for, and what it may not go beyond."""

    request = "request"
    limit = "limit"

    @property
    def resources_key(self) -> str:
        """The key in a container's `resources`."""
        return f"{self.value}s"


class ContainerLogOptions(enum.StrEnum):
    """Which logs of a container are wanted."""

    previous = "previous"
    current = "current"
    both = "both"
