"""What npm has, kept for the next time."""

import hashlib
import json
import shutil
import subprocess
import tempfile
from pathlib import Path


def installed(package: Path, npm: str) -> Path:
    """The folder that `npm install` made of a package.json: one of ~/.cache/sagui-tests for each name and content."""
    text = package.read_bytes()
    name = f"{json.loads(text)['name']}-{hashlib.sha256(text).hexdigest()[:8]}"
    folder = Path.home() / ".cache" / "sagui-tests" / name
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f"{name}-new-"))
        shutil.copy(package, new / "package.json")
        # Scripts of packages stay off. Node-RED's would only build a faster bcrypt than the one it comes with.
        options = ["--no-audit", "--no-fund", "--omit=dev", "--ignore-scripts", "--prefer-offline"]
        done = subprocess.run(
            [npm, "install", *options], cwd=new, capture_output=True, text=True, timeout=280, check=False
        )
        assert done.returncode == 0, done.stderr
        try:
            new.rename(folder)
        except OSError:  # another run was faster
            shutil.rmtree(new)
    return folder
