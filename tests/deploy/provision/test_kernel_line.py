"""The kernel's options."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagui.deploy.provision.kernel_line import options, starts_a_program
from sagui.deploy.provision.order import System
from sagui.deploy.provision.wifi import Wifi

_HOME = Wifi("home", "0" * 64, "DE")
_OPTION = st.from_regex(r"[a-z][a-z0-9_.]{0,12}(=[a-zA-Z0-9/,;-]{1,12})?", fullmatch=True)
_SYSTEMS = st.sampled_from(["trixie", "bookworm"])


def test_imagers_instance_and_country_give_way() -> None:
    line = "console=tty1 ds=nocloud;i=rpi-imager-178 cfg80211.ieee80211_regdom=GB rootwait\n"
    assert options(line, "trixie", "sagui-1", _HOME) == (
        "console=tty1 rootwait cfg80211.ieee80211_regdom=DE ds=nocloud;i=sagui-1\n"
    )


def test_bookworm_runs_firstrun_and_starts_again() -> None:
    line = options("console=tty1 quiet init=/usr/lib/raspberrypi-sys-mods/firstboot\n", "bookworm", "", None)
    assert line == (
        "console=tty1 quiet init=/usr/lib/raspberrypi-sys-mods/firstboot systemd.run=/boot/firmware/firstrun.sh "
        "systemd.run_success_action=reboot systemd.unit=kernel-command-line.target\n"
    )
    assert starts_a_program(line)


def test_without_wifi_the_country_stays() -> None:
    assert "regdom=GB" in options("a cfg80211.ieee80211_regdom=GB", "trixie", "i", None)


@given(st.lists(_OPTION, max_size=8), _SYSTEMS, st.sampled_from([None, _HOME]))
def test_all_other_options_stay_in_order_and_twice_is_once(kept: list[str], system: System, wifi: Wifi | None) -> None:
    once = options(" ".join(kept), system, "sagui-1", wifi)
    assert once.count("\n") == 1
    assert once.split()[: len(kept)] == kept
    assert options(once, system, "sagui-1", wifi) == once


@pytest.mark.parametrize("line", ["console=tty1 rootwait", "", "a.systemd.run=/x"])
def test_a_line_that_starts_nothing(line: str) -> None:
    assert not starts_a_program(line)
