"""Find where Linux loses received packets, why, and exactly what to change."""

__version__ = "0.1.0"
TOOL = {"name": "netrx-tune", "version": __version__}  # as its documents say who wrote them
