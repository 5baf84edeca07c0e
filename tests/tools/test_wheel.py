"""The wheel has everything that the live package needs, and nothing else."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_wheel_has_the_package_the_model_and_the_data(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=60)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        files = {name for name in archive.namelist() if ".dist-info/" not in name}
    package = {path.relative_to(ROOT).as_posix() for path in (ROOT / "paces_live").rglob("*") if path.is_file()}
    package = {name for name in package if "__pycache__" not in name}
    # beets looks for plugins elsewhere.
    package = {name.removeprefix("paces_live/") if "/beetsplug/" in name else name for name in package}
    assert files == package | {"paces_live/models/paces.json", "paces_live/models/paces.tflite"}
