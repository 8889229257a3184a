"""The Edge TPU, from a tree of files as Linux has it."""

from typing import Any

import pytest

from sagui.device.doctor.edgetpu import check_edgetpu, find_library
from sagui.device.doctor.report import Level

LIBRARY = "usr/lib/aarch64-linux-gnu/libedgetpu.so.1"


def plug_usb(tree: Any, vendor: str = "18d1", product: str = "9302", speed: str = "5000") -> None:
    files = {"idVendor": vendor, "idProduct": product, "speed": speed, "busnum": "2", "devnum": "3"}
    for name, content in files.items():
        tree.put(f"sys/bus/usb/devices/2-1/{name}", f"{content}\n")
    tree.put("sys/bus/usb/devices/usb1/idVendor", "1d6b\n")
    tree.put("dev/bus/usb/002/003")


def plug_pcie(tree: Any) -> None:
    tree.put("sys/bus/pci/devices/0000:01:00.0/vendor", "0x1ac1\n")
    tree.put("sys/bus/pci/devices/0000:01:00.0/device", "0x089a\n")


def test_without_one_all_is_well(tree: Any) -> None:
    (finding,) = check_edgetpu(tree.machine)
    assert (finding.level, finding.text) == (Level.OK, "none is seen: models run on the CPU")


@pytest.mark.parametrize(("vendor", "product"), [("1a6e", "089a"), ("18d1", "9302")])
def test_it_is_seen_before_and_after_its_firmware_is_loaded(tree: Any, vendor: str, product: str) -> None:
    plug_usb(tree, vendor, product)
    tree.put(LIBRARY)
    findings = check_edgetpu(tree.machine)
    assert [finding.level for finding in findings] == [Level.OK, Level.OK]
    assert findings[0].text == "on USB 3 (5000 Mbit/s)"
    assert findings[1].text == f"its library is /{LIBRARY}"


def test_usb_2_is_a_warning(tree: Any) -> None:
    plug_usb(tree, speed="480")
    first = check_edgetpu(tree.machine)[0]
    assert first.level is Level.WARNING
    assert "USB 2 (480 Mbit/s)" in first.text
    assert "blue USB 3 port" in first.mend


def test_a_speed_that_is_not_known_is_not_made_up(tree: Any) -> None:
    plug_usb(tree, speed="unknown")
    assert check_edgetpu(tree.machine)[0].text == "on USB 2-1; its speed is not known"


def test_without_its_library_it_idles(tree: Any) -> None:
    plug_usb(tree)
    last = check_edgetpu(tree.machine)[-1]
    assert last.level is Level.WARNING
    assert "apt install libedgetpu1-std" in last.mend


def test_a_user_outside_the_group_is_told_the_command(tree: Any) -> None:
    plug_usb(tree)
    tree.forbidden.add("003")
    first = check_edgetpu(tree.machine)[0]
    assert first.level is Level.FAILED
    assert "usermod -aG plugdev" in first.mend


def test_another_usb_device_is_none(tree: Any) -> None:
    plug_usb(tree, "046d", "082d")
    assert "none is seen" in check_edgetpu(tree.machine)[0].text


def test_pcie_needs_its_driver(tree: Any) -> None:
    plug_pcie(tree)
    first = check_edgetpu(tree.machine)[0]
    assert first.level is Level.FAILED
    assert "gasket-dkms" in first.mend
    tree.put("dev/apex_0")
    assert check_edgetpu(tree.machine)[0].text == "on PCIe (/dev/apex_0)"
    tree.forbidden.add("apex_0")
    assert "usermod -aG apex" in check_edgetpu(tree.machine)[0].mend


@pytest.mark.parametrize("path", [LIBRARY, "usr/local/lib/libedgetpu.so.1", "lib/x86_64-linux-gnu/libedgetpu.so.1"])
def test_the_library_is_found_where_the_loader_looks(tree: Any, path: str) -> None:
    assert find_library(tree.machine) is None
    tree.put(path)
    assert find_library(tree.machine) == f"/{path}"
