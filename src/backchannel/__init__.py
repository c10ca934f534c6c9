"""Software for confidential diplomatic talks."""

__version__ = "0.1.0"
