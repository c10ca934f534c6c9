"""A talk, played from beginning to end on one machine, and then proved."""

from backchannel.demo.performance import play

__all__ = ["play"]
