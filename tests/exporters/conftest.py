"""The engine for every test here that plays."""

from renpy_play import engine

__all__ = ["engine"]
