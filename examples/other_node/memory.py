"""Memory: what must survive a crash, as one JSON file written whole and fsynced."""

import json
import os
from pathlib import Path
from typing import Any


def recall(path: Path, otherwise: Any) -> Any:
    """Return what was kept, or ``otherwise`` if nothing was."""
    return json.loads(path.read_bytes()) if path.exists() else otherwise


def keep(path: Path, value: Any) -> None:
    """Keep ``value``; it is on disk when this returns."""
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(json.dumps(value).encode())
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def add(path: Path, value: Any) -> None:
    """Add one line; it is on disk when this returns."""
    with path.open("ab") as file:
        file.write(json.dumps(value, ensure_ascii=False).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
