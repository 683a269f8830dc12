"""Builds the wheel with the standard library alone, so that ``pip install ./sdk-python`` works without a network.

Implements PEP 517 (build_wheel, build_sdist) and PEP 660 (build_editable). What a wheel holds: PEP 427.
"""

from __future__ import annotations

import base64
import hashlib
import re
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_TEXT = (ROOT / "pyproject.toml").read_text("utf-8")  # tomllib is there from 3.11 on only


def _field(name: str) -> str:
    found = re.search(rf'^{re.escape(name)} = "([^"]*)"$', _TEXT, re.MULTILINE)
    if found is None:
        raise ValueError(f"pyproject.toml has no {name}")
    return found[1]


NAME = _field("name")
VERSION = _field("version")
STEM = f"{NAME.replace('-', '_')}-{VERSION}"
TAG = "py3-none-any"


def _metadata() -> str:
    head = [
        "Metadata-Version: 2.1",
        f"Name: {NAME}",
        f"Version: {VERSION}",
        f"Summary: {_field('description')}",
        "License: Apache-2.0",
        f"Requires-Python: {_field('requires-python')}",
        "Description-Content-Type: text/markdown",
    ]
    return "\n".join(head) + "\n\n" + (ROOT / "README.md").read_text("utf-8")


def _wheel(folder: str, files: dict[str, bytes]) -> str:
    info = f"{STEM}.dist-info"
    wheel = f"Wheel-Version: 1.0\nGenerator: {NAME}\nRoot-Is-Purelib: true\nTag: {TAG}\n"
    files = {**files, f"{info}/METADATA": _metadata().encode(), f"{info}/WHEEL": wheel.encode()}
    rows = []
    name = f"{STEM}-{TAG}.whl"
    with zipfile.ZipFile(Path(folder) / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in sorted(files.items()):
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            rows.append(f"{path},sha256={digest},{len(content)}")
            archive.writestr(_entry(path), content)
        rows.append(f"{info}/RECORD,,")
        archive.writestr(_entry(f"{info}/RECORD"), "\n".join(rows) + "\n")
    return name


def _entry(path: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0))  # the same sources make the same bytes
    entry.external_attr = 0o644 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def get_requires_for_build_wheel(config_settings=None):
    return []


get_requires_for_build_editable = get_requires_for_build_wheel
get_requires_for_build_sdist = get_requires_for_build_wheel


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    source = ROOT / "src"
    paths = [path for path in (source / "helio").rglob("*") if path.suffix in (".py", ".typed") or path.name == "py.typed"]
    return _wheel(wheel_directory, {str(path.relative_to(source).as_posix()): path.read_bytes() for path in paths})


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    return _wheel(wheel_directory, {"__editable__helio_client.pth": f"{ROOT / 'src'}\n".encode()})


def build_sdist(sdist_directory, config_settings=None):
    name = f"{STEM}.tar.gz"
    with tarfile.open(Path(sdist_directory) / name, "w:gz", format=tarfile.PAX_FORMAT) as archive:
        for part in ("pyproject.toml", "README.md", "backend", "src", "tests"):
            archive.add(ROOT / part, f"{STEM}/{part}", filter=_without_caches)
        info = tarfile.TarInfo(f"{STEM}/PKG-INFO")
        content = _metadata().encode()
        info.size = len(content)
        import io

        archive.addfile(info, io.BytesIO(content))
    return name


def _without_caches(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if "__pycache__" in info.name else info
