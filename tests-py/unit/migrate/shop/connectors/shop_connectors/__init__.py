"""Connectors of the shop."""

from shop_connectors.front import FrontConnector

__all__ = ["FrontConnector"]
