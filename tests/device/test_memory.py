import subprocess
import sys

CODE = """
from pathlib import Path
from sagui.device.memory import give_back_free

def resident_pages():
    return int(Path("/proc/self/statm").read_text().split()[1])

used = [bytes(1000) for _ in range(50_000)]
last = bytes(1000)  # above them: without it, the end of the heap would be given back by itself
full = resident_pages()
del used
kept = resident_pages()
give_back_free()
print((full - kept) * 4096, (kept - resident_pages()) * 4096)
"""


def test_what_is_free_goes_back_to_the_system() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    by_itself, by_us = map(int, done.stdout.split())
    assert by_itself + by_us > 40_000_000
    assert by_us > 20_000_000
