"""What Raspberry Pi OS Bookworm runs at its first boot: ``firstrun.sh``, started by the kernel's command line.

Bookworm has no cloud-init. Its own tools do the work (``imager_custom`` of raspberrypi-sys-mods, ``userconf`` of
userconf-pi), as they do for Raspberry Pi Imager; custom.toml of the same system cannot start a program of ours.
"""

from shlex import quote

from sagui.deploy.provision.order import Order

_IMAGER = "/usr/lib/raspberrypi-sys-mods/imager_custom"


def firstrun(order: Order) -> str:
    """Writes ``firstrun.sh``. Nothing secret is in it.

    No step ends the script: a device that can be reached, with a fault, is better than one that cannot.
    """
    user, keys = order.login.user, " ".join(quote(key) for key in order.login.keys)
    lines = [
        "#!/bin/bash",
        "# Written by sagui provision. Runs once, before the network, and removes itself.",
        "set +e",
        f"{_IMAGER} set_hostname {quote(order.hostname)}",
        f"{_IMAGER} enable_ssh -k {keys}",
        "# No password matches '*': the SSH key is the only way in.",
        f"/usr/lib/userconf-pi/userconf {quote(user)} '*'",
        f"echo {quote(user + ' ALL=(ALL) NOPASSWD:ALL')} >/etc/sudoers.d/010_{user}-nopasswd",
        f"chmod 0440 /etc/sudoers.d/010_{user}-nopasswd",
    ]
    if order.wifi is not None:
        lines += [
            f"{_IMAGER} set_wlan_country {quote(order.wifi.country)}",
            "rfkill unblock wifi",
            'for state in /var/lib/systemd/rfkill/*:wlan; do echo 0 >"$state"; done',
        ]
    lines += [
        "# The network comes with the reboot that follows.",
        "bash /boot/firmware/sagui/first-boot.sh begin later",
        "rm -f /boot/firmware/firstrun.sh",
        "sed -i 's| systemd\\.[^ ]*||g' /boot/firmware/cmdline.txt",
        "exit 0",
    ]
    return "\n".join(lines) + "\n"
